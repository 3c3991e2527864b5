//! Kept decisions: whatever changes a decision is seen, and what does not concern it ends nothing.

mod key;
pub(crate) mod world;

use std::{sync::Arc, time::Duration};

use visa_verifier::seam::Timestamp;

use super::node::{ada_visas, dataset_id, identity, now, person, read, session, snapshot, task};
use crate::{
    consent::HoldScope,
    decide::{Current, Decision, DecisionCache, Engine, Facts, kept_questions::Put},
    intent::Intent,
    snapshot::{Bar, BarKind, Snapshot},
};
use world::{held, own};

/// Where two decisions differ in what they say or keep for the record, but for when they were made.
fn difference(one: &Decision, other: &Decision) -> Option<String> {
    let said = |decision: &Decision| {
        let mut json = serde_json::to_value(decision).unwrap();
        json.as_object_mut().unwrap().remove("decided");
        if !decision.allow() {
            // A denial ends two seconds after it was made.
            json.as_object_mut().unwrap().remove("valid_until");
        }
        json
    };
    let (left, right) = (said(one), said(other));
    let differs = left
        .as_object()
        .unwrap()
        .iter()
        .find(|(name, value)| right[*name] != **value);
    if let Some((name, value)) = differs {
        return Some(format!("{name}: {value} or {}", right[name]));
    }
    let context = |put: &Put| {
        let mut context = put.request.context().unwrap().to_json_value().unwrap();
        context.as_object_mut().unwrap().remove("now");
        context["assurance"].as_object_mut().unwrap().remove("sinceLogin");
        context
    };
    let mut puts = one.questions.iter().zip(other.questions.iter());
    let asked = puts.find(|(one, other)| context(one) != context(other) || one.entities != other.entities);
    asked.map(|(one, other)| format!("{} {one:?} or {} {other:?}", context(one), context(other)))
}

fn facts(engine: &Engine) -> Facts {
    person("ada", ada_visas(), session(1), engine)
}

fn plus(seconds: u64) -> Timestamp {
    now().plus(Duration::from_secs(seconds))
}

#[test]
fn a_hold_ends_the_decisions_of_its_dataset_and_of_no_other() {
    let (cache, current) = (DecisionCache::default(), Current::open(snapshot()).unwrap());
    let asked = |object: &str| {
        let engine = current.load();
        cache.decide(&engine, &facts(&engine), &read(object), plus(1))
    };
    let first = cache.decide(&current.load(), &facts(&current.load()), &read("a1"), now());
    assert!(first.allow());
    let mut next = snapshot();
    next.version = 2;
    next.holds = vec![held("h-b", "B", HoldScope::Participant, Some("p4"), now())];
    current.replace(next.clone()).unwrap();
    let second = asked("a1");
    assert_eq!(second.decided(), now(), "another dataset's hold ends nothing");
    assert_eq!(second.snapshot(), 2, "it is told as of the snapshot that is asked");
    assert_ne!(second.question_digest(), first.question_digest());
    assert_eq!(first.snapshot(), 1, "what was given out stays as it was");
    assert!(!asked("b1").allow());
    next.version = 3;
    next.holds
        .push(held("h-a", "A", HoldScope::Participant, Some("p1"), now()));
    current.replace(next).unwrap();
    assert_eq!(asked("a1").code(), Some("consent.hold"));
}

#[test]
fn what_stops_access_stops_it_at_once() {
    type Stop = fn(&mut Snapshot);
    let stops: [(&str, Stop, &str); 7] = [
        ("a lockdown", |s| s.stop.all = true, "policy.lockdown"),
        (
            "the dataset's stop",
            |s| {
                s.stop.datasets.insert(dataset_id("A"));
            },
            "policy.lockdown",
        ),
        (
            "the person's stop",
            |s| {
                s.stop.persons.insert(s.person(&identity("ada")));
            },
            "policy.lockdown",
        ),
        (
            "a hold",
            |s| s.holds.push(held("h", "A", HoldScope::Dataset, None, now())),
            "consent.hold_withdrawn",
        ),
        (
            "a suspension",
            |s| {
                let person = s.person(&identity("ada"));
                s.bars.push(Bar {
                    person,
                    kind: BarKind::Suspended,
                    until: None,
                });
            },
            "policy.suspended",
        ),
        (
            "a called-back visa",
            |s| {
                s.revocations.digests.insert(ada_visas()[2].digest.clone());
            },
            "consent.approval_missing",
        ),
        (
            "a policy",
            |s| {
                s.policies.push(own(
                    "own.stop",
                    "forbid (principal, action in Visum::Action::\"data\", resource);",
                ))
            },
            "node.own",
        ),
    ];
    for (name, stop, code) in stops {
        let (cache, current) = (DecisionCache::default(), Current::open(snapshot()).unwrap());
        let ask = |engine: &Engine| cache.decide(engine, &facts(engine), &read("a1"), now());
        let before = current.load();
        assert!(ask(&before).allow() && ask(&before).allow(), "{name}");
        let mut next = snapshot();
        next.version = 2;
        stop(&mut next);
        current.replace(next.clone()).unwrap();
        assert_eq!(ask(&current.load()).code(), Some(code), "{name}, in the same second");
        // A request that began before it changes nothing of that.
        ask(&before);
        assert_eq!(
            ask(&current.load()).code(),
            Some(code),
            "{name}, beside an older request"
        );
    }
}

