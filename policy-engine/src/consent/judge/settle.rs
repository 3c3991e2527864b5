//! What a committee's yes settles: judgements, never facts (`consent.md` 2.9).

use super::case::Case;
use super::findings::Findings;
use crate::consent::approval::Approval;
use crate::consent::code::{Code, Effect};
use crate::consent::name::Name;

/// Moves the review reasons that the approval settles.
pub(crate) fn settle(case: &Case<'_>, approval: &Approval, findings: &mut Findings<'_>) {
    let settled = findings.reasons.extract_if(.., |_, found| {
        found.effect == Effect::Review && settles(case, approval, found.code, found.entry.as_ref())
    });
    let settled: Vec<_> = settled.map(|(key, found)| (key, found.code)).collect();
    findings.settled.extend(settled);
    // What rests on its judgement ends when that no longer counts; so does what a paper of it carries.
    if let Some(end) = case.dataset.settles_until(approval.starts, case.now()) {
        findings.ends(end);
    }
}

/// Whether the approval settles a fault of an ethics entry.
pub(crate) fn settles_paper(case: &Case<'_>, approval: &Approval, code: Code, entry: &Name) -> bool {
    settles(case, approval, code, Some(entry))
}

fn settles(case: &Case<'_>, approval: &Approval, code: Code, entry: Option<&Name>) -> bool {
    // An older approval decided on another label.
    if case
        .dataset
        .labelled_at(case.now())
        .is_some_and(|labelled| approval.starts < labelled)
    {
        return false;
    }
    let named = approval.settles.iter().any(|one| one == code.as_str());
    let any = approval.settles.iter().any(|one| one == "*");
    // A yes covers the papers that were read, not those that come later.
    if matches!(code, Code::EthicsUnverified | Code::EthicsNotLocal) {
        return named || (approval.is_bound() && entry.is_some_and(|entry| approval.ethics.contains(entry)));
    }
    // Where a person connects from arises after the decision: nobody looked at it.
    named || any || (approval.is_bound() && code != Code::AccessCountryOutside)
}
