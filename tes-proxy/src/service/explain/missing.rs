//! Which of catalogue, issuer, visa, purpose, consent or the node's policies is missing for a dataset
//! (scenario 12: "granted yesterday, not visible today").

use policy_engine::decide::Reason;
use serde::Serialize;
use visa_verifier::{VerifiedPassport, VisaType};

use crate::service::judged::Judged;

/// Visas that do not count which one answer names.
const VISAS: usize = 16;

/// One area.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Check {
    /// `catalogue`, `issuer`, `visa`, `purpose`, `consent`, `policy`.
    check: &'static str,
    /// Nothing is missing here.
    ok: bool,
    /// What is, and what would help.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<Missing>,
}

/// Something that is missing.
#[derive(Clone, Debug, Serialize)]
struct Missing {
    code: String,
    sentence: String,
    remedy: String,
}

impl From<&Reason> for Missing {
    fn from(reason: &Reason) -> Self {
        Self {
            code: reason.code.clone(),
            sentence: reason.sentence.clone(),
            remedy: reason.remedy.clone(),
        }
    }
}

/// The areas in the order in which one looks.
const AREAS: [&str; 6] = ["catalogue", "issuer", "visa", "purpose", "consent", "policy"];

/// What is missing. Of data that the caller may not know of, the catalogue alone, as of unknown ones.
pub(super) fn checks(passport: &VerifiedPassport, judged: &Judged, dataset: Option<&str>) -> Vec<Check> {
    let decision = judged.decision();
    let basis_missing = decision.consent().iter().all(|one| one.codes.is_empty());
    AREAS
        .into_iter()
        .filter(|area| !decision.hidden() || *area == "catalogue")
        .map(|area| {
            let of_area = |reason: &&Reason| area_of(&reason.code, basis_missing) == area;
            let mut missing: Vec<Missing> = decision.reasons().iter().filter(of_area).map(Missing::from).collect();
            if area == "issuer" && !decision.allow() {
                missing.extend(dataset.into_iter().flat_map(|dataset| uncounted(passport, dataset)));
            }
            Check {
                check: area,
                ok: missing.is_empty(),
                missing,
            }
        })
        .collect()
}

/// Grants for the dataset in the person's own Passport that do not count here, and why.
fn uncounted(passport: &VerifiedPassport, dataset: &str) -> Vec<Missing> {
    let rejected = passport.rejected().iter().filter(|visa| {
        visa.said_of_object("type") == Some(VisaType::ControlledAccessGrants.as_str())
            && visa.said_of_object("value") == Some(dataset)
    });
    rejected
        .take(VISAS)
        .map(|visa| Missing {
            code: visa.code().as_str().to_owned(),
            sentence: format!(
                "A grant for it that says it is of `{}` does not count here: {}.",
                visa.said("iss").unwrap_or("nobody"),
                visa.sentence()
            ),
            remedy: "Ask the issuer for a new one, or this node's operator whether the issuer should be believed."
                .to_owned(),
        })
        .collect()
}

/// The area of a code. `settled`: consent itself has nothing against it, so that "no rule permits" means that the
/// purpose of the grant is not on record.
fn area_of(code: &str, settled: bool) -> &'static str {
    let Some(word) = code.strip_prefix("consent.") else {
        return match code {
            "policy.no_rule_permits" if settled => "purpose",
            "policy.no_grant" | "policy.not_registered" => "visa",
            _ if code.starts_with("catalogue.") || code == "policy.dataset_inactive" => "catalogue",
            _ => "policy",
        };
    };
    match word {
        "dataset_suspended" | "dataset_withdrawn" | "dataset_retired" | "consent_expired" | "group_unknown" => {
            "catalogue"
        }
        "approval_source_untrusted" => "issuer",
        "approval_without_purpose"
        | "use_barred"
        | "commercial_use_unknown"
        | "institution_missing"
        | "project_missing" => "purpose",
        "registration_missing" | "terms_not_accepted" => "visa",
        _ if word.starts_with("purpose_") || word.starts_with("disease_") => "purpose",
        _ if word.starts_with("approval_") || word.starts_with("affiliation_") => "visa",
        _ => "consent",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_belongs_to_the_area_where_one_would_look() {
        let cases = [
            ("catalogue.unmapped", "catalogue"),
            ("consent.dataset_suspended", "catalogue"),
            ("consent.approval_source_untrusted", "issuer"),
            ("consent.approval_missing", "visa"),
            ("consent.approval_expired", "visa"),
            ("consent.registration_missing", "visa"),
            ("consent.approval_without_purpose", "purpose"),
            ("consent.purpose_unstated", "purpose"),
            ("consent.disease_missing", "purpose"),
            ("consent.hold", "consent"),
            ("consent.user_country_outside", "consent"),
            ("policy.step_up", "policy"),
            ("policy.suspended", "policy"),
        ];
        for (code, area) in cases {
            assert_eq!(area_of(code, false), area, "{code}");
        }
        assert_eq!(area_of("policy.no_rule_permits", true), "purpose");
        assert_eq!(area_of("policy.no_rule_permits", false), "policy");
    }
}
