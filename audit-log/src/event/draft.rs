//! What a caller says happened, and its way into an [`Entry`].

use super::envelope::{Count, Entry, EntryDid, EntryWho, VERSION};
use super::{About, AboutKind, Anchor, Did, Ended, EventType, Instant, Name, Outcome, Via, What, Where, Who, Why};
use crate::error::AuditError;
use crate::facts::SealedFacts;
use crate::pseudonym::{ObjectSalt, PersonKey, Pseudonym};

/// An event that is to be written: what happened and how it went, then what is known of it.
///
/// ```
/// use audit_log::{Event, EventType, Outcome, What, Who, Why};
/// let event = Event::new(EventType::DrsGetAccessUrl, Outcome::Success)
///     .who(Who::system())
///     .what(What::dataset("https://data.example.org/d1").object("o-17"))
///     .why(Why::decision("01JD").policies(["visum.standard.grant"]));
/// ```
#[derive(Clone, Debug)]
#[must_use = "an event is on record only when the writer has it"]
pub struct Event {
    pub(crate) kind: EventType,
    pub(crate) outcome: Outcome,
    pub(crate) who: Who,
    pub(crate) what: Vec<What>,
    pub(crate) why: Why,
    about: Vec<About>,
    anchor: Option<Anchor>,
    bytes: Option<u64>,
    did: Option<Did>,
    dur_ms: Option<u64>,
    end: Option<Ended>,
    /// What the decision's policies were asked about; goes sealed beside the log.
    facts: Option<Vec<u8>>,
    pub(crate) n: Option<Count>,
    subject_of_care: Vec<Name>,
    via: Via,
    place: Option<Where>,
}

/// What the writer adds to an event when it takes it.
pub(crate) struct Stamp<'a> {
    pub(crate) id: String,
    pub(crate) t: Instant,
    pub(crate) node: &'a str,
    pub(crate) origin: &'a str,
    pub(crate) salt: &'a ObjectSalt,
    pub(crate) nonce: [u8; 12],
}

