//! Grants: what a committee allowed, to whom, for which dataset and purpose; applications and attested purposes.

use policy_engine::consent::ResearchPurpose;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::governed::{Governed, RowKind};

/// A committee's yes. Becomes a ControlledAccessGrants visa and, with its purpose, a purpose visa.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Its id.
    pub id: String,
    /// To whom, by one of their identities; it need not have logged in here yet.
    pub to: VisaIdentity,
    /// The dataset's id.
    pub dataset: String,
    /// The committee that gave it: the visa's `source`.
    pub source: String,
    /// For what (basis `bound`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<ResearchPurpose>,
    /// For which project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Acting for which institution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<String>,
    /// On which conditions it counts: those of its visas (Passport 1.2 "conditions").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Value>,
    /// From when: the visa's `asserted`.
    pub starts: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// The application that it answers.
    pub application: String,
    /// Who issued it (`sub` of our tokens).
    pub issued_by: String,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
    /// Where it was decided, if not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Elsewhere>,
}

/// The system that decided a grant, and still does.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Elsewhere {
    /// Its name in this node's settings.
    pub system: String,
    /// The number of the application there.
    pub application: u64,
    /// It was taken back because it ended there: it may come again. What was taken back here does not.
    #[serde(default)]
    pub ended_there: bool,
}

impl Governed for Grant {
    const KIND: RowKind = RowKind::Grant;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn person(&self) -> Option<String> {
        Some(self.to.to_string())
    }

    fn dataset(&self) -> Option<String> {
        Some(self.dataset.clone())
    }

    fn live(&self) -> bool {
        self.revoked.is_none()
    }
}

/// Where an application stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationState {
    /// Handed in.
    Submitted,
    /// Enough votes, and issued.
    Approved,
    /// Its grant was taken back.
    Revoked,
}

/// A request for access, with the votes on it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// Its id.
    pub id: String,
    /// Who would gain by it.
    pub applicant: VisaIdentity,
    /// For which dataset.
    pub dataset: String,
    /// For what.
    pub purpose: ResearchPurpose,
    /// For which project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Acting for which institution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<String>,
    /// On which conditions a grant shall count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Value>,
    /// Until when access is asked for.
    pub until: Timestamp,
    /// Who entered it (`sub` of our tokens): the applicant, or a committee member on their behalf.
    pub entered_by: String,
    /// Who voted yes (`sub` of our tokens), in order, each once.
    pub yes: Vec<String>,
    /// Where it stands.
    pub state: ApplicationState,
}

impl Governed for Application {
    const KIND: RowKind = RowKind::Application;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn person(&self) -> Option<String> {
        Some(self.applicant.to_string())
    }

    fn dataset(&self) -> Option<String> {
        Some(self.dataset.clone())
    }
}

/// A purpose that a person attested for a dataset whose grant carries none: frozen, seen by the committee (consent 2.9).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AttestedPurpose {
    /// Its id.
    pub id: String,
    /// Who attested it (`sub` of our tokens).
    pub person: String,
    /// For which dataset.
    pub dataset: String,
    /// For which project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Acting for which institution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<String>,
    /// For what.
    pub purpose: ResearchPurpose,
    /// The `source` of the foreign grant that it stands beside.
    pub source: String,
    /// The `asserted` of the foreign grant that it stands beside.
    pub asserted: Timestamp,
    /// The end of the foreign grant's visa: in the stored row of the one that was there when the purpose was attested,
    /// from [`crate::Broker::attested_of`] of the one that is there now.
    pub until: Timestamp,
    /// When it was attested.
    pub attested: Timestamp,
}

impl Governed for AttestedPurpose {
    const KIND: RowKind = RowKind::Purpose;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn person(&self) -> Option<String> {
        Some(self.person.clone())
    }

    fn dataset(&self) -> Option<String> {
        Some(self.dataset.clone())
    }
}

/// The purpose that counts for a person where nothing else says one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultPurpose {
    /// Whose (`sub` of our tokens); also the row's id.
    pub person: String,
    /// The purpose; none after it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<ResearchPurpose>,
}

impl Governed for DefaultPurpose {
    const KIND: RowKind = RowKind::DefaultPurpose;

    fn id(&self) -> String {
        self.person.clone()
    }

    fn person(&self) -> Option<String> {
        Some(self.person.clone())
    }

    fn live(&self) -> bool {
        self.purpose.is_some()
    }
}
