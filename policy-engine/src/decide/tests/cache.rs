//! Kept decisions: whatever changes a decision is seen, and what does not concern it ends nothing.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use proptest::prelude::*;
use serde_json::Value;
use visa_verifier::{seam::Timestamp, trust::TrustPolicy};

use super::node::{
    BIOBANK, BROKER, DAC, FOREIGN, UNI, ada_visas, affiliation, dataset_id, grant, identity, local, name, now, person,
    read, session, snapshot, term,
};
use crate::{
    consent::{Access, ConsentHold, HoldKind, HoldScope, State},
    decide::{Decision, DecisionCache, Engine, Facts, Session, presented::Held},
    intent::{Action, Intent, Read, ScopeKind, SessionScope},
    snapshot::{
        Bar, BarKind, DatasetMode, HoldOrigin, HoldRecord, ObserveRow, PolicyText, RoleGrant, RoleRecord, Snapshot,
    },
};

/// All that goes into a decision.
#[derive(Clone)]
struct World {
    snapshot: Snapshot,
    sub: &'static str,
    visas: Vec<Held>,
    session: Session,
    intent: Intent,
    now: Timestamp,
}

fn world() -> World {
    let mut snapshot = snapshot();
    snapshot.datasets[0].discoverable = false;
    World {
        snapshot,
        sub: "ada",
        visas: ada_visas(),
        session: session(1),
        intent: read("a1"),
        now: now(),
    }
}

impl World {
    fn engine(&self) -> Engine {
        Engine::load(self.snapshot.clone()).unwrap()
    }

    fn facts(&self, engine: &Engine) -> Facts {
        person(self.sub, self.visas.clone(), self.session.clone(), engine)
    }
}

fn hold(letter: &str, scope: HoldScope, target: Option<&str>) -> HoldRecord {
    let kind = HoldKind::Withdrawn;
    let hold = ConsentHold::new(name("h"), kind, scope, target.map(name), now(), None).unwrap();
    HoldRecord {
        dataset: dataset_id(letter),
        hold,
        origin: HoldOrigin::Committee(DAC.to_owned()),
    }
}

fn policy(text: &str) -> PolicyText {
    let text = format!("@id(\"own.one\") @reason(\"r\") @remedy(\"m\") @code(\"node.own\")\n{text}");
    PolicyText {
        name: "own.cedar".to_owned(),
        text,
    }
}

