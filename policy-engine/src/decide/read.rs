//! What a decision about an intent read, as values that can be compared on another snapshot.

use std::{collections::BTreeMap, sync::Arc};

use visa_verifier::seam::Timestamp;

use super::{
    Engine, Facts,
    facts::{Derived, Who},
    hex_digest,
};
use crate::{
    catalogue::Asked,
    consent::{Dataset, Name, label::first_second},
    intent::Intent,
    snapshot::Snapshot,
};

/// All that a decision read of a snapshot.
#[derive(Clone, Debug)]
pub(super) struct Read {
    /// Policies, tables, stop list, and the records that any decision may reach.
    common: String,
    /// What follows of bars, trust, revocations, roles and links for this person.
    pub(super) derived: Arc<Derived>,
    /// Each dataset concerned, with its holds.
    datasets: BTreeMap<String, Option<String>>,
    /// Where each thing that is read leads.
    places: Vec<BTreeMap<Name, Asked>>,
}

impl PartialEq for Read {
    fn eq(&self, other: &Self) -> bool {
        self.common == other.common
            && self.datasets == other.datasets
            && self.places == other.places
            && self.derived.says_as(&other.derived)
    }
}

/// What this engine's decision about an intent reads.
pub(super) fn read(engine: &Engine, facts: &Facts, intent: &Intent) -> Read {
    let places: Vec<_> = intent.reads.iter().map(|read| engine.locate(&read.data)).collect();
    let found = places.iter().flat_map(|place| place.keys()).map(Name::as_str);
    let declared = intent.session.iter().flat_map(|scope| &scope.datasets);
    let datasets = found.chain(declared.map(String::as_str)).map(|id| {
        let whole = engine.dataset(id).zip(engine.consent_dataset(id));
        let digest = whole.map(|whole| hex_digest(format!("{whole:?}").as_bytes()));
        (id.to_owned(), digest)
    });
    Read {
        common: engine.common().to_owned(),
        derived: Arc::clone(&facts.derived),
        datasets: datasets.collect(),
        places,
    }
}

/// The digest of what decisions about anybody and any data may read. A new section of the snapshot has to be put in or
/// left out here: what is left out must reach decisions by another part of [`Read`] only.
pub(super) fn common(engine: &Engine) -> String {
    let Snapshot {
        version: _,
        published: _,
        // by `Read::datasets` and `Read::places`
        datasets,
        objects: _,
        prefixes: _,
        holds: _,
        // by `Read::derived`
        persons: _,
        bars: _,
        revocations: _,
        roles: _,
        trust: _,
        // decides when a Passport is fetched anew, before anything is decided
        changed: _,
        node,
        governance,
        drs_hosts,
        sinks,
        institutions,
        committees,
        services,
        person_key,
        groups,
        stop,
        tables,
        standard,
        policies,
        links,
        observe,
    } = engine.snapshot();
    // Countries lie in the regions that any dataset names.
    let regions: std::collections::BTreeSet<&String> = datasets
        .iter()
        .flat_map(|dataset| dataset.allowed_regions.iter().flatten())
        .collect();
    let places = (node, governance, drs_hosts, sinks, institutions, regions);
    let people = (committees, services, person_key, groups, stop, tables);
    let rules = (standard, policies, links, observe, engine.baseline_digest());
    match serde_json::to_vec(&(places, people, rules)) {
        Ok(bytes) => hex_digest(&bytes),
        // equal to nothing
        Err(_) => format!("generation {}", engine.generation()),
    }
}

/// The next moment at which a fact that a decision could rest on begins or ends.
pub(super) fn next_change(engine: &Engine, facts: &Facts, intent: &Intent, read: &Read, now: Timestamp) -> Timestamp {
    let derived = &facts.derived;
    let bars = derived.bars.iter().filter_map(|bar| bar.until);
    let houses = derived.houses.iter().map(|house| house.until);
    let roles = derived.roles.iter().map(|(_, until)| *until);
    let grants = derived.grants.iter();
    let grants = grants.flat_map(|grant| [grant.approval.starts, grant.approval.expires]);
    let visas = facts.visas().iter().flat_map(|visa| [visa.asserted, visa.expires]);
    let session = [Some(facts.session.token_expires), facts.session.authenticated];
    let scope = intent.session.iter().map(|scope| scope.expires);
    let observed = engine.snapshot().observe.iter().map(|row| row.until);
    let datasets = read.datasets.keys().filter_map(|id| engine.consent_dataset(id));
    bars.chain(houses)
        .chain(roles)
        .chain(grants)
        .chain(visas)
        .chain(session.into_iter().flatten())
        .chain(scope)
        .chain(observed)
        .chain(datasets.flat_map(of_dataset))
        .chain(of_purposes(facts, intent))
        .filter(|at| now < *at)
        .min()
        .unwrap_or(Timestamp::MAX)
}

/// The moments of a dataset: its holds', its end, and the days of its label.
fn of_dataset(dataset: &Dataset) -> impl Iterator<Item = Timestamp> {
    let holds = dataset.holds.iter();
    let holds = holds.flat_map(|hold| [Some(hold.from()), hold.until()]).flatten();
    let terms = dataset.uses.iter().flat_map(|group| &group.terms);
    let days = terms.filter_map(|term| first_second(term.date.as_ref()?.as_str()));
    holds.chain(dataset.expires).chain(days)
}

/// The moments of the ethics approvals that a stated purpose carries.
fn of_purposes<'q>(facts: &'q Facts, intent: &'q Intent) -> impl Iterator<Item = Timestamp> + 'q {
    let session = &facts.session;
    let stated = [&intent.purpose, &session.token_purpose, &session.default_purpose];
    let ethics = stated.into_iter().flatten().flat_map(|purpose| &purpose.ethics);
    ethics.flat_map(|entry| [Some(entry.starts), entry.expires]).flatten()
}

/// Whether a policy that this intent may be asked about reads the clock, beyond a grant's end.
pub(super) fn hurries(engine: &Engine, facts: &Facts, intent: &Intent) -> bool {
    let types = &engine.schema.types;
    let principal = match facts.who {
        Who::Person(_) => &types.researcher,
        Who::Service(_) => &types.service,
    };
    engine.policies.reads_clock(&types.action(intent.action), principal)
}
