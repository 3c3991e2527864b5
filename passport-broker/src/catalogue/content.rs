//! The governed rows that a snapshot is made of, each read into its record.

use std::collections::{BTreeMap, BTreeSet};

use policy_engine::catalogue::list::ListError;
use policy_engine::catalogue::{CatalogueError, ObjectMap, ObjectRecord, PrefixMap, PrefixRecord};
use policy_engine::consent::ResearchPurpose;
use policy_engine::decide::{GROUP, MEMBERSHIP};
use policy_engine::error::BundleError;
use policy_engine::policy::Policies;
use policy_engine::snapshot::{
    CommitteeRecord, DatasetRecord, GroupRecord, InstitutionRecord, NodeTables, ObserveRow, RoleRecord, ServiceRecord,
    SinkRecord, Snapshot, StopList, TemplateLink,
};
use visa_verifier::VisaType;
use visa_verifier::seam::Timestamp;
use visa_verifier::trust::{TrustEntry, TrustError, TrustPolicy};

use super::files::Files;
use crate::change::relabel;
use crate::store::StoreError;
use crate::store::applications::AccessApplication;
use crate::store::bundles::BundleRow;
use crate::store::changes::{ChangeRow, ChangeState, Relabelled};
use crate::store::clients::ClientRow;
use crate::store::drafts::DraftRow;
use crate::store::governed::{Governed, RowKind, Sealed};
use crate::store::grants::{Application, AttestedPurpose, DefaultPurpose, Grant};
use crate::store::holds::HoldRow;
use crate::store::links::LinkRow;
use crate::store::register::{TrustRow, UpstreamRow};
use crate::store::registrations::RegistrationRow;
use crate::store::roles::RoleRow;
use crate::store::statements::StatementRow;
use crate::store::stops::{StopRow, StopTarget};
use crate::store::tables::{ObjectsRow, TableRow};
use crate::store::terms::{AcceptanceRow, TermsRow};
use crate::store::watched::WatchedRow;
use crate::store::webhooks::WebhookRow;

/// The newest live rows, by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    pub(crate) institutions: BTreeMap<String, InstitutionRecord>,
    pub(crate) committees: BTreeMap<String, CommitteeRecord>,
    pub(crate) datasets: BTreeMap<String, DatasetRecord>,
    pub(crate) objects: BTreeMap<String, ObjectRecord>,
    pub(crate) prefixes: BTreeMap<String, PrefixRecord>,
    pub(crate) sinks: BTreeMap<String, SinkRecord>,
    pub(crate) services: BTreeMap<String, ServiceRecord>,
    pub(crate) roles: BTreeMap<String, RoleRow>,
    pub(crate) statements: BTreeMap<String, StatementRow>,
    pub(crate) trust: BTreeMap<String, TrustRow>,
    pub(crate) holds: BTreeMap<String, HoldRow>,
    pub(crate) clients: BTreeMap<String, ClientRow>,
    pub(crate) upstreams: BTreeMap<String, UpstreamRow>,
    pub(crate) terms: BTreeMap<String, TermsRow>,
    pub(crate) webhooks: BTreeMap<String, WebhookRow>,
    pub(crate) registrations: BTreeMap<String, RegistrationRow>,
    pub(crate) groups: BTreeMap<String, GroupRecord>,
    /// Identities that were added to accounts, ended ones too: bars follow them.
    pub(crate) links: BTreeMap<String, LinkRow>,
    pub(crate) stops: BTreeMap<String, StopRow>,
    pub(crate) bundles: BTreeMap<String, BundleRow>,
    /// Policies that are only watched, by their ids.
    pub(crate) watched: BTreeMap<String, WatchedRow>,
    pub(crate) tables: BTreeMap<String, TableRow>,
    pub(crate) object_lists: BTreeMap<String, ObjectsRow>,
    /// What tables and lists of objects name by digest.
    pub(crate) files: Files,
    /// What changes in force did to approvals given by earlier labels, by the change's id.
    pub(crate) relabels: BTreeMap<String, Vec<Relabelled>>,
    /// Purposes that somebody recorded: of grants, attested, chosen. What a change does to them is told before it counts.
    pub(crate) purposes: Vec<ResearchPurpose>,
}

