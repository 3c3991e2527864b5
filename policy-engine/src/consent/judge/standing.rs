//! What holds whatever the label says: state, expiry, holds, agreements, registration (`consent.md` 2.8).

use std::collections::HashSet;

use visa_verifier::seam::Timestamp;

use super::case::Case;
use super::findings::{Findings, GroupPlace, Spot};
use crate::consent::approval::Approval;
use crate::consent::code::Code;
use crate::consent::dataset::{Access, State};
use crate::consent::hold::{ConsentHold, HoldKind, HoldScope};
use crate::consent::name::Name;
use crate::consent::user::VouchedBy;

/// The value of ResearcherStatus and AcceptedTermsAndPolicies visas for registered access (GA4GH Passport 1.2).
pub(crate) const REGISTERED_ACCESS: &str = "https://doi.org/10.1038/s41431-018-0219-y";

pub(crate) fn judge(case: &Case<'_>, approval: Option<&Approval>, findings: &mut Findings<'_>) {
    match case.dataset.state {
        State::Active => {}
        State::Suspended => drop(findings.reason(&Spot::WHOLE, Code::DatasetSuspended)),
        State::Withdrawn => drop(findings.reason(&Spot::WHOLE, Code::DatasetWithdrawn)),
        State::Retired => drop(findings.reason(&Spot::WHOLE, Code::DatasetRetired)),
    }
    if let Some(expires) = case.dataset.expires {
        findings.ends(expires);
        if expires <= case.now() {
            findings.reason(&Spot::WHOLE, Code::ConsentExpired);
        }
    }
    for hold in &case.dataset.holds {
        judge_hold(case, approval, hold, findings);
    }
    if case.is_use() {
        for agreement in &case.dataset.agreements {
            match case.accepted(agreement) {
                Some(end) => findings.ends(end),
                None => findings
                    .reason(&Spot::WHOLE, Code::TermsNotAccepted)
                    .about(format!("It is {agreement}.")),
            }
        }
        if case.dataset.access == Access::Registered && approval.is_none() {
            match (status(case), accepted_registration(case)) {
                (Some(status), Some(terms)) => findings.ends(status.min(terms)),
                _ => drop(findings.reason(&Spot::WHOLE, Code::RegistrationMissing)),
            }
        }
    }
}

fn judge_hold(case: &Case<'_>, approval: Option<&Approval>, hold: &ConsentHold, findings: &mut Findings<'_>) {
    // An opt-out binds approvals given after it (EHDS article 71).
    let earlier = approval.is_some_and(|approval| approval.starts < hold.from());
    if !hits(case, hold) || (hold.kind() == HoldKind::OptOut && earlier) {
        return;
    }
    let now = case.now();
    if hold.in_force(now) {
        let code = match hold.kind() {
            HoldKind::Withdrawn => Code::HoldWithdrawn,
            HoldKind::Disputed => Code::HoldDisputed,
            HoldKind::Expired => Code::HoldExpired,
            HoldKind::Reconsent => Code::HoldReconsent,
            HoldKind::OptOut => Code::HoldOptOut,
            HoldKind::Veto => Code::HoldVeto,
        };
        findings.reason(&spot(case, hold), code);
    } else if now < hold.from() && hold.until().is_none_or(|until| hold.from() < until) {
        findings.ends(hold.from());
    }
}

fn hits(case: &Case<'_>, hold: &ConsentHold) -> bool {
    let Some(target) = hold.target() else {
        // Only a hold on the dataset has no target.
        return true;
    };
    // Nobody knows what or who is in the file: at use every hold hits, at application none.
    let listed = |list: &Option<HashSet<&Name>>| list.as_ref().map_or(case.is_use(), |list| list.contains(target));
    match hold.scope() {
        HoldScope::Dataset => true,
        HoldScope::Group => case.asked.contains(target),
        HoldScope::Object => listed(&case.objects),
        HoldScope::Participant => listed(&case.participants),
        HoldScope::User => case.input.user.ids.contains(target),
        HoldScope::Project => case
            .input
            .purpose
            .project
            .as_ref()
            .is_none_or(|project| project == target),
    }
}

fn spot(case: &Case<'_>, hold: &ConsentHold) -> Spot {
    let group = hold.target().filter(|_| hold.scope() == HoldScope::Group);
    let known = group.and_then(|target| case.labels.iter().find(|(spot, _)| spot.group.name() == Some(target)));
    match (known, group) {
        (Some((spot, _)), _) => spot.clone(),
        (None, Some(target)) => Spot {
            group: GroupPlace::Unknown(target.clone()),
            term: None,
        },
        (None, None) => Spot::WHOLE,
    }
}

fn status(case: &Case<'_>) -> Option<Timestamp> {
    let vouched = |by: Option<VouchedBy>| by.is_some_and(|by| by != VouchedBy::Own);
    let entries = case.input.user.researcher_status.iter();
    entries
        .filter(|entry| entry.value == *REGISTERED_ACCESS && vouched(entry.by) && case.now() < entry.expires)
        .map(|entry| entry.expires)
        .max()
}

fn accepted_registration(case: &Case<'_>) -> Option<Timestamp> {
    let entries = case.input.user.accepted_terms.iter();
    entries
        .filter(|entry| entry.value == *REGISTERED_ACCESS && case.now() < entry.expires)
        .map(|entry| entry.expires)
        .max()
}
