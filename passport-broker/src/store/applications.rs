//! Applications for access: what a study asks of a committee, the conversation on it, and what was decided.
//!
//! One governed row an application; every step is a new version with its event. What was asked, said and decided stays
//! readable in the versions; files lie beside ([`super::documents`]), sealed.

use policy_engine::consent::ResearchPurpose;
use serde::{Deserialize, Serialize};
use visa_verifier::seam::Timestamp;

use super::governed::{Governed, RowKind};

/// Where an application stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Being written; only those who write it see it.
    Draft,
    /// Before the committee.
    Submitted,
    /// Back with questions.
    Returned,
    /// The questions were answered.
    Answered,
    /// A member has voted.
    InReview,
    /// Decided with yes; grants are in force until their end.
    Approved,
    /// Decided with no.
    Denied,
    /// Taken back by its applicant.
    Withdrawn,
    /// The final report is there; its grants are over.
    Closed,
}

impl Stage {
    /// The word of APIs and screens.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Returned => "returned",
            Self::Answered => "answered",
            Self::InReview => "in_review",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Withdrawn => "withdrawn",
            Self::Closed => "closed",
        }
    }

    /// Whether the committee has it.
    #[must_use]
    pub const fn with_committee(self) -> bool {
        matches!(self, Self::Submitted | Self::Answered | Self::InReview)
    }

    /// Whether nothing more happens to it.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Denied | Self::Withdrawn | Self::Closed)
    }
}

/// What is asked for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The study's title.
    pub title: String,
    /// What will be done, in plain words.
    pub summary: String,
    /// The datasets' ids; all of one committee.
    pub datasets: Vec<String>,
    /// For what, in the words of consent.md 2.3; project and institution stand beside it.
    pub purpose: ResearchPurpose,
    /// Countries where the data will be used.
    pub countries: Vec<String>,
    /// Until when.
    pub until: Timestamp,
}

/// Somebody who takes part, beside the applicant.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Their id within the application.
    pub id: String,
    /// The institutional address that was invited.
    pub address: String,
    /// The institution whose address it is.
    pub institution: String,
    /// When they were invited.
    pub invited: Timestamp,
    /// SHA-256 of the invitation's code, hexadecimal; good once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Who accepted (`sub` of our tokens).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// When they accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined: Option<Timestamp>,
    /// When they left, or were taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Timestamp>,
}

impl Member {
    /// Whether they have accepted and not left.
    #[must_use]
    pub fn takes_part(&self) -> bool {
        self.person.is_some() && self.left.is_none()
    }
}

/// What a document is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// The letter of an ethics board.
    Ethics,
    /// A signed agreement.
    Agreement,
    /// Somebody's curriculum vitae.
    Cv,
    /// Anything else.
    Other,
}

/// A document that was handed in: the file's facts, not the file.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Its id within the application; an ethics entry of the purpose bears it.
    pub id: String,
    /// What it is.
    pub kind: DocumentKind,
    /// What the person calls it; never a path.
    pub title: String,
    /// SHA-256 of the file, hexadecimal.
    pub digest: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Who handed it in (`sub` of our tokens).
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Ethics: the institution of the board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<String>,
    /// Ethics: from when it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<Timestamp>,
    /// Ethics: until when it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Members of the committee who said "I read it".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read_by: Vec<Tick>,
    /// When the file was deleted; its facts stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
}

/// That somebody read a document.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tick {
    /// Who (`sub` of our tokens).
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What a turn of the conversation did.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnKind {
    /// Handed in.
    Submitted,
    /// Sent back with questions.
    Returned,
    /// Answered.
    Answered,
    /// A vote, with its reason.
    Voted,
    /// Approved, with its reason.
    Approved,
    /// Denied, with its reason.
    Denied,
    /// Taken back.
    Withdrawn,
    /// Given to another member of the committee.
    Reassigned,
    /// Something else is asked for than was approved.
    Amended,
    /// A later end is asked for.
    Extended,
    /// Somebody accepted to take part.
    Joined,
    /// Somebody left, or was taken out.
    Left,
    /// A person who accepted later got their grants.
    Admitted,
    /// The final report.
    Reported,
}

impl TurnKind {
    /// The word of APIs and screens.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Returned => "returned",
            Self::Answered => "answered",
            Self::Voted => "voted",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Withdrawn => "withdrawn",
            Self::Reassigned => "reassigned",
            Self::Amended => "amended",
            Self::Extended => "extended",
            Self::Joined => "joined",
            Self::Left => "left",
            Self::Admitted => "admitted",
            Self::Reported => "reported",
        }
    }
}

/// One turn of the conversation.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// When.
    pub at: Timestamp,
    /// Who (`sub` of our tokens).
    pub by: String,
    /// What it did.
    pub kind: TurnKind,
    /// What was said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// A vote on exactly one version of what is asked for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    /// Who (`sub` of our tokens).
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Yes or no.
    pub yes: bool,
    /// Why.
    pub reason: String,
    /// The digest of what was voted on.
    pub digest: String,
}

/// A yes of the committee.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// What it allows; its end may lie before the one that was asked for.
    pub terms: Terms,
    /// The digest of what was approved, as it stood on the page.
    pub digest: String,
    /// What the people have to keep to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// The members that it names, by their id within the application.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// The ethics papers that it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ethics: Vec<String>,
    /// When.
    pub at: Timestamp,
    /// Who put it in force (`sub` of our tokens).
    pub by: String,
    /// The votes behind it.
    pub votes: Vec<Vote>,
}

/// The final report.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// What came of it, in plain words.
    pub text: String,
    /// Publications, accessions, deposits: what closes the duties.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// When.
    pub at: Timestamp,
}

/// An application for access.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AccessApplication {
    /// Its id.
    pub id: String,
    /// Who makes it, and leads the study (`sub` of our tokens).
    pub applicant: String,
    /// What the applicant calls themself; text of a person, never markup.
    pub name: String,
    /// The institution that the applicant acts for.
    pub institution: String,
    /// The project that its grants name.
    pub project: String,
    /// The committee.
    pub dac: String,
    /// What is asked for now.
    pub terms: Terms,
    /// Who takes part, beside the applicant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
    /// What was handed in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Document>,
    /// Where it stands.
    pub stage: Stage,
    /// Since when.
    pub since: Timestamp,
    /// When it was begun.
    pub begun: Timestamp,
    /// The conversation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<Turn>,
    /// The votes on what is asked for now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
    /// The member of the committee who looks after it (`sub` of our tokens).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// What is allowed at present; it stays while an amendment is before the committee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// The final report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
}

impl Governed for AccessApplication {
    const KIND: RowKind = RowKind::AccessApplication;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn person(&self) -> Option<String> {
        Some(self.applicant.clone())
    }
}