/// Rows that contradict each other.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// Objects or prefixes.
    #[error("the catalogue contradicts itself")]
    Catalogue {
        /// How.
        source: CatalogueError,
    },
    /// A row names a file that is not here.
    #[error("the file of the {what} `{id}` is not on this node: send it first")]
    FileMissing {
        /// What it would be.
        what: &'static str,
        /// The row.
        id: String,
    },
    /// A table that nothing rests on.
    #[error("there is no table `{id}`: `mondo` and `countries` are")]
    NoSuchTable {
        /// Its id.
        id: String,
    },
    /// A list of objects that is none.
    #[error("the list of objects `{id}` cannot be read: {source}")]
    List {
        /// The row.
        id: String,
        /// Why.
        source: ListError,
    },
    /// Trust entries.
    #[error("the trust entries contradict each other")]
    Trust {
        /// How.
        source: TrustError,
    },
}

impl ContentError {
    /// Stable: tests and dashboards compare it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Catalogue { source } => source.code(),
            Self::FileMissing { .. } => "catalogue.file_missing",
            Self::NoSuchTable { .. } => "catalogue.no_such_table",
            Self::List { source, .. } => source.code(),
            Self::Trust { .. } => "catalogue.trust_contradiction",
        }
    }
}

impl Content {
    /// Reads sealed rows, versions in order: a later one replaces the one before, a dead one removes it.
    pub(crate) fn read(rows: &[Sealed]) -> Result<Self, StoreError> {
        let mut content = Self::default();
        for row in rows {
            match row.kind {
                RowKind::Institution => put(&mut content.institutions, row)?,
                RowKind::Dac => put(&mut content.committees, row)?,
                RowKind::Dataset => put(&mut content.datasets, row)?,
                RowKind::Object => put(&mut content.objects, row)?,
                RowKind::Prefix => put(&mut content.prefixes, row)?,
                RowKind::Sink => put(&mut content.sinks, row)?,
                RowKind::Service => put(&mut content.services, row)?,
                RowKind::Role => put(&mut content.roles, row)?,
                RowKind::Trust => put(&mut content.trust, row)?,
                RowKind::Hold => put(&mut content.holds, row)?,
                // not in the snapshot, but a row that cannot be read stops publication all the same
                RowKind::Client => put(&mut content.clients, row)?,
                RowKind::Upstream => put(&mut content.upstreams, row)?,
                RowKind::Application => row.read::<Application>().map(drop)?,
                RowKind::AccessApplication => row.read::<AccessApplication>().map(drop)?,
                RowKind::Grant => {
                    let grant: Grant = row.read()?;
                    content.purposes.extend(grant.purpose.filter(|_| row.live));
                }
                RowKind::Purpose => {
                    let attested: AttestedPurpose = row.read()?;
                    content.purposes.extend(row.live.then_some(attested.purpose));
                }
                RowKind::DefaultPurpose => {
                    let chosen: DefaultPurpose = row.read()?;
                    content.purposes.extend(chosen.purpose.filter(|_| row.live));
                }
                RowKind::Change => {
                    let change: ChangeRow = row.read()?;
                    if change.state == ChangeState::Applied && !change.relabels.is_empty() {
                        content.relabels.insert(change.id, change.relabels);
                    }
                }
                RowKind::Draft => row.read::<DraftRow>().map(drop)?,
                RowKind::Stop => put(&mut content.stops, row)?,
                RowKind::Bundle => put(&mut content.bundles, row)?,
                RowKind::Table => put(&mut content.tables, row)?,
                RowKind::Objects => put(&mut content.object_lists, row)?,
                RowKind::Group => put(&mut content.groups, row)?,
                RowKind::Link => {
                    let link: LinkRow = row.read()?;
                    content.links.insert(row.id.clone(), link);
                }
                RowKind::Observe => put(&mut content.watched, row)?,
                RowKind::Terms => put(&mut content.terms, row)?,
                RowKind::Webhook => put(&mut content.webhooks, row)?,
                RowKind::Registration => put(&mut content.registrations, row)?,
                RowKind::Statement => put(&mut content.statements, row)?,
                RowKind::Acceptance => row.read::<AcceptanceRow>().map(drop)?,
            }
        }
        Ok(content)
    }

