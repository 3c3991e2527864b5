//! The recorded purpose that a request without one of its own takes (`consent.md` 2.3, third source).

use visa_verifier::seam::Timestamp;

use super::approval::Approval;
use super::dataset::Dataset;
use super::purpose::ResearchPurpose;
use super::user::UserFacts;

/// The purpose, project and institution that all approvals for these datasets record, of those that pass the tests of
/// 2.9 up to `users` (source, start, end, people). None if there is none, one records nothing, or two differ.
#[must_use]
pub fn recorded_purpose<'d, 'a>(
    datasets: impl IntoIterator<Item = &'d Dataset>,
    approvals: impl IntoIterator<Item = &'a Approval> + Clone,
    user: &UserFacts,
    now: Timestamp,
) -> Option<ResearchPurpose> {
    let mut found: Option<ResearchPurpose> = None;
    for dataset in datasets {
        let serving = approvals.clone().into_iter().filter(|approval| {
            approval.dataset == dataset.id
                && dataset.dac.contains(&approval.source)
                && approval.starts <= now
                && now < approval.expires
                && approval.is_for(user)
        });
        for approval in serving {
            let purpose = recorded(approval)?;
            match &found {
                Some(earlier) if *earlier != purpose => return None,
                _ => found = Some(purpose),
            }
        }
    }
    found
}

fn recorded(approval: &Approval) -> Option<ResearchPurpose> {
    let recorded = approval.purpose.as_ref()?;
    let mut purpose = ResearchPurpose::of(recorded.categories);
    purpose.diseases.clone_from(&recorded.diseases);
    purpose.commercial = recorded.commercial;
    purpose.project.clone_from(&approval.project);
    purpose.institution.clone_from(&approval.institution);
    Some(purpose)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn approval(change: &Value) -> Approval {
        let mut json = json!({"dataset": "d1", "source": "dac", "starts": "2026-01-01T00:00:00Z",
            "expires": "2027-01-01T00:00:00Z", "purpose": {"categories": ["genetic"]}, "project": "p"});
        for (member, value) in change.as_object().unwrap() {
            json[member] = value.clone();
        }
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_recorded_purpose_is_the_one_that_all_serving_approvals_record() {
        let dataset: Dataset = serde_json::from_value(json!({"id": "d1", "dac": ["dac"], "uses": []})).unwrap();
        let user: UserFacts = serde_json::from_value(json!({"ids": ["alice"]})).unwrap();
        let other = json!({"purpose": {"categories": ["ancestry"]}});
        let cases = [
            ("one", vec![json!({})], true),
            (
                "two of the same",
                vec![json!({}), json!({"expires": "2028-01-01T00:00:00Z"})],
                true,
            ),
            (
                "an attested one",
                vec![json!({"purpose": {"categories": ["genetic"], "basis": "attested"}})],
                true,
            ),
            ("none", vec![], false),
            (
                "one that records none beside",
                vec![json!({}), json!({"purpose": null})],
                false,
            ),
            ("two that differ", vec![json!({}), other.clone()], false),
            ("two projects", vec![json!({}), json!({"project": "q"})], false),
            (
                "another that has ended",
                vec![json!({}), json!({"expires": "2026-02-01T00:00:00Z", "purpose": null})],
                true,
            ),
            (
                "another for other people",
                vec![json!({}), json!({"users": ["bob"], "purpose": null})],
                true,
            ),
            (
                "another of a stranger",
                vec![json!({}), json!({"source": "x", "purpose": null})],
                true,
            ),
            ("another dataset", vec![json!({"dataset": "d2"})], false),
        ];
        let mut expected = ResearchPurpose::of(super::super::Categories::of(&[super::super::Category::Genetic]));
        expected.project = Some("p".parse().unwrap());
        for (name, approvals, found) in cases {
            let approvals: Vec<Approval> = approvals.iter().map(approval).collect();
            let purpose = recorded_purpose([&dataset], &approvals, &user, "2026-06-01T00:00:00Z".parse().unwrap());
            assert_eq!(purpose, found.then(|| expected.clone()), "{name}");
        }
    }
}
