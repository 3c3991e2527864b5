//! `Engine`: one snapshot, compiled. Immutable; an `Arc` of it serves a request from start to end.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use ring::digest;
use visa_verifier::seam::Timestamp;

use super::{Decision, Facts, GovernQuestion, WorkItem, govern, inquiry::Inquiry, read, work};
use crate::{
    consent::{Dataset, Tables},
    entity::{Register, SchemaParts, standing_things, uid},
    error::BundleError,
    intent::{Action, Intent},
    policy::{Policies, baseline_digest},
    snapshot::{DatasetRecord, HoldRecord, RoleGrant, ServiceRecord, Snapshot},
};

/// A snapshot with its policies compiled and its records checked.
#[derive(Debug)]
pub struct Engine {
    pub(crate) snapshot: Snapshot,
    pub(crate) schema: &'static SchemaParts,
    pub(crate) policies: Arc<Policies>,
    pub(crate) register: Register,
    /// Datasets with their holds, by id; the position is that in the snapshot.
    pub(crate) datasets: HashMap<String, (usize, Dataset)>,
    pub(crate) tables: Arc<Tables>,
    baseline: String,
    /// Each engine of a process has its own.
    generation: u64,
    /// What decisions about anybody and any data may read, as a digest; made when it is first asked for.
    common: OnceLock<String>,
}

static GENERATIONS: AtomicU64 = AtomicU64::new(1);

impl Engine {
    /// Compiles and checks a snapshot.
    ///
    /// # Errors
    /// [`BundleError`]: a policy that does not parse, fit or explain itself, or a record that names what is not there.
    pub fn load(snapshot: Snapshot) -> Result<Self, BundleError> {
        let policies = Policies::of(&snapshot, SchemaParts::shared()?)?;
        Self::with(snapshot, Arc::new(policies))
    }

    /// As [`Engine::load`], with the compiled policies of this engine if the snapshot has the same: a hold or a stop
    /// waits for no compiler.
    ///
    /// # Errors
    /// [`BundleError`]
    pub fn next(&self, snapshot: Snapshot) -> Result<Self, BundleError> {
        if Policies::are_those_of(&self.snapshot, &snapshot) {
            Self::with(snapshot, Arc::clone(&self.policies))
        } else {
            Self::load(snapshot)
        }
    }

    fn with(snapshot: Snapshot, policies: Arc<Policies>) -> Result<Self, BundleError> {
        let schema = SchemaParts::shared()?;
        let tables = snapshot.tables.tables()?;
        let things = standing_things(&snapshot, &schema.types, tables.countries())?;
        let register = Register::new(things, schema.actions.clone(), &schema.schema)?;
        if let Some((id, _)) = register.dangling() {
            return Err(BundleError::Record {
                what: "record",
                id: id.to_string(),
                fault: "names what is not there",
            });
        }
        let datasets = datasets(&snapshot)?;
        check(&snapshot, &register, schema, &datasets)?;
        Ok(Self {
            snapshot,
            schema,
            policies,
            register,
            datasets,
            tables,
            baseline: baseline_digest(),
            generation: GENERATIONS.fetch_add(1, Ordering::Relaxed),
            common: OnceLock::new(),
        })
    }

    /// Judges a whole request: every part of it must be permitted.
    pub fn decide(&self, facts: &Facts, intent: &Intent, now: Timestamp) -> Decision {
        Inquiry::of(self, &self.own(facts), intent, None, now).run()
    }

    /// Judges what a task or run reads through a capability: it is the principal, under its owner's facts.
    ///
    /// `intent` has the action `drs:task-stream`, the reads, and the purpose that the work was permitted for.
    pub fn stream(&self, owner: &Facts, work: &WorkItem, intent: &Intent, now: Timestamp) -> Decision {
        Inquiry::of(self, &self.own(owner), intent, Some(work), now).run()
    }

    /// Judges a question of administration.
    pub fn govern(&self, facts: &Facts, question: &GovernQuestion, now: Timestamp) -> Decision {
        govern::decide(self, &self.own(facts), question, now)
    }

    /// Judges seeing, reading the logs of, or cancelling a task or run that is there already.
    pub fn work(&self, facts: &Facts, action: Action, item: &WorkItem, now: Timestamp) -> Decision {
        work::decide(self, &self.own(facts), action, item, now)
    }

    /// The snapshot.
    pub const fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The terms, the ontology and the countries that consent is judged by on this snapshot.
    pub fn tables(&self) -> Arc<Tables> {
        Arc::clone(&self.tables)
    }

    /// The policies in force.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// SHA-256 of the baseline in force, lower-case hex.
    pub fn baseline_digest(&self) -> &str {
        &self.baseline
    }