    /// Moves the rows into a snapshot that has the rest already.
    pub(crate) fn fill(self, snapshot: &mut Snapshot) -> Result<(), ContentError> {
        let catalogue = |source| ContentError::Catalogue { source };
        snapshot.institutions = self.institutions.into_values().collect();
        snapshot.committees = self.committees.into_values().collect();
        snapshot.datasets = self.datasets.into_values().collect();
        let lists = self.files.objects(&self.object_lists)?;
        snapshot.objects = ObjectMap::with_lists(self.objects.into_values().collect(), lists).map_err(catalogue)?;
        snapshot.tables = self.files.tables(&self.tables)?;
        relabel(&mut snapshot.datasets, &snapshot.tables, &self.relabels);
        snapshot.prefixes = PrefixMap::new(self.prefixes.into_values().collect()).map_err(catalogue)?;
        snapshot.sinks = self.sinks.into_values().collect();
        snapshot.services = self.services.into_values().collect();
        register_node(snapshot);
        snapshot.roles = self
            .roles
            .into_values()
            .map(|row| RoleRecord {
                person: row.person,
                grant: row.role,
                until: row.until,
            })
            .collect();
        snapshot.holds = self.holds.into_values().map(|row| row.record).collect();
        snapshot.groups = self.groups.into_values().collect();
        snapshot.stop = StopList::default();
        for stop in self.stops.into_values() {
            add_stop(stop, snapshot);
        }
        snapshot.standard = self.bundles.get(NODE_BUNDLE).and_then(|bundle| bundle.standard.clone());
        snapshot.policies.clear();
        snapshot.links.clear();
        snapshot.observe.clear();
        for bundle in self.bundles.into_values() {
            let opens = moved_on(&bundle, &snapshot.datasets);
            let links = bundle.links.into_iter().filter(|link| !opens.contains(&link.id));
            snapshot.links.extend(links);
            snapshot.policies.extend(bundle.policies);
            let watched = bundle.observe.into_iter();
            let counts = |row: &ObserveRow| watches(&self.watched, &bundle.id, row, snapshot.published);
            snapshot.observe.extend(watched.filter(counts));
        }
        snapshot.trust = trust(self.trust.into_values(), snapshot.trust.audience().to_vec())?;
        Ok(())
    }
}

/// When labels count as changed is computed, whatever the rows say.
fn relabel(datasets: &mut [DatasetRecord], tables: &NodeTables, changes: &BTreeMap<String, Vec<Relabelled>>) {
    // tables that cannot be read stop the publication elsewhere
    let Ok(tables) = tables.tables() else { return };
    let moved: BTreeSet<&str> = changes.values().flatten().map(|one| one.dataset.as_str()).collect();
    for record in datasets {
        record.relabels = if moved.contains(record.id()) {
            relabel::moves(record, &tables, changes.values().flatten())
        } else {
            Vec::new()
        };
    }
}

/// A node that nobody registered yet is a service certified for nothing and suspended: no data, no work.
pub(super) fn register_node(snapshot: &mut Snapshot) {
    if snapshot.services.iter().any(|service| service.id == snapshot.node) {
        return;
    }
    let nobody = "urn:visum:unregistered".to_owned();
    // a country has to be an assigned one; nobody lives in this
    let nowhere = "AQ".to_owned();
    snapshot.institutions.push(InstitutionRecord {
        id: nobody.clone(),
        scopes: BTreeSet::new(),
        country: nowhere.clone(),
        nonprofit: None,
        commercial: None,
    });
    snapshot.services.push(ServiceRecord {
        id: snapshot.node.clone(),
        operator: nobody,
        country: nowhere,
        certified: BTreeSet::new(),
        secure_environment: false,
        suspended: true,
        roles: BTreeSet::new(),
    });
}

/// Whether a policy that a bundle asks to be watched is: its own event says so, and its end is ahead. At its end a policy is
/// in force; a row of the past would stop every publication.
fn watches(rows: &BTreeMap<String, WatchedRow>, bundle: &str, asked: &ObserveRow, now: Timestamp) -> bool {
    let recorded = rows.get(&asked.policy);
    asked.until > now && recorded.is_some_and(|row| row.bundle == bundle && row.until == asked.until)
}

