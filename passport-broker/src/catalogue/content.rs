//! The governed rows that a snapshot is made of, each read into its record.

use std::collections::{BTreeMap, BTreeSet};

use policy_engine::catalogue::{CatalogueError, ObjectMap, ObjectRecord, PrefixMap, PrefixRecord};
use policy_engine::snapshot::{
    CommitteeRecord, DatasetRecord, InstitutionRecord, RoleRecord, ServiceRecord, SinkRecord, Snapshot,
};
use visa_verifier::VisaType;
use visa_verifier::trust::{TrustError, TrustPolicy};

use crate::store::StoreError;
use crate::store::clients::ClientRow;
use crate::store::governed::{Governed, RowKind, Sealed};
use crate::store::grants::{Application, AttestedPurpose, DefaultPurpose, Grant};
use crate::store::holds::HoldRow;
use crate::store::register::{TrustRow, UpstreamRow};
use crate::store::roles::RoleRow;

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
    pub(crate) trust: BTreeMap<String, TrustRow>,
    pub(crate) holds: BTreeMap<String, HoldRow>,
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
                RowKind::Client => row.read::<ClientRow>().map(drop)?,
                RowKind::Upstream => row.read::<UpstreamRow>().map(drop)?,
                RowKind::Application => row.read::<Application>().map(drop)?,
                RowKind::Grant => row.read::<Grant>().map(drop)?,
                RowKind::Purpose => row.read::<AttestedPurpose>().map(drop)?,
                RowKind::DefaultPurpose => row.read::<DefaultPurpose>().map(drop)?,
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
        snapshot.objects = ObjectMap::new(self.objects.into_values().collect()).map_err(catalogue)?;
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
        snapshot.trust = trust(self.trust.into_values(), snapshot.trust.audience().to_vec())?;
        Ok(())
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

fn put<T: Governed>(map: &mut BTreeMap<String, T>, row: &Sealed) -> Result<(), StoreError> {
    let meaning: T = row.read()?;
    if meaning.live() {
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
            // The one custom type that this node reads: the purpose of an approval, of an issuer that may say so
            // (consent.md 2.9).
            let purpose = VisaType::named(&format!("{}/visas/purpose/v1", entry.id.as_str().trim_end_matches('/')));
            if entry.may_assert(&purpose) {
                policy.support(&purpose);
            }
        }
    }
    Ok(policy)
}
