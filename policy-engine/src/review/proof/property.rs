//! The invariants (`policies/properties.json`): each a goal that every policy set on the baseline must stay within.

use cedar_policy::{EntityUid, RequestEnv};
use serde::Deserialize;

use crate::{
    entity::{SchemaParts, uid},
    error::BundleError,
};

/// The invariants that come with the build.
const SHIPPED: &str = include_str!("../../../policies/properties.json");

/// One invariant.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Property {
    /// Stable name.
    pub id: String,
    /// What it says, in words.
    pub says: String,
    /// The action group that it is about.
    pub actions: String,
    /// A Cedar permit: whatever is permitted must be permitted by it.
    pub goal: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code, reason = "a strict reading names every member")]
    format: String,
    #[expect(dead_code, reason = "a strict reading names every member")]
    rule: String,
    properties: Vec<Property>,
}

/// The invariants.
///
/// # Errors
/// [`BundleError::Schema`], if the build is broken.
pub fn properties() -> Result<Vec<Property>, BundleError> {
    let file: File = serde_json::from_str(SHIPPED).map_err(|error| BundleError::Schema {
        message: format!("properties.json: {error}"),
    })?;
    Ok(file.properties)
}

impl Property {
    /// The request environments of its action group.
    pub(super) fn environments(&self, schema: &SchemaParts) -> Vec<RequestEnv> {
        let group: EntityUid = uid(&schema.types.action, &self.actions);
        let within = |action: &EntityUid| *action == group || schema.actions.is_ancestor_of(&group, action);
        let all = schema.schema.request_envs();
        let mut all: Vec<RequestEnv> = all.filter(|environment| within(environment.action())).collect();
        // People first: an example of theirs is the plainest.
        all.sort_by_key(|environment| *environment.principal() != schema.types.researcher);
        all
    }
}
