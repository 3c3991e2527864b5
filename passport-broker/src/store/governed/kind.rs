//! The governed tables, and what a row of one of them has to say.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Which governed table a row belongs to.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowKind {
    /// An institution of the register.
    Institution,
    /// A committee.
    Dac,
    /// A dataset and its label.
    Dataset,
    /// An object's mapping to a dataset.
    Object,
    /// A storage prefix's mapping to a dataset.
    Prefix,
    /// A place that outputs may go to.
    Sink,
    /// A service that runs work.
    Service,
    /// A role or committee membership of a person.
    Role,
    /// A trust entry.
    Trust,
    /// A client of the OpenID Provider.
    Client,
    /// An upstream provider.
    Upstream,
    /// An application for access, with its votes.
    Application,
    /// A study's application to a committee, with its conversation.
    AccessApplication,
    /// A grant.
    Grant,
    /// A hold.
    Hold,
    /// A purpose attested for a grant that carries none.
    Purpose,
    /// A person's default purpose.
    DefaultPurpose,
    /// A change of facts: drafted, approved, put in force.
    Change,
    /// An entry of the stop list.
    Stop,
    /// A bundle of policies in force.
    Bundle,
    /// A bundle of policies on its way.
    Draft,
    /// A table that verdicts rest on (diseases, countries), by the digest of its file.
    Table,
    /// The objects of one dataset, as a list by its digest.
    Objects,
    /// A team or project.
    Group,
    /// A further identity of a person, added or taken off.
    Link,
    /// A policy in observe mode.
    Observe,
    /// Terms of use, or an attestation, that people are asked for.
    Terms,
    /// What a person accepted.
    Acceptance,
    /// An address that is told of things.
    Webhook,
    /// An initial access token for registering clients.
    Registration,
    /// What this node says of a person, beside grants: it becomes a visa.
    Statement,
}

impl RowKind {
    /// All of them.
    pub const ALL: [Self; 31] = [
        Self::Institution,
        Self::Dac,
        Self::Dataset,
        Self::Object,
        Self::Prefix,
        Self::Sink,
        Self::Service,
        Self::Role,
        Self::Trust,
        Self::Client,
        Self::Upstream,
        Self::Application,
        Self::AccessApplication,
        Self::Grant,
        Self::Hold,
        Self::Purpose,
        Self::DefaultPurpose,
        Self::Change,
        Self::Stop,
        Self::Bundle,
        Self::Draft,
        Self::Table,
        Self::Objects,
        Self::Group,
        Self::Link,
        Self::Observe,
        Self::Terms,
        Self::Acceptance,
        Self::Webhook,
        Self::Registration,
        Self::Statement,
    ];

    /// The word in the table and in the canonical row.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Institution => "institution",
            Self::Dac => "dac",
            Self::Dataset => "dataset",
            Self::Object => "object",
            Self::Prefix => "prefix",
            Self::Sink => "sink",
            Self::Service => "service",
            Self::Role => "role",
            Self::Trust => "trust",
            Self::Client => "client",
            Self::Upstream => "upstream",
            Self::Application => "application",
            Self::AccessApplication => "access-application",
            Self::Grant => "grant",
            Self::Hold => "hold",
            Self::Purpose => "purpose",
            Self::DefaultPurpose => "default-purpose",
            Self::Change => "change",
            Self::Stop => "stop",
            Self::Bundle => "bundle",
            Self::Draft => "draft",
            Self::Table => "table",
            Self::Objects => "objects",
            Self::Group => "group",
            Self::Link => "link",
            Self::Observe => "observe",
            Self::Terms => "terms",
            Self::Acceptance => "acceptance",
            Self::Webhook => "webhook",
            Self::Registration => "registration",
            Self::Statement => "statement",
        }
    }
}

impl fmt::Display for RowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a governed table holds: the meaning of one row.
pub trait Governed: Serialize + DeserializeOwned + Send + Sync {
    /// Its table.
    const KIND: RowKind;

    /// Its id, unique in the table and never reused.
    fn id(&self) -> String;

    /// The identity that it concerns (`sub,iss`), for lookup.
    fn person(&self) -> Option<String> {
        None
    }

    /// The dataset that it concerns, for lookup.
    fn dataset(&self) -> Option<String> {
        None
    }

    /// Whether it is in force but for time: false once revoked or released. Such a row stays, as evidence. A row of a
    /// table that knows no such word is ended by [`super::draft_removal`].
    fn live(&self) -> bool {
        true
    }
}
