//! The node that changes, and how its tables change.

use std::collections::BTreeSet;

use visa_verifier::trust::{TrustEntry, TrustPolicy};

use crate::{
    catalogue::{ObjectMap, ObjectRecord, PrefixMap, PrefixRecord},
    consent::{Access, ConsentHold, Dataset, HoldKind, HoldScope, State, Term, dataset::Role as AffiliationRole},
    decide::tests::node::*,
    snapshot::{Bar, BarKind, DatasetMode, HoldOrigin, HoldRecord, Snapshot},
};

/// The demo's node with something of everything that can get weaker.
pub(super) fn base() -> Snapshot {
    let mut snapshot = snapshot();
    let a = &mut snapshot.datasets[0];
    a.consent.uses[0].terms.extend([
        term("DUO:0000021", &[]),
        term("DUO:0000022", &["EU"]),
        term("DUO:0000045", &[]),
    ]);
    a.consent.agreements = vec![name("https://biobank.example.org/terms/1")];
    a.consent.affiliation_sources = Some(vec![name(UNI)]);
    a.consent.affiliation_roles = Some(BTreeSet::from([AffiliationRole::Faculty, AffiliationRole::Staff]));
    a.consent.approval_sets = vec![BTreeSet::from([name(FOREIGN_DAC)])];
    a.consent.expires = Some(at("2030-01-01T00:00:00Z"));
    a.consent.labelled = Some(at("2026-01-01T00:00:00Z"));
    a.allowed_regions = Some(BTreeSet::from(["EU".to_owned()]));
    a.min_authn = 2;
    let b = &mut snapshot.datasets[1];
    b.participants = BTreeSet::from(["cd".repeat(32)]);
    (b.mode, b.discoverable, b.consent.bound_purpose, b.quorum) = (DatasetMode::ComputeOnly, false, true, None);
    snapshot.datasets[3].consent.state = State::Suspended;
    snapshot.holds = vec![HoldRecord {
        dataset: dataset_id("C"),
        hold: hold(HoldKind::Withdrawn, "p5", None),
        origin: HoldOrigin::Committee(DAC.to_owned()),
    }];
    snapshot.prefixes = PrefixMap::new(vec![prefix("s3://lake/", "C"), prefix("s3://lake/a", "A")]).unwrap();
    snapshot.bars = vec![Bar {
        person: snapshot.person(&identity("tom")),
        kind: BarKind::Suspended,
        until: None,
    }];
    snapshot.stop.datasets.insert(dataset_id("D"));
    snapshot.revocations.visas.insert("jti:gone".to_owned());
    snapshot.sinks[0].secure = true;
    snapshot.services[0].certified.remove(&Access::Registered);
    snapshot
}

pub(super) fn hold(kind: HoldKind, person: &str, until: Option<&str>) -> ConsentHold {
    let id = name(&format!("hold-{person}"));
    let from = at("2026-11-01T00:00:00Z");
    ConsentHold::new(
        id,
        kind,
        HoldScope::Participant,
        Some(name(person)),
        from,
        until.map(at),
    )
    .unwrap()
}

pub(super) fn prefix(url: &str, letter: &str) -> PrefixRecord {
    PrefixRecord {
        prefix: url.to_owned(),
        dataset: name(&dataset_id(letter)),
        groups: None,
    }
}

pub(super) fn objects(snapshot: &mut Snapshot, change: fn(&mut Vec<ObjectRecord>)) {
    let mut list: Vec<ObjectRecord> = snapshot.objects.clone().into();
    change(&mut list);
    snapshot.objects = ObjectMap::new(list).unwrap();
}

pub(super) fn prefixes(snapshot: &mut Snapshot, change: fn(&mut Vec<PrefixRecord>)) {
    let mut list: Vec<PrefixRecord> = snapshot.prefixes.clone().into();
    change(&mut list);
    snapshot.prefixes = PrefixMap::new(list).unwrap();
}

pub(super) fn trust(snapshot: &mut Snapshot, change: fn(&mut Vec<TrustEntry>)) {
    let mut list: Vec<TrustEntry> = snapshot.trust.entries().cloned().collect();
    change(&mut list);
    snapshot.trust = TrustPolicy::new(Vec::new(), list).unwrap();
}

pub(super) fn terms(snapshot: &mut Snapshot) -> &mut Vec<Term> {
    &mut snapshot.datasets[0].consent.uses[0].terms
}

pub(super) fn a(snapshot: &mut Snapshot) -> &mut Dataset {
    &mut snapshot.datasets[0].consent
}