    /// A dataset's record.
    pub fn dataset(&self, id: &str) -> Option<&DatasetRecord> {
        self.datasets
            .get(id)
            .and_then(|(at, _)| self.snapshot.datasets.get(*at))
    }

    /// A dataset as people name it: by its id, else by its short name. An id always goes first, so that nobody's short
    /// name can stand for another dataset.
    pub fn dataset_named(&self, name: &str) -> Option<&DatasetRecord> {
        let by_short_name = || self.snapshot.datasets.iter().find(|record| record.short_name == name);
        self.dataset(name).or_else(by_short_name)
    }

    /// A dataset as consent judges it, with all its holds.
    pub fn consent_dataset(&self, id: &str) -> Option<&Dataset> {
        self.datasets.get(id).map(|(_, dataset)| dataset)
    }

    /// A service's record.
    pub fn service(&self, id: &str) -> Option<&ServiceRecord> {
        self.snapshot.services.iter().find(|service| service.id == id)
    }

    /// Whether the caller may know that a dataset exists: it is discoverable, they hold a grant for it, or they
    /// belong to its committee.
    pub fn may_know(&self, facts: &Facts, dataset: &str, now: Timestamp) -> bool {
        let Some(record) = self.dataset(dataset) else {
            return false;
        };
        let granted = || {
            facts.derived.grants.iter().any(|grant| {
                let approval = &grant.approval;
                approval.dataset.as_str() == dataset
                    && record.consent.dac.contains(&approval.source)
                    && now < approval.expires
            })
        };
        let sits = || {
            facts
                .roles(now)
                .any(|role| *role == RoleGrant::Committee(record.dac.clone()))
        };
        record.discoverable || granted() || sits()
    }

    pub(super) const fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn common(&self) -> &str {
        self.common.get_or_init(|| read::common(self))
    }

    /// Facts as this snapshot sees them.
    pub(crate) fn own<'f>(&self, facts: &'f Facts) -> Cow<'f, Facts> {
        if facts.derived.version == self.snapshot.version {
            Cow::Borrowed(facts)
        } else {
            Cow::Owned(facts.on(&self.snapshot))
        }
    }
}

/// Datasets with the holds of the snapshot merged in.
fn datasets(snapshot: &Snapshot) -> Result<HashMap<String, (usize, Dataset)>, BundleError> {
    let mut map = HashMap::with_capacity(snapshot.datasets.len());
    for (at, record) in snapshot.datasets.iter().enumerate() {
        let mut dataset = record.consent.clone();
        dataset.groups = None;
        dataset.objects = None;
        dataset.participants = None;
        dataset.relabels.clone_from(&record.relabels);
        map.insert(record.id().to_owned(), (at, dataset));
    }
    for HoldRecord { dataset, hold, .. } in &snapshot.holds {
        let (_, held) = map.get_mut(dataset).ok_or_else(|| BundleError::Record {
            what: "hold",
            id: hold.id().to_string(),
            fault: "is on a dataset that is not there",
        })?;
        held.holds.push(hold.clone());
    }
    Ok(map)
}

/// Records that Cedar's store doesn't hold together.
fn check(
    snapshot: &Snapshot,
    register: &Register,
    schema: &SchemaParts,
    datasets: &HashMap<String, (usize, Dataset)>,
) -> Result<(), BundleError> {
    let fault = |what, id: &str, fault| {
        Err(BundleError::Record {
            what,
            id: id.to_owned(),
            fault,
        })
    };
    if !register.has(&uid(&schema.types.service, &snapshot.node)) {
        return fault("node", &snapshot.node, "is not among the services");
    }
    for row in &snapshot.roles {
        if let RoleGrant::Committee(id) = &row.grant
            && !register.has(&uid(&schema.types.dac, id))
        {
            return fault("role", id, "is of a committee that is not there");
        }
    }
    for (dataset, id) in snapshot.objects.datasets() {
        if !datasets.contains_key(dataset.as_str()) {
            return fault("object", id.as_str(), "is of a dataset that is not there");
        }
    }
    for record in snapshot.prefixes.iter() {
        if !datasets.contains_key(record.dataset.as_str()) {
            return fault("prefix", record.prefix.as_str(), "is of a dataset that is not there");
        }
    }
    if let Some(sink) = snapshot.sinks.iter().find(|sink| !sink.prefix.is_prefix()) {
        return fault("sink", &sink.prefix.to_string(), "is no prefix: it must end with `/`");
    }
    Ok(())
}

/// SHA-256, lower-case hex.
pub(crate) fn hex_digest(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let digest = digest::digest(&digest::SHA256, bytes);
    let nibbles = digest.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.filter_map(|nibble| DIGITS.get(usize::from(nibble))).collect()
}
