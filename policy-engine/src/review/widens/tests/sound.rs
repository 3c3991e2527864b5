//! Soundness: where any decision turns from a denial to a permit, `compare` says that the change widens. Snapshots are
//! changed at random in any place, and a finite set of people asks for everything, for a few purposes.

use proptest::prelude::*;
use serde_json::json;

use super::{super::compare, visa_verifier_by};
use crate::{
    consent::{ResearchPurpose, VouchedBy},
    decide::{
        Engine, Facts, GovernQuestion,
        tests::{
            cache::world::{REGISTERED, full, texts},
            leaves::{Dice, changed, places},
            node::*,
        },
    },
    intent::{Action, DataRef, Intent, StorageUrl},
    snapshot::Snapshot,
};

/// Judgements of consent for one comparison. What they do not suffice for widens.
const BUDGET: usize = 20_000;

fn purposes() -> Vec<ResearchPurpose> {
    let ethics = json!([{"id": "e", "institution": UNI, "starts": "2026-01-01T00:00:00Z", "verified_by": "so"}]);
    let all = [
        json!({"categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false, "project": "P1",
               "institution": UNI, "ethics": ethics}),
        json!({"categories": ["ancestry"], "commercial": true}),
        json!({"categories": ["biomedical", "methods"], "commercial": false, "institution": BIOBANK}),
    ];
    all.map(|one| serde_json::from_value(one).unwrap()).to_vec()
}

fn people(engine: &Engine) -> Vec<(&'static str, Facts)> {
    let mut visas = ada_visas();
    for letter in ["A", "B", "C", "D"] {
        for source in [DAC, FOREIGN_DAC] {
            let grant = grant(letter, BROKER, source);
            visas.push(purpose_visa(&grant, visa_verifier_by(), breast_cancer()));
            visas.push(grant);
        }
    }
    let status = REGISTERED;
    let terms = |value: &str| {
        let kind = visa_verifier::VisaType::AcceptedTermsAndPolicies;
        visa(kind, BROKER, value, UNI, VouchedBy::Own)
    };
    visas.extend([
        visa(
            visa_verifier::VisaType::ResearcherStatus,
            BROKER,
            status,
            UNI,
            VouchedBy::SigningOfficial,
        ),
        terms(status),
        terms("https://terms.example.org/1"),
    ]);
    let plain = vec![affiliation(UNI, "uni.example.org")];
    let mut found = Vec::new();
    for purpose in purposes() {
        let mut said = session(1);
        said.token_purpose = Some(purpose);
        said.country = Some("FI".to_owned());
        found.push(("ada", person("ada", visas.clone(), said.clone(), engine)));
        found.push(("tom", person("tom", plain.clone(), said, engine)));
    }
    found.push(("eve", person("eve", visas, session(2), engine)));
    found.push(("dan", dan(engine)));
    found.push(("noor", person("noor", plain, session(2), engine)));
    found
}

fn intents() -> Vec<Intent> {
    let storage = |url: &str| DataRef::Storage(StorageUrl::parse(url).unwrap());
    let data = [
        local("a1"),
        local("a2"),
        local("b1"),
        local("c1"),
        local("d1"),
        storage("s3://bucket/c/x"),
        storage("s3://bucket/c/"),
        DataRef::Dataset(dataset_id("A")),
        DataRef::Dataset(dataset_id("B")),
    ];
    let mut all = Vec::new();
    for (at, data) in data.into_iter().enumerate() {
        let mut intent = Intent::new([Action::DrsAccessUrl, Action::DrsStream, Action::DrsDescribe][at % 3]);
        intent.read(data, "").unwrap();
        all.push(intent);
    }
    let mut described = Intent::new(Action::DrsDescribe);
    described.read(local("a1"), "").unwrap();
    all.push(described);
    all.push(task(&["a1"], OUTPUT));
    all.push(task(&["b1", "c1"], OUTPUT));
    let mut elsewhere = task(&["c1"], OUTPUT);
    elsewhere.service = Some("https://other.example.org".to_owned());
    elsewhere.project = Some("wide".to_owned());
    all.push(elsewhere);
    all
}

/// What each person is permitted, by name.
fn decisions(engine: &Engine) -> Vec<(String, bool)> {
    let (mut found, intents) = (Vec::new(), intents());
    for (at, (who, facts)) in people(engine).iter().enumerate() {
        for (intent, number) in intents.iter().zip(0..) {
            let allow = engine.decide(facts, intent, now()).allow();
            found.push((format!("{who} ({at}): {} {number}", intent.action.name()), allow));
        }
        for letter in ["A", "B"] {
            let dataset = dataset_id(letter);
            let questions = [
                GovernQuestion::CatalogueEdit {
                    dataset: dataset.clone(),
                },
                GovernQuestion::HoldPlace {
                    dataset: dataset.clone(),
                },
                GovernQuestion::AuditRead { dataset: Some(dataset) },
            ];
            for question in questions {
                let allow = engine.govern(facts, &question, now()).allow();
                found.push((format!("{who} ({at}): {question:?}"), allow));
            }
        }
    }
    found
}

