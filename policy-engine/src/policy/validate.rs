//! Checking policy texts before anybody publishes them (policy.md 6, step 2).

use super::set::Policies;
use crate::{entity::SchemaParts, error::BundleError};

/// What is wrong with a policy text.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// The policy, if it can be told.
    pub policy: Option<String>,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong, in one line.
    pub what: String,
}

/// Checks texts against the schema and beside the shipped policies: each parses, has its annotations and an id of its
/// own that is not reserved, and fits the schema strictly. Empty: nothing is wrong.
pub fn validate(texts: &[(String, String)]) -> Vec<Finding> {
    let schema = match SchemaParts::embedded() {
        Ok(schema) => schema,
        Err(error) => return vec![finding("visum.cedarschema", &error)],
    };
    let mut findings = Vec::new();
    for (file, text) in texts {
        let mut policies = match Policies::shipped() {
            Ok(policies) => policies,
            Err(error) => return vec![finding("shipped policies", &error)],
        };
        if let Err(error) = policies.add(file, text, false) {
            findings.push(finding(file, &error));
        } else {
            let faults = policies.faults(&schema).into_iter().map(|(policy, what)| Finding {
                file: file.clone(),
                policy: Some(policy),
                code: "bundle.policy_invalid",
                what,
            });
            findings.extend(faults);
        }
    }
    if findings.is_empty() {
        // Each is good by itself; together an id may be used twice.
        let together = Policies::shipped().and_then(|mut policies| {
            texts
                .iter()
                .try_for_each(|(file, text)| policies.add(file, text, false))
        });
        findings.extend(together.err().map(|error| finding("", &error)));
    }
    findings
}

fn finding(file: &str, error: &BundleError) -> Finding {
    let (file, policy) = match error {
        BundleError::Annotation { file, policy, .. } | BundleError::Id { file, policy, .. } => {
            (file.clone(), Some(policy.clone()))
        }
        BundleError::Parse { .. }
        | BundleError::Schema { .. }
        | BundleError::Invalid { .. }
        | BundleError::Link { .. }
        | BundleError::Record { .. }
        | BundleError::Entity { .. }
        | BundleError::Older { .. } => (file.to_owned(), None),
    };
    Finding {
        file,
        policy,
        code: error.code(),
        what: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::validate;

    #[test]
    fn faults_of_a_policy_are_told_with_file_and_code() {
        let good = r#"@id("own.a") @reason("It is so.") @code("own.code") @remedy("None.")
            forbid (principal, action, resource is Visum::Dataset) when { resource.discoverable };"#;
        let cases = [
            ("good", good.to_owned(), None),
            ("no syntax", "permit (".to_owned(), Some("bundle.parse")),
            (
                "no reason",
                good.replace("@reason(\"It is so.\")", ""),
                Some("bundle.annotation_missing"),
            ),
            (
                "no code on a forbid",
                good.replace("@code(\"own.code\")", ""),
                Some("bundle.annotation_missing"),
            ),
            (
                "no id",
                good.replace("@id(\"own.a\")", ""),
                Some("bundle.annotation_missing"),
            ),
            (
                "a reserved id",
                good.replace("own.a", "visum.own"),
                Some("bundle.policy_id"),
            ),
            (
                "an unknown attribute",
                good.replace("discoverable", "discoverabel"),
                Some("bundle.policy_invalid"),
            ),
            ("twice the same id", format!("{good}{good}"), Some("bundle.policy_id")),
            (
                "a permit without needs",
                "@id(\"own.b\") @reason(\"x\") permit (principal, action, resource);".to_owned(),
                Some("bundle.annotation_missing"),
            ),
        ];
        for (name, text, code) in cases {
            let found = validate(&[("own.cedar".to_owned(), text)]);
            assert_eq!(found.first().map(|finding| finding.code), code, "{name}: {found:?}");
        }
        let twice = [("a".to_owned(), good.to_owned()), ("b".to_owned(), good.to_owned())];
        assert_eq!(
            validate(&twice).first().map(|finding| finding.code),
            Some("bundle.policy_id")
        );
    }
}
