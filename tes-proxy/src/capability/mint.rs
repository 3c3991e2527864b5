//! What a capability says, sealed into its URL. It is looked at again on each use: it opens a question, not a file.

use serde::{Deserialize, Serialize};

/// Of a person: the public listener.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct PersonCapability {
    /// Random: names this capability in pins, streams and events.
    #[serde(rename = "i")]
    pub(crate) id: String,
    /// The digest under which the caller is cached; it is no token and opens nothing by itself.
    #[serde(rename = "h")]
    pub(crate) holder: String,
    /// The DRS id.
    #[serde(rename = "o")]
    pub(crate) object: String,
    /// Which of the object's access methods.
    #[serde(rename = "m")]
    pub(crate) method: usize,
    /// The decision that it rests on.
    #[serde(rename = "d")]
    pub(crate) decision: String,
    /// Unix seconds.
    #[serde(rename = "u")]
    pub(crate) until: i64,
}

/// Of a task or run: the storage door.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct WorkCapability {
    /// Random: names this capability in pins, streams and events.
    #[serde(rename = "i")]
    pub(crate) id: String,
    /// The task or run, by our id.
    #[serde(rename = "w")]
    pub(crate) work: String,
    /// The DRS id.
    #[serde(rename = "o")]
    pub(crate) object: String,
    /// The dataset at the time of the decision; another one now is a denial.
    #[serde(rename = "s")]
    pub(crate) dataset: String,
    /// Unix seconds.
    #[serde(rename = "u")]
    pub(crate) until: i64,
}

/// Of a person, for a file of a release: the public listener.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct OutputCapability {
    /// Random: names this capability in streams and events.
    #[serde(rename = "i")]
    pub(crate) id: String,
    /// The digest under which the caller is cached; it is no token and opens nothing by itself.
    #[serde(rename = "h")]
    pub(crate) holder: String,
    /// The release.
    #[serde(rename = "r")]
    pub(crate) release: String,
    /// Which of its files.
    #[serde(rename = "f")]
    pub(crate) file: usize,
    /// Unix seconds.
    #[serde(rename = "u")]
    pub(crate) until: i64,
}
