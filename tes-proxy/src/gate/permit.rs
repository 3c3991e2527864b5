//! `Gate`: decide and record. One snapshot a request; a permit that cannot be recorded is not given.

use std::sync::Arc;

use audit_log::{Event, EventType, Keystore, Outcome, Via, Writer};
use policy_engine::{
    decide::{Current, Decision, DecisionCache, DutyKind, Engine, WorkItem, WorkKind},
    intent::{Action, Intent},
};
use ulid::Ulid;
use visa_verifier::seam::{Clock, Random, Timestamp};

use crate::limits;

use super::{
    Caller, NoPermit, denied, event,
    ledger::Ledger,
    record::{Decided, Permit, Recording},
};

/// Judges one question on a snapshot, whenever it is called.
pub(crate) type Judge = Arc<dyn Fn(&Engine) -> Decision + Send + Sync>;

/// What a question is about: a whole intent, or a task or run that is there already.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    /// An intent.
    Intent(Arc<Intent>),
    /// A task or run.
    Work(Action, Arc<WorkItem>),
}

/// Decides, records, and knows what is permitted right now.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) current: Arc<Current>,
    pub(crate) writer: Writer,
    pub(crate) keystore: Keystore,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) ledger: Ledger,
    /// Decisions about reads, for a moment.
    pub(crate) kept: Arc<DecisionCache>,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Gate")
    }
}

impl Question {
    fn ask(&self, gate: &Gate, engine: &Engine, caller: &Caller) -> Decision {
        let (facts, now) = (caller.facts(engine.snapshot()), gate.now());
        match self {
            // An equal question is answered by what is kept; its record and its permit are its own all the same.
            Self::Intent(intent) => Arc::unwrap_or_clone(gate.kept.decide(engine, &facts, intent, now)),
            Self::Work(action, item) => engine.work(&facts, *action, item, now),
        }
    }

    /// Whether it only ever takes away: a stop is never closed by a doubt.
    fn narrows(&self) -> bool {
        matches!(self, Self::Work(Action::TesCancel | Action::WesCancel, _))
    }

    /// What is asked for by its own path.
    fn what(&self) -> Option<&'static str> {
        match self {
            Self::Intent(intent) => matches!(
                intent.action,
                Action::DrsDescribe | Action::DrsAccessUrl | Action::DrsStream
            )
            .then_some("object"),
            Self::Work(_, item) => Some(match item.kind {
                WorkKind::Run => "run",
                WorkKind::Task => "task",
            }),
        }
    }
}

