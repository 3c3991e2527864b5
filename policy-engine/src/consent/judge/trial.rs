//! One dataset, tried under each approval in force; the best answer wins (`consent.md` 2.9).

use std::cmp::Reverse;

use visa_verifier::seam::Timestamp;

use super::approval::{Serving, serving};
use super::case::Case;
use super::findings::{Findings, GroupPlace, Spot};
use super::{modifier, permission, settle, standing};
use crate::consent::approval::{Approval, Basis};
use crate::consent::code::{Code, DutyCode};
use crate::consent::dataset::Access;
use crate::consent::output::{Date, PurposeBasis, Verdict};
use crate::consent::purpose::Category;

/// The answer for one dataset.
#[derive(Debug)]
pub(crate) struct Judgement<'q> {
    pub(crate) findings: Findings<'q>,
    pub(crate) approval: Option<&'q Approval>,
}

impl Judgement<'_> {
    pub(crate) fn basis(&self) -> PurposeBasis {
        match self.approval.and_then(Approval::basis) {
            Some(Basis::Bound) => PurposeBasis::Bound,
            Some(Basis::Attested) => PurposeBasis::Attested,
            None => PurposeBasis::None,
        }
    }

    /// Smaller is better: the decision, the basis, the latest end. Of equals the first stays.
    fn rank(&self) -> (Verdict, PurposeBasis, Reverse<Timestamp>) {
        (
            self.findings.verdict(),
            self.basis(),
            Reverse(self.findings.end.unwrap_or(Timestamp::MAX)),
        )
    }
}

/// Judges a dataset.
pub(crate) fn judge<'q>(case: &Case<'q>) -> Judgement<'q> {
    let serving = if case.is_use() {
        serving(case)
    } else {
        Serving::default()
    };
    let goes_without = case.dataset.access != Access::Controlled || serving.approvals.is_empty();
    let without = goes_without.then_some(None);
    let mut best: Option<Judgement<'q>> = None;
    // Going without comes last, so that an equal approval goes before it.
    for approval in serving.approvals.iter().copied().map(Some).chain(without) {
        let tried = Judgement {
            findings: attempt(case, approval, &serving),
            approval,
        };
        if best.as_ref().is_none_or(|best| tried.rank() < best.rank()) {
            best = Some(tried);
        }
    }
    // INVARIANT: there is always one way to try, with or without an approval.
    best.unwrap_or_else(|| Judgement {
        findings: attempt(case, None, &serving),
        approval: None,
    })
}

fn attempt<'q>(case: &Case<'q>, approval: Option<&'q Approval>, serving: &Serving<'q>) -> Findings<'q> {
    let mut findings = Findings::new(case.tables);
    standing::judge(case, approval, &mut findings);
    match approval {
        Some(approval) => {
            findings.ends(approval.expires);
            serving.sets_end.iter().for_each(|end| findings.ends(*end));
        }
        None if case.is_use() && case.dataset.access == Access::Controlled => {
            for code in &serving.missing {
                findings.reason(&Spot::WHOLE, *code);
            }
        }
        None => {}
    }
    for name in &case.unknown_groups {
        let spot = Spot {
            group: GroupPlace::Unknown((*name).clone()),
            term: None,
        };
        findings.reason(&spot, Code::GroupUnknown);
    }
    if case.dataset.uses.is_empty() {
        findings.reason(&Spot::WHOLE, Code::PermissionMissing);
    }
    for (spot, label) in &case.labels {
        for (term, code) in &label.faults {
            findings.reason(&term.map_or_else(|| spot.clone(), |term| spot.term(term)), *code);
        }
        for (term, code) in &label.warnings {
            findings.warn(&spot.term(term), *code);
        }
        permission::judge(case, spot, label, &mut findings);
        modifier::judge(case, approval, spot, label, &mut findings);
    }
    if case.categories.contains(Category::ModelTraining) && case.dataset.access != Access::Open {
        findings.duty(&Spot::WHOLE, DutyCode::ModelsAreDerivatives, Date::None, Vec::new());
    }
    if let Some(approval) = approval {
        settle::settle(case, approval, &mut findings);
    }
    findings
}
