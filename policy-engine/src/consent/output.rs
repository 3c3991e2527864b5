//! `Output`: permit, review or deny, with every reason at once (`consent.md` 1, 3).

use serde::{Deserialize, Serialize};
use visa_verifier::seam::Timestamp;

use super::code::{Code, DutyCode, Effect};
use super::name::Name;
use super::word::words;

words! {
    /// The three answers, from best to worst; the whole takes the worst of its parts.
    Verdict, "decision" {
        /// Everything known and allowed.
        Permit = "permit",
        /// Nothing forbids it, but a person has to judge.
        Review = "review",
        /// A term forbids it, or a needed fact is missing or false.
        Deny = "deny",
    }
}

words! {
    /// What the purpose of the approval chosen rests on.
    PurposeBasis, "basis" {
        /// The committee recorded it.
        Bound = "bound",
        /// The person declared it, signed and frozen.
        Attested = "attested",
        /// No purpose is recorded.
        None = "none",
    }
}

/// The answer. Equal inputs give equal bytes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// 1.
    pub version: u8,
    /// The worst of all datasets, and of what belongs to none.
    pub decision: Verdict,
    /// In the order of the input.
    pub per_dataset: Vec<DatasetVerdict>,
    /// Why not; sorted by dataset, group, term, code.
    pub reasons: Vec<Reason>,
    /// What a committee has decided.
    pub settled: Vec<Settled>,
    /// What the person owes; empty on deny.
    pub obligations: Vec<Obligation>,
    /// What the custodian should look at; never changes the decision.
    pub warnings: Vec<Warning>,
    /// With a permit: when it has to be asked anew at the latest. None: for ever, all else equal.
    pub valid_until: Option<Timestamp>,
}

/// The answer for one dataset.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct DatasetVerdict {
    /// The dataset.
    pub dataset: Name,
    /// Its part of the decision.
    pub decision: Verdict,
    /// Of the approval chosen.
    pub basis: PurposeBasis,
    /// The approval chosen, by its position in the input; it is chosen here and nowhere again. Not on the wire.
    #[serde(skip)]
    pub approval: Option<usize>,
    /// Codes, sorted, each once.
    pub reasons: Vec<Code>,
}

/// Why not.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The stable code.
    pub code: Code,
    /// Whether it denies or asks for a person.
    pub effect: Effect,
    /// The dataset; None: the request as a whole.
    pub dataset: Option<Name>,
    /// The consent group.
    pub group: Option<Name>,
    /// The term of the label.
    pub term: Option<Name>,
    /// A sentence or two.
    pub message: String,
    /// What would help.
    pub remedy: String,
}

/// A review reason that a committee has decided.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// The code.
    pub code: Code,
    /// The dataset.
    pub dataset: Name,
    /// The consent group.
    pub group: Option<Name>,
    /// The term of the label.
    pub term: Option<Name>,
    /// The committee.
    pub source: Name,
}

/// What a person owes (2.12).
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Obligation {
    /// The name of the duty.
    pub code: DutyCode,
    /// The dataset.
    pub dataset: Name,
    /// The consent group; None: the whole dataset.
    pub group: Option<Name>,
    /// The term of the label.
    pub term: Option<Name>,
    /// A day or a moment, where the duty has one. Serialised as null for a time limit that nothing counts.
    #[serde(default, skip_serializing_if = "Date::is_none")]
    pub date: Date,
    /// Whom the duty names.
    #[serde(default)]
    pub values: Vec<Name>,
}

/// The date of a duty.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(from = "Option<String>", into = "Option<String>")]
pub enum Date {
    /// This duty has no date.
    #[default]
    None,
    /// It would have one, and nothing counts it yet.
    Uncounted,
    /// A day `YYYY-MM-DD` or a moment `YYYY-MM-DDThh:mm:ssZ`.
    On(String),
}

impl Date {
    /// Whether the duty has no date.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// The day or moment, if there is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::On(text) => Some(text),
            Self::None | Self::Uncounted => None,
        }
    }
}

impl From<Option<String>> for Date {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Uncounted, Self::On)
    }
}

impl From<Date> for Option<String> {
    fn from(date: Date) -> Self {
        match date {
            Date::On(text) => Some(text),
            Date::None | Date::Uncounted => None,
        }
    }
}

/// What the custodian should look at.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// The stable code.
    pub code: Code,
    /// The dataset.
    pub dataset: Name,
    /// The consent group.
    pub group: Option<Name>,
    /// The term of the label.
    pub term: Option<Name>,
    /// A sentence.
    pub message: String,
}