#[test]
fn a_fault_is_never_kept() {
    let mut broken = snapshot();
    // Overflow of Cedar's own arithmetic.
    broken.policies.push(own(
        "own.broken",
        "forbid (principal, action in Visum::Action::\"data\", resource is Visum::Dataset) \
         when { context.assurance.authn + 9223372036854775807 < 0 };",
    ));
    let engine = Engine::load(broken).unwrap();
    let cache = DecisionCache::default();
    let decision = cache.decide(&engine, &facts(&engine), &read("a1"), now());
    assert!(decision.engine_error() && cache.is_empty());
    let later = cache.decide(&engine, &facts(&engine), &read("a1"), plus(1));
    assert_eq!(later.decided(), plus(1));
}

#[test]
fn only_what_reads_and_does_nothing_else_is_kept() {
    let engine = Engine::load(snapshot()).unwrap();
    let facts = facts(&engine);
    let cache = DecisionCache::default();
    let kept = |intent: &Intent| {
        cache.decide(&engine, &facts, intent, now());
        cache.decide(&engine, &facts, intent, plus(1)).decided() == now()
    };
    let mut many = read("a1");
    (0..8).for_each(|_| many.reads.push(many.reads[0].clone()));
    let mut writes = read("a1");
    writes.writes = task(&[], super::node::OUTPUT).writes;
    assert!(kept(&read("a1")));
    for (name, intent) in [
        ("a task", task(&["a1"], super::node::OUTPUT)),
        ("more reads than are kept", many),
        ("a read that writes", writes),
    ] {
        assert!(!kept(&intent), "{name}");
    }
    assert_eq!(cache.len(), 1);
}

#[test]
fn a_kept_decision_ends_in_time() {
    let engine = Engine::load(snapshot()).unwrap();
    let cache = DecisionCache::default();
    let decided = |engine: &Engine, intent: &Intent, seconds: u64| {
        cache.decide(engine, &facts(engine), intent, plus(seconds)).decided()
    };
    assert_eq!(decided(&engine, &read("a1"), 0), now());
    assert_eq!(decided(&engine, &read("a1"), 59), now(), "a permit is kept");
    assert_eq!(decided(&engine, &read("a1"), 60), plus(60), "for a minute at most");
    let denied = read("c1");
    assert_eq!(decided(&engine, &denied, 0), now());
    assert_eq!(decided(&engine, &denied, 1), now(), "a denial for two seconds");
    assert_eq!(decided(&engine, &denied, 2), plus(2));
    // A policy that reads the time since login: five seconds.
    let mut hurried = snapshot();
    hurried.version = 2;
    hurried.policies.push(own(
        "own.late",
        "forbid (principal is Visum::Researcher, action in Visum::Action::\"data\", resource) \
         when { context.assurance.sinceLogin > duration(\"1d\") };",
    ));
    let engine = Engine::load(hurried).unwrap();
    let decided = |seconds| decided(&engine, &read("a1"), seconds);
    assert_eq!(
        (decided(100), decided(104), decided(105)),
        (plus(100), plus(100), plus(105))
    );
}

#[test]
fn a_cache_is_bounded() {
    let engine = Engine::load(snapshot()).unwrap();
    let cache = DecisionCache::new(16);
    let mut last = Arc::new(engine.decide(&facts(&engine), &read("a1"), now()));
    for number in 0..64 {
        let mut session = session(1);
        session.token_expires = plus(1_000 + number);
        let facts = person("ada", ada_visas(), session, &engine);
        last = cache.decide(&engine, &facts, &read("a1"), now());
        let again = cache.decide(&engine, &facts, &read("a1"), now());
        assert!(Arc::ptr_eq(&last, &again), "the newest is kept");
    }
    assert!(cache.len() <= 16, "{}", cache.len());
    assert!(last.allow());
}
