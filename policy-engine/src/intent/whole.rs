//! The whole of what a request would do; all of it must be permitted (architecture D5, policy.md 2).

use serde::{Deserialize, Serialize};
use visa_verifier::seam::Timestamp;

use super::{Action, DrsId, Image, MayHold, ObjectRef, StorageUrl};
use crate::consent::ResearchPurpose;

/// Most reads, runs or writes of one intent (apis.md E5: 1,024 inputs; bulk requests are cut by the door).
pub const MAX_ITEMS: usize = 10_000;

/// A list of an intent is over [`MAX_ITEMS`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the request names more than {MAX_ITEMS} things of one kind")]
pub struct TooMany;

/// What names data in a request.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DataRef {
    /// A DRS object.
    Object(ObjectRef),
    /// A place in storage; a prefix stands for all below it.
    Storage(StorageUrl),
    /// A dataset as a whole (explanations, sessions, `can-i`): every group and object of it.
    Dataset(String),
}

impl DataRef {
    /// An object of this node's DRS.
    pub const fn local(id: DrsId) -> Self {
        Self::Object(ObjectRef::Local(id))
    }
}

impl std::fmt::Display for DataRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Object(object) => write!(f, "{object}"),
            Self::Storage(url) => write!(f, "{url}"),
            Self::Dataset(id) => f.write_str(id),
        }
    }
}

/// One thing that is read.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Read {
    /// What.
    pub data: DataRef,
    /// Where in the request it stands, for people: `inputs[2].url`. Empty if it is the request's own object.
    #[serde(default)]
    pub place: String,
}

/// Something that a text of a request names: a command, a script, a value of a variable. Nothing stands for it in the
/// request, so nothing is given for it; what it leads to is judged as if it were read.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Mention {
    /// What.
    pub data: DataRef,
    /// Where in the request it stands.
    #[serde(default)]
    pub place: String,
    /// It must belong to a dataset. Otherwise one that does not is left to [`Intent::opaque`].
    #[serde(default)]
    pub known: bool,
}

/// One place that is written to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Write {
    /// The target.
    pub url: StorageUrl,
    /// Where in the request it stands.
    #[serde(default)]
    pub place: String,
}

/// A workflow or tool that is run or read.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ToolRef {
    /// Its canonical URL or TRS id; for an attached workflow, `sha256:` and its digest.
    pub id: String,
    /// Named by version or digest, so that it can't change.
    pub pinned: bool,
    /// Visible to anyone who is logged in.
    #[serde(default)]
    pub public: bool,
    /// What it is part of, so that a policy can name that: its tool, its registry, its main text by digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<String>,
}

/// Whose credential sent a request, if not the person's own (policy.md 2, apis.md 10.1).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeKind {
    /// A workflow session: everything is asked as the owner, and only for the session's datasets.
    Session,
    /// A run: inputs, images and outputs are asked as the run, the rest as its owner.
    Run,
}

/// The workflow session or run whose credential sent the request.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SessionScope {
    /// Session or run.
    pub kind: ScopeKind,
    /// Its id.
    pub id: String,
    /// The datasets that it was permitted to use.
    pub datasets: Vec<String>,
    /// Its end.
    pub expires: Timestamp,
    /// The run is queued or running, from the proxy's index.
    pub running: bool,
}

/// Everything that a request would do. Built by a door from the parsed request and from nothing else.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Intent {
    /// What is asked.
    pub action: Action,
    /// Data that is named as input, or the object itself.
    #[serde(default)]
    pub reads: Vec<Read>,
    /// Data that texts of the request name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Mention>,
    /// Images that would run.
    #[serde(default)]
    pub runs: Vec<Image>,
    /// The workflow of a run, or the tool that is read.
    #[serde(default)]
    pub tool: Option<ToolRef>,
    /// Places that would be written to.
    #[serde(default)]
    pub writes: Vec<Write>,
    /// Service (by its record's id) that would do the work; `None`: this node.
    #[serde(default)]
    pub service: Option<String>,
    /// Datasets that the place of the work may hold; `None`: any that the rest permits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_hold: Option<MayHold>,
    /// Countries of the zones that the work asks for; none: wherever the service is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
    /// Group (project or team) for which the work is done.
    #[serde(default)]
    pub project: Option<String>,
    /// Purpose that came with the task or run, or is recorded for it.
    #[serde(default)]
    pub purpose: Option<ResearchPurpose>,
    /// What it would fetch can't be told for certain.
    #[serde(default)]
    pub opaque: bool,
    /// Content inputs, or a shell with a script as its command.
    #[serde(default)]
    pub inline_code: bool,
    /// Entrypoint, command and environment are the tool descriptor's.
    #[serde(default)]
    pub command_matches: bool,
    /// The whole body was seen by the decision point. A proxy says `true`.
    #[serde(default)]
    pub body_seen: bool,
    /// The session or run whose credential sent it.
    #[serde(default)]
    pub session: Option<SessionScope>,
}

impl Intent {
    /// An empty intent of an action, its body seen.
    pub const fn new(action: Action) -> Self {
        Self {
            action,
            reads: Vec::new(),
            mentions: Vec::new(),
            runs: Vec::new(),
            tool: None,
            writes: Vec::new(),
            service: None,
            may_hold: None,
            countries: Vec::new(),
            project: None,
            purpose: None,
            opaque: false,
            inline_code: false,
            command_matches: false,
            body_seen: true,
            session: None,
        }
    }

    /// Adds something that is read.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn read(&mut self, data: DataRef, place: impl Into<String>) -> Result<(), TooMany> {
        bounded(
            &mut self.reads,
            Read {
                data,
                place: place.into(),
            },
        )
    }

    /// Adds something that a text names.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn mention(&mut self, data: DataRef, place: impl Into<String>, known: bool) -> Result<(), TooMany> {
        bounded(
            &mut self.mentions,
            Mention {
                data,
                place: place.into(),
                known,
            },
        )
    }

    /// Adds an image that would run.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn run(&mut self, image: Image) -> Result<(), TooMany> {
        bounded(&mut self.runs, image)
    }

    /// Adds a place that would be written to.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn write(&mut self, url: StorageUrl, place: impl Into<String>) -> Result<(), TooMany> {
        bounded(
            &mut self.writes,
            Write {
                url,
                place: place.into(),
            },
        )
    }

    /// Sets the service that would do the work.
    #[must_use]
    pub fn at(mut self, service: impl Into<String>) -> Self {
        self.service = Some(service.into());
        self
    }
}

fn bounded<T>(list: &mut Vec<T>, item: T) -> Result<(), TooMany> {
    if list.len() >= MAX_ITEMS {
        return Err(TooMany);
    }
    list.push(item);
    Ok(())
}
