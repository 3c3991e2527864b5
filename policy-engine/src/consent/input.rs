//! `Input`: what is asked, read strictly (`consent.md` 3, `consent-evaluate.schema.json`).

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, de};
use visa_verifier::seam::Timestamp;

use super::approval::Approval;
use super::dataset::Dataset;
use super::name::{CountryCode, Name};
use super::purpose::ResearchPurpose;
use super::strict;
use super::user::UserFacts;
use super::word::words;

/// Bytes that an input may have: room for joint files with 100 000 participants.
pub const INPUT_BYTES: usize = 16 * 1024 * 1024;
/// Datasets that may be asked for together.
pub const DATASETS: usize = 1000;
/// Approvals that may be shown: each is tried, so that their number bounds the work.
pub const APPROVALS: usize = 1000;

/// Characters of a message or a path in a refusal.
const ERROR_CHARACTERS: usize = 500;

words! {
    /// When in the life of a use the question is asked (2.2).
    Stage, "stage" {
        /// An application is written or judged; there is no approval yet.
        Apply = "apply",
        /// Somebody wants the data now.
        Use = "use",
    }
}

words! {
    /// What is done with the data, as consent sees it. Cedar's actions map to these.
    Operation, "action" {
        /// Read by a task inside the node.
        Compute = "compute",
        /// Data leave to a person or another system.
        Download = "download",
        /// Results leave the environment.
        Export = "export",
        /// Results are made public.
        Publish = "publish",
    }
}

/// A question.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 1.
    #[serde(deserialize_with = "version")]
    pub version: u8,
    /// The stage; use where nothing is said.
    #[serde(default = "now")]
    pub stage: Stage,
    /// What is done with the data.
    pub action: Operation,
    /// Time and places, from the proxy, never from the client.
    #[serde(deserialize_with = "strict::object")]
    pub context: Context,
    /// What for.
    #[serde(deserialize_with = "strict::object")]
    pub purpose: ResearchPurpose,
    /// By whom.
    #[serde(default, deserialize_with = "strict::object")]
    pub user: UserFacts,
    /// What committees allowed. At most [`APPROVALS`].
    #[serde(default, deserialize_with = "approvals", skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
    /// Which data; each id once. At most [`DATASETS`].
    #[serde(deserialize_with = "datasets")]
    pub datasets: Vec<Dataset>,
}

/// A question by its parts, which may lie anywhere: what [`Input`] owns, a door only lends.
#[derive(Debug)]
pub(crate) struct Question<'q> {
    pub(crate) stage: Stage,
    pub(crate) action: Operation,
    pub(crate) context: &'q Context,
    pub(crate) purpose: &'q ResearchPurpose,
    pub(crate) user: &'q UserFacts,
    pub(crate) approvals: Vec<&'q Approval>,
    pub(crate) datasets: Vec<Part<'q>>,
}

/// A dataset, and the part of it that is asked for; None: all, or nobody knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'q> {
    pub(crate) dataset: &'q Dataset,
    pub(crate) groups: Option<Names<'q>>,
    pub(crate) objects: Option<Names<'q>>,
    pub(crate) participants: Option<Names<'q>>,
}

/// Names in a list or a set.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Names<'q> {
    List(&'q [Name]),
    Set(&'q BTreeSet<Name>),
}

impl<'q> Names<'q> {
    pub(crate) fn iter(self) -> impl Iterator<Item = &'q Name> {
        let (list, set) = match self {
            Self::List(list) => (Some(list), None),
            Self::Set(set) => (None, Some(set)),
        };
        list.into_iter().flatten().chain(set.into_iter().flatten())
    }
}

impl<'q> From<&'q Input> for Question<'q> {
    fn from(input: &'q Input) -> Self {
        Self {
            stage: input.stage,
            action: input.action,
            context: &input.context,
            purpose: &input.purpose,
            user: &input.user,
            approvals: input.approvals.iter().collect(),
            datasets: input.datasets.iter().map(Part::from).collect(),
        }
    }
}

impl<'q> From<&'q Dataset> for Part<'q> {
    fn from(dataset: &'q Dataset) -> Self {
        let listed = |list: &'q Option<Vec<Name>>| list.as_deref().map(Names::List);
        Self {
            dataset,
            groups: dataset.groups.as_ref().map(Names::Set),
            objects: listed(&dataset.objects),
            participants: listed(&dataset.participants),
        }
    }
}

/// Time and places.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// The moment of the question.
    pub now: Timestamp,
    /// Every place where this action stores or processes data.
    #[serde(
        default,
        deserialize_with = "strict::unique",
        skip_serializing_if = "BTreeSet::is_empty"
    )]
    pub processing_countries: BTreeSet<CountryCode>,
    /// Where the connection comes from, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_country: Option<CountryCode>,
}

/// An input that was refused: `consent.input_invalid`.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct InputError {
    message: String,
    path: String,
}

impl InputError {
    /// Both texts may repeat what came from outside, so both are cut.
    fn new(message: &str, path: &str) -> Self {
        let cut = |text: &str| text.chars().take(ERROR_CHARACTERS).collect();
        Self {
            message: cut(message),
            path: cut(path),
        }
    }

    /// `consent.input_invalid`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "consent.input_invalid"
    }

    /// Which member, as `datasets[0].uses[1].group`; `.` is the whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl Input {
    /// Reads one JSON object: at most [`INPUT_BYTES`], unknown and repeated members refused.
    ///
    /// # Errors
    /// [`InputError`] with the path of the member at fault.
    pub fn parse(bytes: &[u8]) -> Result<Self, InputError> {
        if bytes.len() > INPUT_BYTES {
            return Err(InputError::new(
                &format!("the input has more than {INPUT_BYTES} bytes"),
                ".",
            ));
        }
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let input: Whole = serde_path_to_error::deserialize(&mut reader)
            .map_err(|error| InputError::new(&error.inner().to_string(), &error.path().to_string()))?;
        reader.end().map_err(|error| InputError::new(&error.to_string(), "."))?;
        Ok(input.0)
    }
}

/// The outermost object, which must not be a list either.
struct Whole(Input);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        strict::object(from).map(Self)
    }
}

fn now() -> Stage {
    Stage::Use
}

fn version<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    let number = serde_json::Number::deserialize(from)?;
    if number.as_f64() == Some(1.0) {
        Ok(1)
    } else {
        Err(de::Error::custom("the version is 1"))
    }
}

fn approvals<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Approval>, D::Error> {
    let list: Vec<Approval> = strict::objects(from)?;
    if list.len() > APPROVALS {
        return Err(de::Error::custom(format!("more than {APPROVALS} approvals")));
    }
    Ok(list)
}

fn datasets<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Dataset>, D::Error> {
    let list = strict::objects_by(from, |entry: &Dataset| entry.id.clone(), "datasets of one id")?;
    if list.is_empty() || list.len() > DATASETS {
        return Err(de::Error::custom(format!("there are 1 to {DATASETS} datasets")));
    }
    Ok(list)
}
