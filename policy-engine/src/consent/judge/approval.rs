//! Which approvals are in force for a dataset (`consent.md` 2.9).

use std::collections::{BTreeSet, HashSet};

use visa_verifier::seam::Timestamp;

use super::case::Case;
use crate::consent::approval::{Approval, ApprovedPurpose};
use crate::consent::code::Code;
use crate::consent::name::Name;
use crate::consent::purpose::Categories;

/// What approvals open, or why they do not.
#[derive(Debug, Default)]
pub(crate) struct Serving<'q> {
    /// In force for the committee, in the order given; empty if a further set lacks one.
    pub(crate) approvals: Vec<&'q Approval>,
    /// For each further set, the latest end among those in force.
    pub(crate) sets_end: Vec<Timestamp>,
    /// For the committee and each set that lacks one: how far the best went.
    pub(crate) missing: Vec<Code>,
}

/// Tries all approvals for the dataset, at the committee and at each further set.
pub(crate) fn serving<'q>(case: &Case<'q>) -> Serving<'q> {
    let dataset = case.dataset;
    let shown: Vec<&Approval> = case
        .input
        .approvals
        .iter()
        .copied()
        .filter(|one| one.dataset == dataset.id)
        .collect();
    let dac: BTreeSet<&Name> = dataset.dac.iter().collect();
    let sets: Vec<BTreeSet<&Name>> = dataset.approval_sets.iter().map(|set| set.iter().collect()).collect();
    let placed = |one: &Approval| dac.contains(&one.source) || sets.iter().any(|set| set.contains(&one.source));
    let level = |sources: &BTreeSet<&Name>, bound_purpose: bool| {
        let tried = shown
            .iter()
            .copied()
            .filter(|one| sources.contains(&one.source) || !placed(one));
        let (mut in_force, mut furthest) = (Vec::new(), None);
        for approval in tried {
            match fault(case, approval, sources, bound_purpose) {
                None => in_force.push(approval),
                // Of equals the first stays.
                Some(fault) if furthest.is_none_or(|best: Fault| fault.step > best.step) => furthest = Some(fault),
                Some(_) => {}
            }
        }
        (in_force, furthest.map_or(Code::ApprovalMissing, |fault| fault.code))
    };
    let mut serving = Serving::default();
    let (approvals, code) = level(&dac, dataset.bound_purpose);
    if approvals.is_empty() {
        serving.missing.push(code);
    }
    for set in &sets {
        let (in_force, code) = level(set, false);
        match in_force.iter().map(|one| one.expires).max() {
            Some(end) => serving.sets_end.push(end),
            None => serving.missing.push(code),
        }
    }
    if serving.missing.is_empty() {
        serving.approvals = approvals;
    }
    serving
}

/// The first test that fails, and how far that is.
#[derive(Clone, Copy, Debug)]
struct Fault {
    step: usize,
    code: Code,
}

fn fault(case: &Case<'_>, approval: &Approval, sources: &BTreeSet<&Name>, bound_purpose: bool) -> Option<Fault> {
    let (now, purpose) = (case.now(), &case.input.purpose);
    let named = |ours: &Option<Name>, theirs: &Option<Name>| theirs.is_none() || ours == theirs;
    let tests = [
        (Code::ApprovalSourceUntrusted, sources.contains(&approval.source)),
        (Code::ApprovalNotStarted, approval.starts <= now),
        (Code::ApprovalExpired, now < approval.expires),
        (Code::ApprovalOtherUser, approval.is_for(case.input.user)),
        (Code::ApprovalOtherProject, named(&purpose.project, &approval.project)),
        (
            Code::ApprovalOtherInstitution,
            named(&purpose.institution, &approval.institution),
        ),
        (Code::ApprovalWithoutPurpose, !bound_purpose || approval.is_bound()),
        (
            Code::PurposeWiderThanApproval,
            approval
                .purpose
                .as_ref()
                .is_none_or(|approved| is_within(case, approved)),
        ),
    ];
    tests
        .into_iter()
        .enumerate()
        .find(|(_, (_, holds))| !holds)
        .map(|(step, (code, _))| Fault { step, code })
}

/// Whether the purpose lies within the approved one; barred words are judged elsewhere.
fn is_within(case: &Case<'_>, approved: &ApprovedPurpose) -> bool {
    let purpose = &case.input.purpose;
    let categories = purpose
        .categories
        .without(Categories::BARRED)
        .is_within(approved.categories);
    let wider: HashSet<&str> = approved.diseases.iter().map(Name::as_str).collect();
    let is_under = |disease: &Name| case.tables.diseases.is_under(disease.as_str(), &wider);
    let diseases = wider.is_empty() || (!purpose.diseases.is_empty() && purpose.diseases.iter().all(is_under));
    let commercial = match purpose.commercial {
        Some(true) => approved.commercial == Some(true),
        Some(false) => true,
        None => approved.commercial != Some(false),
    };
    categories && diseases && commercial
}
