//! Names of entities as data: type and id, for links and messages.

use serde::{Deserialize, Serialize};

/// An entity of the schema: `Visum::Dataset` and its id. The type is checked when it is used.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EntityName {
    /// The type with its namespace.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id.
    pub id: String,
}

impl EntityName {
    /// A name.
    pub fn new(kind: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            id: id.into(),
        }
    }
}

impl std::fmt::Display for EntityName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}::{:?}", self.kind, self.id)
    }
}