type Change = (&'static str, fn(&mut World));

/// One for every member of what goes in, and for each way in which a decision may come to read it.
const CHANGES: &[Change] = &[
    // who
    ("another person", |w| w.sub = "bob"),
    ("no visas", |w| w.visas.clear()),
    ("no grant", |w| w.visas.truncate(1)),
    ("no purpose visa", |w| drop(w.visas.remove(1))),
    ("no affiliation", |w| drop(w.visas.remove(0))),
    ("another house", |w| {
        w.visas[0] = affiliation(BIOBANK, "biobank.example.org")
    }),
    ("a visa that is over", |w| w.visas[2].expires = now()),
    ("a visa of a stranger", |w| {
        w.visas[2].issuer = "https://stranger.example.org".into()
    }),
    ("a grant of another source", |w| {
        w.visas[2].source = "https://other.example.org".into()
    }),
    ("said by oneself", |w| {
        w.visas[2].by = Some(crate::consent::VouchedBy::Own)
    }),
    ("another visa's digest", |w| w.visas[2].digest = "other".into()),
    ("another visa's id", |w| w.visas[2].jti = Some("other".into())),
    ("a visa let by", |w| w.visas[2].let_by = vec!["stale_keys".into()]),
    ("another purpose in the visa", |w| {
        w.visas[1].purpose = Some(serde_json::json!({"purpose": {"categories": ["ancestry"]}}));
    }),
    ("one more grant", |w| w.visas.push(grant("C", BROKER, DAC))),
    // session
    ("no factor", |w| w.session.authn = 0),
    ("a low identity", |w| w.session.identity = 0),
    ("no login time", |w| w.session.authenticated = None),
    ("another client", |w| w.session.client.id = "other".into()),
    ("another kind of client", |w| {
        w.session.client.kind = crate::decide::ClientKind::Service
    }),
    ("a bound token", |w| w.session.client.sender_constrained = true),
    ("a token that is over", |w| w.session.token_expires = now()),
    ("a default purpose", |w| w.session.default_purpose = Some(ancestry())),
    ("a token's purpose", |w| w.session.token_purpose = Some(ancestry())),
    ("a header that narrows", |w| {
        w.session.narrow = Some(serde_json::from_str(r#"{"categories":["ancestry"]}"#).unwrap());
    }),
    ("another address", |w| w.session.address = [198, 51, 100, 1].into()),
    ("a country", |w| w.session.country = Some("FI".into())),
    ("a country that is none", |w| w.session.country = Some("ZZ".into())),
    ("inside", |w| w.session.internal = true),
    ("a fresh affiliation", |w| w.session.affiliation_fresh = true),
    // intent
    ("another action", |w| w.intent.action = Action::DrsDescribe),
    ("a stream", |w| w.intent.action = Action::DrsStream),
    ("another object", |w| w.intent = read("c1")),
    ("an object more", |w| w.intent.read(local("c1"), "").unwrap()),
    ("another place", |w| {
        let data = w.intent.reads[0].data.clone();
        w.intent.reads[0] = Read {
            data,
            place: "inputs[0]".into(),
        };
    }),
    ("nothing", |w| w.intent.reads.clear()),
    ("another service", |w| {
        w.intent.service = Some("https://elsewhere.example.org".into())
    }),
    ("a project", |w| w.intent.project = Some("team".into())),
    ("a stated purpose", |w| w.intent.purpose = Some(ancestry())),
    ("opaque", |w| w.intent.opaque = true),
    ("inline", |w| w.intent.inline_code = true),
    ("its tool's command", |w| w.intent.command_matches = true),
    ("a body unseen", |w| w.intent.body_seen = false),
    ("a session that ends", |w| {
        w.intent.session = Some(SessionScope {
            kind: ScopeKind::Session,
            id: "s".into(),
            datasets: vec![dataset_id("B")],
            expires: now().plus(Duration::from_secs(9)),
            running: true,
        });
    }),
    // snapshot
    ("another node", |w| {
        let mut other = w.snapshot.services[0].clone();
        other.id = "https://other.example.org".into();
        w.snapshot.node.clone_from(&other.id);
        w.snapshot.services.push(other);
    }),
    ("one administrator", |w| {
        w.snapshot.governance = crate::snapshot::Governance::Single
    }),
    ("no host", |w| w.snapshot.drs_hosts.clear()),
    ("a stricter class", |w| {
        w.snapshot.datasets[0].consent.access = Access::Open
    }),
    ("compute-only", |w| {
        w.snapshot.datasets[0].mode = DatasetMode::ComputeOnly
    }),
    ("suspended", |w| w.snapshot.datasets[0].consent.state = State::Suspended),
    ("another label", |w| {
        w.snapshot.datasets[0].consent.uses[0].terms = vec![term("DUO:0000011", &[])]
    }),
    ("another committee's visas", |w| {
        w.snapshot.datasets[0].consent.dac = vec![name("x")]
    }),
    ("a strong login", |w| w.snapshot.datasets[0].min_authn = 2),
    ("a strong identity", |w| w.snapshot.datasets[0].min_identity = 3),
    ("a project's data", |w| {
        w.snapshot.datasets[0].project = Some("team".into())
    }),
    ("a duty", |w| {
        w.snapshot.datasets[0].duties = BTreeSet::from([crate::decide::DutyKind::MaxView])
    }),
    ("discoverable", |w| w.snapshot.datasets[0].discoverable = true),
    ("gone", |w| {
        w.snapshot.objects = Default::default();
    }),
    ("remapped", |w| {
        let mut all: Vec<_> = w.snapshot.objects.clone().into();
        all.iter_mut().for_each(|one| one.dataset = name(&dataset_id("C")));
        w.snapshot.objects = crate::catalogue::ObjectMap::new(all).unwrap();
    }),
    ("another house's country", |w| {
        w.snapshot.institutions[0].country = "US".into()
    }),
    ("a company", |w| w.snapshot.institutions[0].commercial = Some(true)),
    ("for profit", |w| w.snapshot.institutions[0].nonprofit = Some(false)),
    ("a committee of another house", |w| {
        w.snapshot.committees[0].institution = UNI.into()
    }),
    ("an uncertified service", |w| w.snapshot.services[0].certified.clear()),
    ("a suspended service", |w| w.snapshot.services[0].suspended = true),
    ("a hold on the dataset", |w| {
        w.snapshot.holds.push(hold("A", HoldScope::Dataset, None))
    }),
    ("a hold on a participant of it", |w| {
        w.snapshot.holds.push(hold("A", HoldScope::Participant, Some("p1")))
    }),
    ("a hold on the object", |w| {
        w.snapshot.holds.push(hold("A", HoldScope::Object, Some("a1")))
    }),
    ("a hold elsewhere", |w| {
        w.snapshot.holds.push(hold("B", HoldScope::Dataset, None))
    }),
    ("a bar", |w| {
        let person = w.snapshot.person(&identity("ada"));
        w.snapshot.bars.push(Bar {
            person,
            kind: BarKind::Suspended,
            until: None,
        });
    }),
    ("a bar by a link", |w| {
        let (ada, eve) = (w.snapshot.person(&identity("ada")), w.snapshot.person(&identity("eve")));
        w.snapshot.persons.push([ada, eve.clone()].into());
        w.snapshot.bars.push(Bar {
            person: eve,
            kind: BarKind::Suspended,
            until: None,
        });
    }),
    ("another key for people", |w| {
        w.snapshot.person_key = crate::snapshot::PersonKey::new(&[8; 32])
    }),
    ("a revoked visa", |w| {
        w.snapshot
            .revocations
            .digests
            .insert(w.visas.last().unwrap().digest.clone());
    }),
    ("a revoked id", |w| {
        w.snapshot.revocations.visas.insert(format!("jti:{}", dataset_id("A")));
    }),
    ("a role", |w| {
        w.snapshot.roles.push(RoleRecord {
            person: identity("ada"),
            grant: RoleGrant::Committee(DAC.into()),
            until: now().plus(Duration::from_secs(90)),
        });
    }),
    ("another team", |w| w.snapshot.groups[0].members.clear()),
    ("all stopped", |w| w.snapshot.stop.all = true),
    ("the dataset stopped", |w| {
        w.snapshot.stop.datasets.insert(dataset_id("A"));
    }),
    ("the person stopped", |w| {
        let person = w.snapshot.person(&identity("ada"));
        w.snapshot.stop.persons.insert(person);
    }),
    ("an issuer stopped", |w| {
        w.snapshot.stop.issuers.insert(BROKER.into());
    }),
    ("another issuer stopped", |w| {
        w.snapshot.stop.issuers.insert(FOREIGN.into());
    }),
    ("nobody trusted", |w| {
        w.snapshot.trust = TrustPolicy::new(Vec::new(), Vec::new()).unwrap()
    }),
    ("a forbid", |w| {
        w.snapshot.policies.push(policy("forbid (principal is Visum::Researcher, action in Visum::Action::\"data\", resource) unless { context.network.internal };"));
    }),
    ("a forbid that is watched", |w| {
        w.snapshot.policies.push(policy("forbid (principal is Visum::Researcher, action in Visum::Action::\"data\", resource) unless { context.network.internal };"));
        w.snapshot.observe.push(ObserveRow {
            policy: "own.one".into(),
            until: now().plus(Duration::from_secs(60)),
            reason: "a try".into(),
        });
    }),
    ("no standard policies", |w| w.snapshot.standard = Some(Vec::new())),
    // time
    ("a second later", |w| w.now = w.now.plus(Duration::from_secs(1))),
    ("an hour later", |w| w.now = w.now.plus(Duration::from_secs(3_600))),
    ("a year later", |w| {
        w.now = w.now.plus(Duration::from_secs(366 * 86_400))
    }),
    ("before", |w| w.now = Timestamp::from_unix(w.now.unix() - 1)),
];

fn ancestry() -> crate::consent::ResearchPurpose {
    serde_json::from_str(r#"{"categories":["ancestry"],"commercial":false}"#).unwrap()
}

/// All that a decision says to its caller; not when and on which snapshot it was made.
fn said(decision: &Decision) -> Value {
    let mut json = serde_json::to_value(decision).unwrap();
    for member in ["snapshot", "question", "decided"] {
        json.as_object_mut().unwrap().remove(member);
    }
    if !decision.allow() {
        // A denial ends two seconds after it was made.
        json.as_object_mut().unwrap().remove("valid_until");
    }
    json
}

/// After `first` was decided through the cache, `second` is answered through it as without it.
fn holds(first: &World, second: &World, what: &str) {
    let cache = DecisionCache::default();
    let (one, mut other) = (first.clone(), second.clone());
    other.snapshot.version = one.snapshot.version + 1;
    let (before, after) = (one.engine(), other.engine());
    cache.decide(&before, &one.facts(&before), &one.intent, one.now);
    let facts = other.facts(&after);
    let fresh = after.decide(&facts, &other.intent, other.now);
    for turn in ["from another engine", "again"] {
        let kept = cache.decide(&after, &facts, &other.intent, other.now);
        assert_eq!(said(&kept), said(&fresh), "{what}, {turn}");
    }
}

#[test]
fn whatever_changes_a_decision_is_seen_whichever_input_it_is() {
    let base = world();
    let engine = base.engine();
    let plain = said(&engine.decide(&base.facts(&engine), &base.intent, base.now));
    assert_eq!(plain["allow"], true);
    let mut turned = 0;
    for (what, change) in CHANGES {
        let mut other = base.clone();
        change(&mut other);
        holds(&base, &other, what);
        holds(&other, &base, what);
        let engine = other.engine();
        turned += usize::from(said(&engine.decide(&other.facts(&engine), &other.intent, other.now)) != plain);
    }
    assert!(turned > CHANGES.len() / 2, "{turned} of {} matter", CHANGES.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same for several changes at once, on either side.
    #[test]
    fn several_changes_at_once_are_seen_too(
        left in prop::collection::vec(0..CHANGES.len(), 0..4),
        right in prop::collection::vec(0..CHANGES.len(), 0..4),
    ) {
        let with = |list: &[usize]| {
            let mut world = world();
            // What takes a visa away by its position goes last.
            let mut list = list.to_vec();
            list.sort_unstable_by(|one, other| other.cmp(one));
            list.dedup();
            for at in list {
                if world.visas.len() == 5 || at > 14 {
                    let before = world.clone();
                    CHANGES[at].1(&mut world);
                    if Engine::load(world.snapshot.clone()).is_err() {
                        world = before;
                    }
                }
            }
            world
        };
        let (one, other) = (with(&left), with(&right));
        holds(&one, &other, &format!("{left:?} {right:?}"));
    }
}

#[test]
fn a_hold_ends_the_decisions_of_its_dataset_and_of_no_other() {
    let cache = DecisionCache::default();
    let base = world();
    let engine = base.engine();
    let facts = base.facts(&engine);
    let kept = cache.decide(&engine, &facts, &base.intent, now());
    assert!(kept.allow());
    let later = |holds: Vec<HoldRecord>, version| {
        let mut world = base.clone();
        world.snapshot.version = version;
        world.snapshot.holds = holds;
        let engine = world.engine();
        let facts = world.facts(&engine);
        cache.decide(&engine, &facts, &world.intent, now())
    };
    let elsewhere = later(vec![hold("B", HoldScope::Participant, Some("p4"))], 2);
    assert!(Arc::ptr_eq(&kept, &elsewhere), "another dataset's hold ends nothing");
    let here = later(vec![hold("A", HoldScope::Participant, Some("p1"))], 3);
    assert!(!here.allow());
    assert_eq!(cache.len(), 1);
}

#[test]
fn a_kept_decision_ends_in_time() {
    let base = world();
    let engine = base.engine();
    let facts = base.facts(&engine);
    let cache = DecisionCache::default();
    let at = |seconds: u64| now().plus(Duration::from_secs(seconds));
    let decided = |cache: &DecisionCache, facts: &Facts, intent: &Intent, seconds: u64| {
        cache.decide(&engine, facts, intent, at(seconds)).decided()
    };
    assert_eq!(decided(&cache, &facts, &base.intent, 0), now());
    assert_eq!(decided(&cache, &facts, &base.intent, 4), now(), "a permit is kept");
    assert_eq!(
        decided(&cache, &facts, &base.intent, 60),
        at(60),
        "for a minute at most"
    );
    let denied = read("c1");
    assert_eq!(decided(&cache, &facts, &denied, 0), now());
    assert_eq!(decided(&cache, &facts, &denied, 1), now(), "a denial for two seconds");
    assert_eq!(decided(&cache, &facts, &denied, 2), at(2));
    // A policy that reads the time since login: five seconds.
    let mut hurried = base.clone();
    hurried.snapshot.policies.push(policy(
        "forbid (principal is Visum::Researcher, action in Visum::Action::\"data\", resource) \
         when { context.assurance.sinceLogin > duration(\"1d\") };",
    ));
    let engine = hurried.engine();
    let facts = hurried.facts(&engine);
    let decided = |seconds: u64| cache.decide(&engine, &facts, &hurried.intent, at(seconds)).decided();
    assert_eq!((decided(100), decided(104), decided(105)), (at(100), at(100), at(105)));
}

#[test]
fn a_cache_is_bounded() {
    let base = world();
    let engine = base.engine();
    let cache = DecisionCache::new(16);
    for number in 0..64 {
        let mut session = base.session.clone();
        session.token_expires = now().plus(Duration::from_secs(1_000 + number));
        let facts = person("ada", base.visas.clone(), session, &engine);
        cache.decide(&engine, &facts, &base.intent, now());
    }
    assert!(cache.len() <= 16, "{}", cache.len());
    assert!(!cache.is_empty());
}