impl Gate {
    /// Now.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new id: sorts by time, 80 random bits.
    pub(crate) fn id(&self) -> String {
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes);
        let millis = u64::try_from(self.clock.now_micros().div_euclid(1_000)).unwrap_or(0);
        Ulid::from_parts(millis, u128::from_be_bytes(bytes)).to_string()
    }

    /// Random bytes for a seal.
    pub(crate) fn nonce(&self) -> [u8; 12] {
        let mut nonce = [0; 12];
        self.random.fill(&mut nonce);
        nonce
    }

    /// Decides without giving anything: for explanations and for filters over one's own things.
    pub(crate) fn decide(&self, caller: &Caller, question: &Question) -> Decided {
        let engine = self.current.load();
        let decision = question.ask(self, &engine, caller);
        Decided {
            id: self.id(),
            decision,
            engine,
        }
    }

    /// Decides on a snapshot that a request holds already: parts of its answer, before they are recorded together.
    pub(crate) fn judge(&self, engine: &Engine, caller: &Caller, question: &Question) -> Decision {
        question.ask(self, engine, caller)
    }

    /// Decides and begins to record. What reads may ask its backend with the [`Recording`].
    ///
    /// # Errors
    /// [`NoPermit`].
    pub(crate) async fn begin(
        &self,
        caller: &Caller,
        kind: EventType,
        question: Question,
    ) -> Result<Recording, NoPermit> {
        self.begin_about(caller, kind, question, |event| event).await
    }

    /// As [`Gate::begin`], with more to say in the record.
    ///
    /// # Errors
    /// [`NoPermit`].
    pub(crate) async fn begin_about(
        &self,
        caller: &Caller,
        kind: EventType,
        question: Question,
        more: impl Fn(Event) -> Event,
    ) -> Result<Recording, NoPermit> {
        let (what, narrows) = (question.what(), question.narrows());
        let (asking, gate) = (caller.clone(), self.clone());
        let judge: Judge = Arc::new(move |engine| question.ask(&gate, engine, &asking));
        self.begin_asked(judge, what, narrows, |decided| {
            more(event::decided(
                kind,
                caller,
                &decided.decision,
                &decided.id,
                decided.engine.snapshot(),
            ))
        })
        .await
    }

    /// As [`Gate::begin`], for any way to judge: tasks and runs ask for themselves.
    ///
    /// # Errors
    /// [`NoPermit`].
    pub(crate) async fn begin_with(
        &self,
        judge: Judge,
        what: Option<&'static str>,
        event: impl Fn(&Decided) -> Event,
    ) -> Result<Recording, NoPermit> {
        self.begin_asked(judge, what, false, event).await
    }

    async fn begin_asked(
        &self,
        judge: Judge,
        what: Option<&'static str>,
        narrows: bool,
        event: impl Fn(&Decided) -> Event,
    ) -> Result<Recording, NoPermit> {
        for _ in 0..limits::DECIDE_AGAIN {
            let engine = self.current.load();
            let decided = Decided {
                id: self.id(),
                decision: judge(&engine),
                engine,
            };
            if !decided.decision.allow() {
                let event = event::with_facts(event(&decided), &decided.decision);
                return Err(self.denied(event, &decided, what).await);
            }
            // a duty that this door cannot carry out is a denial (`decision-apis.md` 4)
            if decided
                .decision
                .duties()
                .iter()
                .any(|duty| duty.kind == DutyKind::WatermarkLog)
            {
                let problem = crate::problem::Problem::new(
                    http::StatusCode::FORBIDDEN,
                    "door.cannot_enforce",
                    "the dataset asks for a mark in each copy, which this node cannot make",
                );
                return Err(NoPermit::Denied(Box::new(problem)));
            }
            if let Some(doubt) = self.doubt().filter(|_| !narrows) {
                return Err(self.doubted(event(&decided), doubt).await);
            }
            // D7: first into the ledger, then the question whether the snapshot is still the one
            let (current, judge) = (Arc::clone(&self.current), Arc::clone(&judge));
            let live = self.ledger.enter(Arc::new(move || judge(&current.load()).allow()));
            if !self.current.is_current(&decided.engine) {
                continue;
            }
            let pending = self
                .writer
                .append(event::with_facts(event(&decided), &decided.decision));
            return Ok(Recording { decided, live, pending });
        }
        Err(NoPermit::Overtaken)
    }

    /// Decides and records: what acts waits for this.
    ///
    /// # Errors
    /// [`NoPermit`].
    pub(crate) async fn permit(
        &self,
        caller: &Caller,
        kind: EventType,
        question: Question,
    ) -> Result<Permit, NoPermit> {
        self.begin(caller, kind, question).await?.durable().await
    }

    async fn denied(&self, event: Event, decided: &Decided, what: Option<&'static str>) -> NoPermit {
        let noted = match self.writer.note_denied(event).await {
            Ok(noted) => noted,
            Err(error) => {
                tracing::error!(error = %error, "a denial could not be made durable");
                return NoPermit::Unrecorded;
            }
        };
        let mut problem = denied::problem(&decided.decision, &decided.id, decided.engine.snapshot(), what);
        if noted.too_many() {
            problem = crate::problem::Problem {
                retry_after: Some(60),
                ..crate::problem::Problem::new(
                    http::StatusCode::TOO_MANY_REQUESTS,
                    "gate.too_many_denials",
                    "the same was denied too often in this minute",
                )
            };
        }
        problem.denial.receipt = Some(noted.receipt().header_value());
        NoPermit::Denied(Box::new(problem))
    }

    /// Records something that the node did by itself.
    ///
    /// # Errors
    /// [`NoPermit::Unrecorded`].
    pub(crate) async fn note(&self, event: Event) -> Result<(), NoPermit> {
        self.writer.append(event).await.map(drop).map_err(|error| {
            tracing::error!(error = %error, "an event could not be made durable");
            NoPermit::Unrecorded
        })
    }

    /// An event of a caller that needs no decision of the engine: their own lists, public things.
    pub(crate) fn event(&self, kind: EventType, caller: &Caller) -> Event {
        Event::new(kind, Outcome::Success)
            .who(event::who(caller))
            .via(Via::request(caller.request_id.as_str()))
    }

    /// Somebody without valid credentials was turned away.
    pub(crate) fn unauthenticated(&self) {
        self.writer.count_unauthenticated();
    }
}
