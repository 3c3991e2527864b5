//! The rows of a snapshot: datasets, committees, houses, services, sinks, roles, groups, holds.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use visa_verifier::{VisaIdentity, seam::Timestamp};

use crate::{
    consent::{Access, ConsentHold, Dataset, LabelledMove},
    decide::DutyKind,
    intent::StorageUrl,
};

/// How a dataset may be used.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatasetMode {
    /// Its bytes may go to people whom the policies permit.
    Download,
    /// Only tasks and runs in a secure environment read it. The default.
    #[default]
    ComputeOnly,
}

/// A dataset: what consent says of it, and what policies ask of its use (policy.md 2, `Dataset`).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetRecord {
    /// Label, class, state, committee sources, agreements (consent.md 3). `groups`, `objects`, `participants`
    /// belong to requests and stay empty here; holds may stand here or in [`super::Snapshot::holds`].
    pub consent: Dataset,
    /// Title for people.
    pub title: String,
    /// Short printable ASCII name, for reason phrases; at most 40 characters.
    pub short_name: String,
    /// The committee, by [`CommitteeRecord::id`].
    pub dac: String,
    /// The institution that is responsible, by [`InstitutionRecord::id`].
    pub custodian: String,
    /// Download or compute-only.
    #[serde(default)]
    pub mode: DatasetMode,
    /// Whether people without a grant may know that it exists. Default: no.
    #[serde(default)]
    pub discoverable: bool,
    /// Least identity assurance: 0 none, 1 low, 2 medium, 3 high.
    #[serde(default)]
    pub min_identity: u8,
    /// Least strength of the login: 0 none, 1 single factor, 2 multi factor.
    #[serde(default)]
    pub min_authn: u8,
    /// Votes that a grant needs. `None`: 1, for compute-only data 2.
    #[serde(default)]
    pub quorum: Option<u32>,
    /// Results of one project: only work for that group touches them.
    #[serde(default)]
    pub project: Option<String>,
    /// Regions where it may be processed; `None`: anywhere.
    #[serde(default)]
    pub allowed_regions: Option<BTreeSet<String>>,
    /// Collections that it belongs to.
    #[serde(default)]
    pub collections: BTreeSet<String>,
    /// Further duties of the node for each use of it.
    #[serde(default)]
    pub duties: BTreeSet<DutyKind>,
    /// The participants whom its custodian knows, each by [`DatasetRecord::participant`]: beside those whom the catalogue's
    /// objects name (consent.md 5.1). A hold on somebody else waits a quarter of an hour for the custodian.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub participants: BTreeSet<String>,
    /// Moves of its label's time that are ahead or done (consent.md 2.9). Whoever publishes computes them from the changes of
    /// the label; what a row says of them does not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relabels: Vec<LabelledMove>,
}

impl DatasetRecord {
    /// The id, a URL.
    pub fn id(&self) -> &str {
        self.consent.id.as_str()
    }

    /// A participant as the custodian's list has them: SHA-256, lower-case hexadecimal, of the dataset's id, a line feed
    /// and the pseudonym, so that the list names nobody and says nothing across datasets.
    #[must_use]
    pub fn participant(&self, pseudonym: &str) -> String {
        let text = format!("{}\n{pseudonym}", self.id());
        crate::decide::hex_digest(text.as_bytes())
    }

    /// Votes that a grant needs.
    pub fn votes_needed(&self) -> u32 {
        self.quorum.unwrap_or(match self.mode {
            DatasetMode::Download => 1,
            DatasetMode::ComputeOnly => 2,
        })
    }
}

/// A data access committee.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CommitteeRecord {
    /// Its id. What ControlledAccessGrants visas name as `source` stands in the dataset's consent record.
    pub id: String,
    /// Its institution, by [`InstitutionRecord::id`].
    pub institution: String,
    /// Its name for people.
    #[serde(default)]
    pub title: String,
}

/// An institution of the register.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InstitutionRecord {
    /// Its id, as `source` and `institution` name it (a ROR id or another URL).
    pub id: String,
    /// What stands after the `@` in affiliations of its people, lower case, exact.
    #[serde(default)]
    pub scopes: BTreeSet<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Works without aim for profit; `None`: not known.
    #[serde(default)]
    pub nonprofit: Option<bool>,
    /// A company. `None` counts as one.
    #[serde(default)]
    pub commercial: Option<bool>,
}

/// A machine: a node's TES or WES, an engine, a gateway, a consent service.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceRecord {
    /// Its id (a URL or a client id).
    pub id: String,
    /// Who runs it, by [`InstitutionRecord::id`].
    pub operator: String,
    /// Where it stands, ISO 3166-1 alpha-2.
    pub country: String,
    /// The data classes that it may process.
    #[serde(default)]
    pub certified: BTreeSet<Access>,
    /// A secure processing environment with a passed probe in the last 30 days.
    #[serde(default)]
    pub secure_environment: bool,
    /// Suspended on this node.
    #[serde(default)]
    pub suspended: bool,
    /// `workflow-engine`, `consent-service`, …
    #[serde(default)]
    pub roles: BTreeSet<String>,
}

/// A place for outputs.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SinkRecord {
    /// The prefix; ends with `/`.
    pub prefix: StorageUrl,
    /// Whose it is, by [`InstitutionRecord::id`].
    pub owner: String,
    /// Where it lies, ISO 3166-1 alpha-2.
    pub country: String,
    /// Outputs stay inside a secure environment until released. Default: no.
    #[serde(default)]
    pub secure: bool,
    /// The group that writes here.
    #[serde(default)]
    pub group: Option<String>,
    /// Behind this project's wall.
    #[serde(default)]
    pub project: Option<String>,
}

/// A team or project of researchers.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRecord {
    /// Its id.
    pub id: String,
    /// Who belongs to it, by any identity.
    #[serde(default)]
    pub members: Vec<VisaIdentity>,
    /// The group that holds this one.
    #[serde(default)]
    pub within: Option<String>,
    /// Members see each other's tasks and runs.
    #[serde(default)]
    pub shares_tasks: bool,
    /// … and their logs.
    #[serde(default)]
    pub shares_logs: bool,
    /// The group whose members see and cancel all its work.
    #[serde(default)]
    pub admins: Option<String>,
}

/// What a role row gives.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleGrant {
    /// `operator`, `administrator`, `auditor`, `catalogue-editor`.
    Role(String),
    /// Membership of a committee.
    Committee(String),
}

/// A person's role, until its end.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RoleRecord {
    /// Who, by any identity.
    pub person: VisaIdentity,
    /// What.
    pub grant: RoleGrant,
    /// Its end.
    pub until: Timestamp,
}

/// Who placed a hold; only they end it (consent.md 5.1).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldOrigin {
    /// A consent service, by [`ServiceRecord::id`].
    Service(String),
    /// A committee, by [`CommitteeRecord::id`].
    Committee(String),
}

/// A hold on a dataset or a part of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HoldRecord {
    /// The dataset.
    pub dataset: String,
    /// Kind, scope, target, time.
    pub hold: ConsentHold,
    /// Who placed it.
    pub origin: HoldOrigin,
}

/// How many administrators a node has (policy.md 6).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Governance {
    /// One administrator only: the author may approve what concerns no data. A gap that every page shows.
    Single,
    /// Two or more: four eyes everywhere.
    #[default]
    Dual,
}
