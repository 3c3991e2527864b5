//! `Snapshot`: policies, catalogue, holds, trust, bars, revocations, stop list. Immutable once loaded.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use visa_verifier::{VisaIdentity, seam::Timestamp, trust::TrustPolicy};

use super::{
    Bar, CommitteeRecord, DatasetRecord, Governance, GroupRecord, HoldRecord, InstitutionRecord, NodeTables,
    PersonDigest, PersonKey, Revocations, RoleRecord, ServiceRecord, SinkRecord, StopList,
};
use crate::catalogue::{ObjectMap, PrefixMap};

/// A file of Cedar policies beyond the shipped ones.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyText {
    /// Its name, for messages.
    pub name: String,
    /// Cedar source. Every policy has its `@id`, `@reason`, and `@code` or `@needs`.
    pub text: String,
}

/// A shipped template, linked with values.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateLink {
    /// The template's `@id`.
    pub template: String,
    /// The id of the linked policy; not one of `visum.…`.
    pub id: String,
    /// The principal that fills the template's slot.
    #[serde(default)]
    pub principal: Option<crate::entity::EntityName>,
    /// The resource that fills the template's slot.
    #[serde(default)]
    pub resource: Option<crate::entity::EntityName>,
    /// Why it was made, for those who read the list.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A policy in observe mode: what it would deny is recorded and let through, until its end (policy.md 6).
///
/// Never one of the baseline, never one that reads consent's verdict, and for at most 14 days.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ObserveRow {
    /// The forbid's `@id`, or that of a link.
    pub policy: String,
    /// From here on it denies.
    pub until: Timestamp,
    /// Why it is not in force yet.
    pub reason: String,
}

/// All that decisions of this node rest on. The broker builds it, [`crate::decide::Engine::load`] takes it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// Grows with each publication; a lower one is refused.
    pub version: u64,
    /// When it was published.
    pub published: Timestamp,
    /// This node's own service, by [`ServiceRecord::id`]: where data are used unless an intent says otherwise.
    pub node: String,
    /// One administrator or more.
    #[serde(default)]
    pub governance: Governance,
    /// Host names of this node's DRS, lower case.
    #[serde(default)]
    pub drs_hosts: BTreeSet<String>,
    /// Datasets.
    #[serde(default)]
    pub datasets: Vec<DatasetRecord>,
    /// DRS ids to datasets.
    #[serde(default)]
    pub objects: ObjectMap,
    /// Storage prefixes to datasets.
    #[serde(default)]
    pub prefixes: PrefixMap,
    /// Places for outputs.
    #[serde(default)]
    pub sinks: Vec<SinkRecord>,
    /// The register of institutions.
    #[serde(default)]
    pub institutions: Vec<InstitutionRecord>,
    /// Committees.
    #[serde(default)]
    pub committees: Vec<CommitteeRecord>,
    /// Services.
    #[serde(default)]
    pub services: Vec<ServiceRecord>,
    /// Holds in force or ahead, each with its origin.
    #[serde(default)]
    pub holds: Vec<HoldRecord>,
    /// The key of all [`PersonDigest`]s below.
    #[serde(default)]
    pub person_key: PersonKey,
    /// Sets of identities that were ever proven to be one person (bars reach all of a set).
    #[serde(default)]
    pub persons: Vec<BTreeSet<PersonDigest>>,
    /// Barred people.
    #[serde(default)]
    pub bars: Vec<Bar>,
    /// When a person's facts last changed: a Passport fetched earlier is fetched anew.
    #[serde(default)]
    pub changed: BTreeMap<PersonDigest, Timestamp>,
    /// Visas that count no more.
    #[serde(default)]
    pub revocations: Revocations,
    /// Roles and committee membership.
    #[serde(default)]
    pub roles: Vec<RoleRecord>,
    /// Teams and projects.
    #[serde(default)]
    pub groups: Vec<GroupRecord>,
    /// The stop list.
    #[serde(default)]
    pub stop: StopList,
    /// Tables that verdicts rest on, where the node has its own.
    #[serde(default)]
    pub tables: NodeTables,
    /// Who is believed.
    pub trust: TrustPolicy,
    /// Policies in place of the shipped standard ones; `None`: the shipped ones.
    #[serde(default)]
    pub standard: Option<Vec<PolicyText>>,
    /// Further policies.
    #[serde(default)]
    pub policies: Vec<PolicyText>,
    /// Linked templates.
    #[serde(default)]
    pub links: Vec<TemplateLink>,
    /// Policies that are only watched.
    #[serde(default)]
    pub observe: Vec<ObserveRow>,
}

impl Snapshot {
    /// An empty snapshot: no data, nobody trusted, nothing permitted.
    pub fn empty(version: u64, published: Timestamp, node: impl Into<String>, trust: TrustPolicy) -> Self {
        Self {
            version,
            published,
            node: node.into(),
            governance: Governance::default(),
            drs_hosts: BTreeSet::new(),
            datasets: Vec::new(),
            objects: ObjectMap::default(),
            prefixes: PrefixMap::default(),
            sinks: Vec::new(),
            institutions: Vec::new(),
            committees: Vec::new(),
            services: Vec::new(),
            holds: Vec::new(),
            person_key: PersonKey::default(),
            persons: Vec::new(),
            bars: Vec::new(),
            changed: BTreeMap::new(),
            revocations: Revocations::default(),
            roles: Vec::new(),
            groups: Vec::new(),
            stop: StopList::default(),
            tables: NodeTables::default(),
            trust,
            standard: None,
            policies: Vec::new(),
            links: Vec::new(),
            observe: Vec::new(),
        }
    }

    /// The digest under which this snapshot names an identity.
    pub fn person(&self, identity: &VisaIdentity) -> PersonDigest {
        self.person_key.digest(identity)
    }

    /// When the facts of any of these identities last changed.
    pub fn changed_at<'a>(&self, identities: impl IntoIterator<Item = &'a VisaIdentity>) -> Option<Timestamp> {
        identities
            .into_iter()
            .filter_map(|identity| self.changed.get(&self.person(identity)))
            .max()
            .copied()
    }
}