/// A committee's links that open a dataset which is another committee's by now: they count no more. What it forbids stays.
fn moved_on(bundle: &BundleRow, datasets: &[DatasetRecord]) -> BTreeSet<String> {
    let Some(committee) = &bundle.committee else {
        return BTreeSet::new();
    };
    let shipped = Policies::shipped().ok();
    let forbids = |template: &str| {
        let note = shipped.as_ref().and_then(|shipped| shipped.note(template));
        note.is_some_and(|note| note.forbids)
    };
    let own = |id: &str| {
        datasets
            .iter()
            .any(|dataset| dataset.id() == id && dataset.dac == *committee)
    };
    let elsewhere = |link: &&TemplateLink| {
        let named = link.resource.as_ref().filter(|name| name.kind == "Visum::Dataset");
        !forbids(&link.template) && named.is_some_and(|name| !own(&name.id))
    };
    bundle
        .links
        .iter()
        .filter(elsewhere)
        .map(|link| link.id.clone())
        .collect()
}

/// The policies that these bundles make with the shipped ones.
pub(crate) fn policies<'r>(
    rows: impl IntoIterator<Item = &'r BundleRow>,
    watched: &BTreeMap<String, WatchedRow>,
    now: Timestamp,
) -> Result<Policies, BundleError> {
    let (mut files, mut links, mut observe, mut standard) = (Vec::new(), Vec::new(), Vec::new(), None);
    for row in rows {
        files.extend(row.policies.iter().cloned());
        links.extend(row.links.iter().cloned());
        let counts = row.observe.iter().filter(|asked| watches(watched, &row.id, asked, now));
        observe.extend(counts.cloned());
        if row.id == NODE_BUNDLE {
            standard.clone_from(&row.standard);
        }
    }
    Policies::with(standard.as_deref(), &files, &links, &observe, now)
}

/// The id of the node's own bundle; a committee's has the committee's.
const NODE_BUNDLE: &str = "node";

/// Adds an entry to a snapshot's stop list.
pub(super) fn add_stop(row: StopRow, snapshot: &mut Snapshot) {
    match row.target {
        StopTarget::All => snapshot.stop.all = true,
        StopTarget::Dataset(id) => drop(snapshot.stop.datasets.insert(id)),
        // the engine knows the identities that were ever linked with it
        StopTarget::Person(identity) => {
            let person = snapshot.person(&identity);
            snapshot.stop.persons.insert(person);
        }
        StopTarget::Issuer(issuer) => drop(snapshot.stop.issuers.insert(issuer)),
    }
}

fn put<T: Governed>(map: &mut BTreeMap<String, T>, row: &Sealed) -> Result<(), StoreError> {
    let meaning: T = row.read()?;
    if row.live {
        map.insert(row.id.clone(), meaning);
    } else {
        map.remove(&row.id);
    }
    Ok(())
}

fn trust(rows: impl Iterator<Item = TrustRow>, audience: Vec<String>) -> Result<TrustPolicy, ContentError> {
    let mut policy = TrustPolicy::new(audience, Vec::new()).map_err(|source| ContentError::Trust { source })?;
    for row in rows {
        for entry in row.policy.entries() {
            policy
                .add(entry.clone())
                .map_err(|source| ContentError::Trust { source })?;
            // A custom type that this node reads: the purpose of an approval, of an issuer that may say so
            // (consent.md 2.9).
            let purpose = VisaType::named(&format!("{}/visas/purpose/v1", entry.id.as_str().trim_end_matches('/')));
            if entry.may_assert(&purpose) {
                policy.support(&purpose);
            }
            // … and membership of a committee, of an issuer that is named for that very type.
            let group = format!("{}{GROUP}", entry.id.as_str().trim_end_matches('/'));
            if entry.visa_types.contains(&group) {
                policy.support(&VisaType::named(&group));
            }
            let membership = committee_type(entry);
            if entry.visa_types.contains(&membership) {
                policy.support(&VisaType::named(&membership));
            }
        }
    }
    Ok(policy)
}

/// The type of an issuer's visas that say who sits in a committee.
pub(crate) fn committee_type(entry: &TrustEntry) -> String {
    format!("{}{MEMBERSHIP}", entry.id.as_str().trim_end_matches('/'))
}