/// Places that are no facts of this comparison: its own moment, and policies, of which every change widens.
fn left_out(place: &str) -> bool {
    ["/version", "/published", "/policies", "/links", "/observe", "/standard"]
        .iter()
        .any(|section| place.starts_with(section))
}

/// The demo's node with something in every section, where more people are permitted more than in the cache's world.
fn start() -> Snapshot {
    let mut snapshot = full();
    for record in &mut snapshot.datasets {
        record.project = None;
        record.consent.holds.clear();
        record.consent.expires = None;
    }
    snapshot.holds.retain(|hold| hold.dataset != dataset_id("C"));
    snapshot
}

/// What was looked at.
#[derive(Debug, Default)]
struct Count {
    /// Changes that widen in one direction at most, so that all decisions were made on both sides.
    asked: usize,
    /// … that open something in the direction in which they widen.
    opened: usize,
}

/// Changes a snapshot in one to three places, and says where.
fn step(engine: &Engine, texts: &[String], dice: &mut Dice) -> Option<(Engine, Vec<String>)> {
    let mut value = serde_json::to_value(engine.snapshot()).unwrap();
    let mut all = Vec::new();
    places(&value, "", &mut all);
    all.retain(|place| !left_out(place));
    let (mut next, mut told) = (None, Vec::new());
    for _ in 0..=dice.below(6) / 3 {
        let place = all[dice.below(all.len())].clone();
        if let Some((changed, snapshot)) = changed::<Snapshot>(&value, &place, texts, dice) {
            told.push(format!(
                "{place} = {:?}",
                changed.pointer(&place).map(ToString::to_string)
            ));
            (value, next) = (changed, Some(snapshot));
        }
    }
    let mut snapshot = next?;
    snapshot.version = engine.snapshot().version + 1;
    Some((engine.next(snapshot).ok()?, told))
}

/// Walks from snapshot to snapshot.
fn walk(seed: u64, steps: usize, count: &mut Count) -> Result<(), String> {
    let mut dice = Dice(seed);
    let mut engine = Engine::load(start()).unwrap();
    let texts = texts(engine.snapshot());
    let mut known = None;
    for _ in 0..steps {
        let Some((later, told)) = step(&engine, &texts, &mut dice) else {
            continue;
        };
        let (old, new) = (engine.snapshot(), later.snapshot());
        let wider = |from, to| compare(from, to, &purposes(), BUDGET).widens;
        let (there, back) = (wider(old, new), wider(new, old));
        if there && back {
            // Whatever it opens, it is told.
            (engine, known) = if dice.below(8) == 0 {
                (later, None)
            } else {
                (engine, known)
            };
            continue;
        }
        count.asked += 1;
        let before = known.take().unwrap_or_else(|| decisions(&engine));
        let after = decisions(&later);
        for (widens, was, is, how) in [(there, &before, &after, ""), (back, &after, &before, " taken back")] {
            let mut turned = was
                .iter()
                .zip(is)
                .filter(|(was, is)| !was.1 && is.1)
                .map(|(was, _)| &was.0);
            match turned.next() {
                Some(what) if !widens => {
                    let more = turned.count();
                    return Err(format!(
                        "{what} and {more} more are opened by {told:?}{how}, and nothing widens"
                    ));
                }
                Some(_) => count.opened += 1,
                None => {}
            }
        }
        // What lets hardly anybody in any more is no start for what follows.
        let open = |all: &[(String, bool)]| all.iter().filter(|(_, allow)| *allow).count();
        (engine, known) = if open(&after) * 2 > open(&before) {
            (later, Some(after))
        } else {
            (engine, Some(before))
        };
    }
    Ok(())
}

/// Steps of a walk.
const STEPS: usize = 24;

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_opens_anything_to_anybody_widens(seed in any::<u64>()) {
        let mut count = Count::default();
        prop_assert_eq!(walk(seed, STEPS, &mut count), Ok(()));
        prop_assert!(count.asked > STEPS / 8, "{:?}: the test sees too little", count);
    }
}

#[test]
fn a_walk_sees_what_opens() {
    let mut count = Count::default();
    assert_eq!(walk(7, 40, &mut count), Ok(()));
    assert!(count.opened > 0, "{count:?}");
}
