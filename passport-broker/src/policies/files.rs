//! A bundle's files as they were sent, and whether they are this node's or committee's to publish.

use policy_engine::policy::{Bundle, BundleFiles, Finding};
use policy_engine::snapshot::PolicyText;
use serde::{Deserialize, Serialize};

use crate::canonical;
use crate::catalogue::Content;
use crate::committee::GovernError;
use crate::limits;

/// The node's own bundle.
pub(super) const NODE: &str = "node";

/// The texts of a bundle.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// `bundle.toml`.
    pub manifest: String,
    /// `*.cedar`.
    #[serde(default)]
    pub policies: Vec<PolicyText>,
    /// `links.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<String>,
    /// `tests/*.json`.
    #[serde(default)]
    pub tests: Vec<PolicyText>,
}

impl Files {
    /// No policies of one's own: the shipped ones alone.
    pub(super) fn nothing(committee: Option<&str>) -> Self {
        let mut manifest = "id = \"shipped\"\nauthor = \"the build\"\n".to_owned();
        if let Some(committee) = committee {
            manifest.push_str(&format!("committee = {committee:?}\n"));
        }
        Self {
            manifest,
            policies: Vec::new(),
            links: None,
            tests: Vec::new(),
        }
    }

    /// As bytes; the same files have the same.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, GovernError> {
        let value = serde_json::to_value(self).map_err(|error| wrong("", error.to_string()))?;
        let text = canonical::text(&value).map_err(|error| wrong("", error.to_string()))?;
        Ok(text.into_bytes())
    }

    /// From bytes.
    pub(super) fn of_bytes(bytes: &[u8]) -> Result<Self, GovernError> {
        serde_json::from_slice(bytes).map_err(|error| wrong("", error.to_string()))
    }

    /// Reads them as a bundle.
    pub(super) fn bundle(&self) -> Result<Bundle, GovernError> {
        let files = BundleFiles {
            manifest: Some(self.manifest.clone()),
            policies: self.policies.clone(),
            links: self.links.clone(),
            tests: self.tests.clone(),
        };
        Bundle::read(files).map_err(|findings| refused("policy.bundle", &findings))
    }
}

/// Which bundle it would replace: the node's or its committee's. A committee's names datasets of its own alone.
pub(super) fn place(bundle: &Bundle, content: &Content) -> Result<String, GovernError> {
    let Some(committee) = &bundle.manifest.committee else {
        return Ok(NODE.to_owned());
    };
    if !content.committees.contains_key(committee) || committee == NODE {
        return Err(GovernError::Unknown {
            what: "committee",
            id: committee.clone(),
        });
    }
    let own = |id: &String| {
        content
            .datasets
            .get(id)
            .is_some_and(|dataset| dataset.dac == *committee)
    };
    match bundle.manifest.datasets.iter().find(|id| !own(id)) {
        None => Ok(committee.clone()),
        Some(id) => {
            let id: String = id.chars().take(limits::TEXT_BYTES / 16).collect();
            Err(GovernError::input(
                "lint.scope_outside_dac",
                format!("bundle.toml: `{id}` is no dataset of the committee `{committee}` in the catalogue."),
            ))
        }
    }
}

/// What is wrong, as an answer.
pub(super) fn refused(code: &'static str, findings: &[Finding]) -> GovernError {
    let words = findings.iter().take(8).map(|finding| {
        let place = finding
            .at
            .map(|at| format!(":{}:{}", at.line, at.column))
            .unwrap_or_default();
        format!("{}{place}: {} ({})", finding.file, finding.what, finding.code)
    });
    GovernError::input(code, words.collect::<Vec<_>>().join("; "))
}

fn wrong(file: &str, what: String) -> GovernError {
    let what = if file.is_empty() {
        what
    } else {
        format!("{file}: {what}")
    };
    GovernError::input("policy.bundle", what)
}
