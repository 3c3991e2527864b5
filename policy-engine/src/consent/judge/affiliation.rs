//! What is proven by belonging to the institution for which the person acts: NPU, NPUNCU, IS (`consent.md` 2.6).

use super::case::Case;
use super::findings::Findings;
use super::modifier::{Asking, named};
use crate::consent::code::Code;
use crate::consent::dataset::Role;
use crate::consent::user::{Affiliation, VouchedBy};

/// The affiliations that prove for whom the person acts; tells what is missing if there is none.
pub(crate) fn proving<'q>(asking: Asking<'_, 'q>, findings: &mut Findings<'_>) -> Vec<&'q Affiliation> {
    let Some(institution) = &asking.case.input.purpose.institution else {
        findings.reason(asking.spot, Code::InstitutionMissing);
        return Vec::new();
    };
    let input = asking.case.input;
    let all = input
        .user
        .affiliations
        .iter()
        .filter(|one| one.institution == *institution);
    let proving: Vec<&Affiliation> = all.filter(|one| proves(asking.case, one)).collect();
    match proving.iter().map(|one| one.expires).max() {
        Some(end) => findings.ends(end),
        None => drop(findings.reason(asking.spot, Code::AffiliationMissing)),
    }
    proving
}

fn proves(case: &Case<'_>, affiliation: &Affiliation) -> bool {
    let vouched = matches!(affiliation.by, Some(VouchedBy::SigningOfficial | VouchedBy::System));
    let role = affiliation.role.as_str();
    let role: Option<Role> = role.split_once('@').map_or(role, |(before, _)| before).parse().ok();
    let in_role = role.is_some_and(|role| {
        case.dataset
            .affiliation_roles
            .as_ref()
            .is_none_or(|some| some.contains(&role))
    });
    let trusted = case
        .dataset
        .affiliation_sources
        .as_ref()
        .is_none_or(|some| some.contains(&affiliation.source));
    vouched && in_role && trusted && case.now() < affiliation.expires
}

/// NPU: every one that proves it says that the institution works without aim for profit.
pub(crate) fn nonprofit(asking: Asking<'_, '_>, findings: &mut Findings<'_>) {
    for affiliation in proving(asking, findings) {
        // The committee stands in where the register is silent, and never outvotes it.
        let facts = Case::facts(asking.approval, &affiliation.institution).filter_map(|facts| facts.nonprofit);
        let said: Vec<bool> = affiliation
            .nonprofit
            .map_or_else(|| facts.collect(), |known| vec![known]);
        if said.is_empty() {
            findings
                .reason(asking.spot, Code::OrganisationStatusUnknown)
                .about(source(affiliation));
        } else if said.contains(&false) {
            findings
                .reason(asking.spot, Code::OrganisationForProfit)
                .about(source(affiliation));
        }
    }
}

/// IS: the institution is among the values or, without values, named by the approval.
pub(crate) fn institution(asking: Asking<'_, '_>, findings: &mut Findings<'_>) {
    proving(asking, findings);
    let Some(institution) = &asking.case.input.purpose.institution else {
        return;
    };
    if asking.pool.values.is_empty() {
        let names_it = |approval: &crate::consent::Approval| approval.institution.as_ref() == Some(institution);
        named(asking, names_it, Code::InstitutionNotApproved, findings);
    } else if !asking.pool.values.contains(institution) {
        findings.reason(asking.spot, Code::InstitutionOutside);
    }
}

/// The sentence that names who said what fails, so that a wrong one can be struck in the trust policy.
pub(crate) fn source(affiliation: &Affiliation) -> String {
    format!("The source is {}.", affiliation.source)
}