impl Event {
    /// Something that the node did itself, until [`who`](Self::who) says otherwise.
    pub fn new(kind: EventType, outcome: Outcome) -> Self {
        Self {
            kind,
            outcome,
            who: Who::system(),
            what: Vec::new(),
            why: Why::default(),
            about: Vec::new(),
            anchor: None,
            bytes: None,
            did: None,
            dur_ms: None,
            end: None,
            facts: None,
            n: None,
            subject_of_care: Vec::new(),
            via: Via::default(),
            place: None,
        }
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> EventType {
        self.kind
    }

    /// How it went.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The actor.
    pub fn who(mut self, who: Who) -> Self {
        self.who = who;
        self
    }

    /// It was not given after all, for this reason.
    pub fn refused(mut self, why: Why) -> Self {
        self.outcome = Outcome::Denied;
        self.why = why;
        self
    }

    /// By what way the request came.
    pub fn via(mut self, via: Via) -> Self {
        self.via = via;
        self
    }

    /// One more dataset or object.
    pub fn what(mut self, what: What) -> Self {
        self.what.push(what);
        self
    }

    /// Several datasets or objects.
    pub fn whats(mut self, what: impl IntoIterator<Item = What>) -> Self {
        self.what.extend(what);
        self
    }

    /// Why it was allowed or denied.
    pub fn why(mut self, why: Why) -> Self {
        self.why = why;
        self
    }

    /// Where data went.
    pub fn place(mut self, place: Where) -> Self {
        self.place = Some(place);
        self
    }

    /// What a change did.
    pub fn did(mut self, did: Did) -> Self {
        self.did = Some(did);
        self
    }

    /// One more thing that it is about, by id.
    pub fn about(mut self, kind: AboutKind, id: impl Into<Name>) -> Self {
        self.about.push(About { id: id.into(), kind });
        self
    }

    /// A participant's pseudonym under the dataset's own key.
    pub fn subject_of_care(mut self, pseudonym: impl Into<Name>) -> Self {
        self.subject_of_care.push(pseudonym.into());
        self
    }

    /// A peer's checkpoint head.
    pub fn anchor(mut self, anchor: Anchor) -> Self {
        self.anchor = Some(anchor);
        self
    }

    /// Bytes sent.
    pub fn bytes(mut self, bytes: u64) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// How long it took, in milliseconds.
    pub fn duration_ms(mut self, millis: u64) -> Self {
        self.dur_ms = Some(millis);
        self
    }

    /// How a stream or task came to its end.
    pub fn end(mut self, end: Ended) -> Self {
        self.end = Some(end);
        self
    }

    /// With the facts record of its decision: kept sealed beside the log, where the log's settings say where. One that
    /// is longer than [`FACTS_BYTES`](crate::FACTS_BYTES) is dropped.
    pub fn facts(mut self, record: Vec<u8>) -> Self {
        self.facts = Some(record).filter(|record| record.len() <= crate::FACTS_BYTES);
        self
    }

    /// The same without its facts record.
    pub(crate) fn without_facts(mut self) -> Self {
        self.facts = None;
        self
    }

    /// Seals the facts record under the person's key, and puts its digest into the event.
    pub(crate) fn seal_facts(&mut self, stamp: &Stamp<'_>, nonce: [u8; 12]) -> Result<Option<SealedFacts>, AuditError> {
        let owner = self.who.person.as_ref().or(self.who.acting_for.as_ref());
        let (Some(key), Some(record)) = (owner, self.facts.take()) else {
            return Ok(None);
        };
        let facts = SealedFacts {
            entry: stamp.id.clone(),
            p: Pseudonym::of(key, stamp.origin, &stamp.t.month()).as_str().to_owned(),
            sealed: key.seal_facts(record, &stamp.id, stamp.origin, nonce)?,
        };
        self.why.facts = Some(facts.digest());
        Ok(Some(facts))
    }

    pub(crate) fn count(mut self, n: Count) -> Self {
        self.n = Some(n);
        self
    }

    /// The entry: pseudonyms of the stamp's month, details sealed, objects as salted digests.
    pub(crate) fn into_entry(self, stamp: &Stamp<'_>) -> Result<Entry, AuditError> {
        let needs_did = matches!(
            self.kind,
            EventType::GrantIssue | EventType::HoldPlace | EventType::ChangeApply
        );
        if needs_did && self.outcome == Outcome::Success && self.did.is_none() {
            return Err(AuditError::Incomplete {
                what: "a change without the digest of what it changed (`did`)",
            });
        }
        let month = stamp.t.month();
        let pseudonym = |key: &PersonKey| Name::new(Pseudonym::of(key, stamp.origin, &month).as_str());
        let owner = self.who.person.as_ref().or(self.who.acting_for.as_ref());
        let sealed = match owner {
            Some(key) if !self.who.details.is_empty() => {
                Some(key.seal(&self.who.details.bounded(), &stamp.id, stamp.origin, stamp.nonce)?)
            }
            _ => None,
        };
        let what = self.what.into_iter().map(|mut what| {
            what.object = what.object.map(|id| stamp.salt.digest(&id));
            what
        });
        Ok(Entry {
            about: self.about,
            anchor: self.anchor,
            bytes: self.bytes,
            did: self.did.map(|did| EntryDid {
                approvers: did.approvers.iter().map(pseudonym).collect(),
                reason: did.reason,
                rows: did.rows,
            }),
            dur_ms: self.dur_ms,
            end: self.end,
            id: Name::new(&stamp.id),
            log: Name::new(stamp.origin),
            n: self.n,
            node: Name::new(stamp.node),
            outcome: self.outcome,
            sealed,
            subject_of_care: self.subject_of_care,
            t: stamp.t,
            kind: self.kind,
            v: VERSION,
            via: (!self.via.is_empty()).then_some(self.via),
            what: what.collect(),
            place: self.place,
            who: EntryWho {
                acting_for: self.who.acting_for.as_ref().map(pseudonym),
                auth: self.who.auth,
                class: self.who.class,
                p: self.who.person.as_ref().map(pseudonym),
            },
            why: (!self.why.is_empty()).then_some(self.why),
        })
    }
}
