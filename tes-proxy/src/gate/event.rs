//! What the record says of a request: closed types, no token, no name, no query (`audit.md` section 3).

use audit_log::{
    AboutKind, Basis, Class, DataClass, Details, Digest, Event, EventType, Mode, Name, Outcome, Verdict, Via, What,
    Who, Why,
};
use policy_engine::{
    consent::{Access, PurposeBasis, Verdict as Said},
    decide::Decision,
    intent::{DataRef, ObjectRef},
    snapshot::{DatasetMode, Snapshot},
};

use super::Caller;

/// So many visas for which something was let by are named in one record.
const LET_BY_ON_RECORD: usize = 16;

/// The actor.
pub(crate) fn who(caller: &Caller) -> Who {
    let identity = &caller.person.identity;
    let mut details = Details::of(identity.sub.as_str(), identity.iss.as_str()).address(caller.session.address);
    if !caller.session.client.id.is_empty() {
        details = details.client(caller.session.client.id.clone());
    }
    if let Some(agent) = &caller.agent {
        details = details.user_agent(agent.clone());
    }
    Who::person(Class::Researcher, &caller.person.key, details).auth(caller.person.auth.clone())
}

/// A request's event, with the decision that answered it.
pub(crate) fn decided(kind: EventType, caller: &Caller, decision: &Decision, id: &str, snapshot: &Snapshot) -> Event {
    let outcome = if decision.allow() {
        Outcome::Success
    } else {
        Outcome::Denied
    };
    let event = Event::new(kind, outcome)
        .who(who(caller))
        .via(Via::request(caller.request_id.as_str()))
        .whats(whats(decision, snapshot))
        .why(why(decision, id));
    let let_by = decision.rests_on().let_by.iter().take(LET_BY_ON_RECORD);
    let_by.fold(event, |event, marked| {
        event.about(AboutKind::Visa, format!("OK+{marked}"))
    })
}

/// With what the decision's policies were asked about, so that a new version can be asked the same
/// (`visum policy diff --replay`).
pub(crate) fn with_facts(event: Event, decision: &Decision) -> Event {
    match decision.facts_record().and_then(|record| record.encode()) {
        Some(record) => event.facts(record),
        None => event,
    }
}

/// The same, of a whole [`Decided`](super::Decided).
pub(crate) fn decided_event(kind: EventType, caller: &Caller, answer: &super::Decided) -> Event {
    decided(kind, caller, &answer.decision, &answer.id, answer.engine.snapshot())
}

/// What it was about: each thing read with its datasets; a thing of no dataset as such.
pub(crate) fn whats(decision: &Decision, snapshot: &Snapshot) -> Vec<What> {
    let mut whats = Vec::new();
    for read in decision.reads() {
        let object = match &read.data {
            DataRef::Object(ObjectRef::Local(id) | ObjectRef::Host { id, .. }) => Some(id.as_str().to_owned()),
            DataRef::Object(other @ ObjectRef::Compact { .. }) => Some(other.to_string()),
            DataRef::Storage(url) => Some(url.to_string()),
            DataRef::Dataset(_) => None,
        };
        let with = |what: What| match &object {
            Some(object) => what.object(object.as_str()),
            None => what,
        };
        if read.datasets.is_empty() {
            whats.push(with(What::unmapped()));
        }
        whats.extend(read.datasets.iter().map(|dataset| with(of_dataset(dataset, snapshot))));
    }
    // a record has a bounded size; the first hundred name it, the decision's digest covers the rest
    whats.truncate(100);
    whats
}

/// A dataset with its class and mode.
pub(crate) fn of_dataset(dataset: &str, snapshot: &Snapshot) -> What {
    let what = What::dataset(dataset);
    let Some(record) = snapshot.datasets.iter().find(|record| record.id() == dataset) else {
        return what;
    };
    let class = match record.consent.access {
        Access::Open => DataClass::Open,
        Access::Registered => DataClass::Registered,
        Access::Controlled => DataClass::Controlled,
    };
    let mode = match record.mode {
        DatasetMode::Download => Mode::Download,
        DatasetMode::ComputeOnly => Mode::ComputeOnly,
    };
    what.class(class).mode(mode)
}

/// Why it was permitted or denied.
pub(crate) fn why(decision: &Decision, id: &str) -> Why {
    let rests = decision.rests_on();
    let mut why = Why::decision(id)
        .policies(decision.policies().iter().map(String::as_str))
        .observed(decision.observed().iter().map(|observed| observed.policy.as_str()))
        .visas(rests.visas.iter().map(|digest| Digest::of(digest.as_bytes())))
        .snapshot(decision.snapshot());
    if let Some(code) = decision.code() {
        why = why.with_code(code);
    } else {
        why = why.until(decision.valid_until().unix());
    }
    let verdicts = decision.consent();
    let worst = verdicts.iter().max_by_key(|one| match one.verdict {
        Said::Permit => 0,
        Said::Review => 1,
        Said::Deny => 2,
    });
    if let Some(worst) = worst {
        why = why.verdict(match worst.verdict {
            Said::Permit => Verdict::Permit,
            Said::Review => Verdict::Review,
            Said::Deny => Verdict::Deny,
        });
        let basis = match worst.basis {
            PurposeBasis::Bound => Basis::Bound,
            PurposeBasis::Attested => Basis::Attested,
            PurposeBasis::None => Basis::None,
        };
        why = why.purpose::<Name>(None, basis, []);
    }
    why
}
