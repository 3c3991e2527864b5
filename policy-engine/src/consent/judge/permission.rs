//! Permissions: what for (`consent.md` 2.4).

use std::collections::HashSet;

use super::case::Case;
use super::findings::{Findings, Spot};
use crate::consent::code::Code;
use crate::consent::disease::Standing;
use crate::consent::label::Label;
use crate::consent::name::Name;
use crate::consent::purpose::{Categories, Category};
use crate::consent::rule::{Cell, Modifier, Permission};

pub(crate) fn judge(case: &Case<'_>, spot: &Spot, label: &Label<'_>, findings: &mut Findings<'_>) {
    for (permission, id) in &label.permissions {
        let spot = spot.term(id);
        if case.categories.is_unstated() {
            if *permission != Permission::Nres {
                findings.reason(&spot, Code::PurposeUnstated);
            }
        } else {
            for category in case.categories.iter() {
                if let Some(code) = answer(case, label, *permission, category) {
                    findings.reason(&spot, code).about(format!("It is `{category}`."));
                }
            }
            if *permission == Permission::Poa && !case.input.purpose.diseases.is_empty() {
                findings
                    .reason(&spot, Code::PurposeOutsidePermission)
                    .about("The purpose names a disease.");
            }
        }
        if *permission == Permission::Ds {
            judge_diseases(case, &spot, label, findings);
        }
    }
}

fn answer(case: &Case<'_>, label: &Label<'_>, permission: Permission, category: Category) -> Option<Code> {
    let beside = |so: bool| {
        if so {
            Code::PurposeNeedsJudgement
        } else {
            Code::PurposeOutsidePermission
        }
    };
    match case.tables.rules.cell(permission, category) {
        Cell::Permit => None,
        Cell::Review => Some(Code::PurposeNeedsJudgement),
        Cell::Deny => Some(Code::PurposeOutsidePermission),
        Cell::Care if label.modifiers.contains_key(&Modifier::Cc) => None,
        Cell::Care => Some(Code::ClinicalCareNotAllowed),
        Cell::BesideAncestry => Some(beside(case.categories.contains(Category::Ancestry))),
        Cell::BesideHealth => Some(beside(case.categories.meets(Categories::HEALTH))),
    }
}

fn judge_diseases(case: &Case<'_>, spot: &Spot, label: &Label<'_>, findings: &mut Findings<'_>) {
    let ontology = &case.tables.diseases;
    let mut valid = HashSet::new();
    for value in label.diseases.iter().map(|value| value.as_str()) {
        let code = match ontology.standing(value) {
            Standing::Live => {
                valid.insert(value);
                continue;
            }
            Standing::Obsolete => Code::LabelDiseaseObsolete,
            Standing::Unknown => Code::LabelDiseaseUnknown,
        };
        findings.reason(spot, code).about(format!("It is {value}."));
    }
    let studied = &case.input.purpose.diseases;
    if studied.is_empty() {
        findings.reason(spot, Code::DiseaseMissing);
    }
    for disease in studied.iter().map(Name::as_str) {
        let code = match ontology.standing(disease) {
            Standing::Unknown => Code::DiseaseUnknown,
            Standing::Obsolete => Code::DiseaseObsolete,
            Standing::Live if valid.is_empty() || ontology.is_under(disease, &valid) => continue,
            Standing::Live => Code::DiseaseNotCovered,
        };
        let name = ontology
            .label(disease)
            .map(|label| format!(" ({label})"))
            .unwrap_or_default();
        findings.reason(spot, code).about(format!("It is {disease}{name}."));
    }
}
