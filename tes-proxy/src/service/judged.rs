//! Judging without giving anything: by the very engine that judges requests, on record before it is answered (E82),
//! its purpose counted (consent.md 3, "Counting").

use std::{sync::Arc, time::Duration};

use audit_log::{EventType, Outcome};
use http::StatusCode;
use policy_engine::{
    decide::{Decision, Engine, Explanation, Facts},
    intent::Intent,
};
use visa_verifier::seam::Timestamp;

use crate::{
    gate::{Caller, Decided, NoPermit, decided_event},
    problem::Problem,
    proxy::Parts,
    tries::{Aim, Counted, Tried, TriesError},
};

/// How far ahead one may ask.
const AHEAD: Duration = Duration::from_secs(366 * 24 * 3600);
/// The life of a login that is assumed at a later moment.
const LOGIN: Duration = Duration::from_secs(3_600);

/// How it is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How {
    /// The door: `can-i`, `explain`.
    pub(crate) door: &'static str,
    /// What would turn a denial, too.
    pub(crate) full: bool,
    /// At another moment than now.
    pub(crate) at: Option<Timestamp>,
}

/// A judgement.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) id: String,
    pub(crate) explanation: Explanation,
    pub(crate) full: bool,
    pub(crate) engine: Arc<Engine>,
    pub(crate) facts: Facts,
    /// The moment that it was judged for.
    pub(crate) at: Timestamp,
    pub(crate) tried: Vec<Counted>,
    pub(crate) receipt: String,
}

impl Judged {
    pub(crate) const fn decision(&self) -> &Decision {
        &self.explanation.decision
    }
}

/// `?explain=full`.
///
/// # Errors
/// 400 for another value.
pub(crate) fn full(query: &crate::api::Query) -> Result<bool, Problem> {
    match query.one("explain") {
        None => Ok(false),
        Some("full") => Ok(true),
        Some(_) => Err(Problem::refused(
            "explain.detail",
            "`explain` is `full`, or is left out",
        )),
    }
}

/// Judges an intent of the caller.
///
/// # Errors
/// 400 for a moment that cannot be judged, 429 for too many questions, 503 where it cannot be put on record.
pub(crate) async fn judge(parts: &Parts, caller: &Caller, intent: Intent, how: How) -> Result<Judged, Problem> {
    let tries = parts.tries()?;
    let owner = caller.owner();
    let _turn = if how.full {
        let turn = parts
            .at_length
            .take(&owner)
            .ok_or_else(|| busy(Duration::from_secs(1)))?;
        if let Some(wait) = tries.at_length(&owner).await.map_err(|error| uncounted(&error))? {
            return Err(busy(wait));
        }
        Some(turn)
    } else {
        None
    };
    let engine = parts.gate.current.load();
    let (facts, at) = facts_at(caller, &engine, how.at, parts.gate.now())?;
    let explanation = explained(&engine, &facts, intent, at, how.full).await?;
    let decided = Decided {
        id: parts.gate.id(),
        decision: explanation.decision.clone(),
        engine: Arc::clone(&engine),
    };
    let receipt = record(parts, caller, &decided).await?;
    let tried = counted(parts, caller, &decided.decision, how.door).await?;
    Ok(Judged {
        id: decided.id,
        explanation,
        full: how.full,
        engine,
        facts,
        at,
        tried,
        receipt,
    })
}

/// The caller's facts; at a later moment as of a new login of the same strength then.
///
/// # Errors
/// 400 for a moment in the past or too far ahead.
pub(crate) fn facts_at(
    caller: &Caller,
    engine: &Engine,
    at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(Facts, Timestamp), Problem> {
    let Some(at) = at.filter(|at| *at != now) else {
        return Ok((caller.facts(engine.snapshot()), now));
    };
    if at < now || now.plus(AHEAD) < at {
        return Err(Problem::refused(
            "explain.time",
            "`at` lies between now and a year from now; what was decided in the past is found by its decision id",
        ));
    }
    let mut then = caller.clone();
    then.session.token_expires = at.plus(LOGIN);
    then.session.authenticated = then.session.authenticated.map(|_| at);
    Ok((then.facts(engine.snapshot()), at))
}

/// Decides; at length on a thread of its own, since that takes many decisions.
async fn explained(
    engine: &Arc<Engine>,
    facts: &Facts,
    intent: Intent,
    at: Timestamp,
    full: bool,
) -> Result<Explanation, Problem> {
    let (engine, facts) = (Arc::clone(engine), facts.clone());
    let work = move || {
        if full {
            engine.explain(&facts, &intent, at)
        } else {
            Explanation {
                decision: engine.decide(&facts, &intent, at),
                turns: Vec::new(),
                complete: true,
                tried: 0,
            }
        }
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Problem::unavailable("explain.failed", "the question could not be judged", 10))
}

/// On record before anything is answered.
async fn record(parts: &Parts, caller: &Caller, decided: &Decided) -> Result<String, Problem> {
    let event = decided_event(EventType::Decision, caller, decided);
    let unrecorded = || Problem::from(NoPermit::Unrecorded);
    if event.outcome() != Outcome::Denied {
        let receipt = parts.gate.writer.append(event).await.map_err(|_| unrecorded())?;
        return Ok(receipt.header_value());
    }
    let noted = parts.gate.writer.note_denied(event).await.map_err(|_| unrecorded())?;
    if noted.too_many() {
        return Err(Problem {
            retry_after: Some(60),
            ..Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "gate.too_many_denials",
                "the same was asked too often in this minute",
            )
        });
    }
    Ok(noted.receipt().header_value())
}

/// Counts the purpose for the datasets that the caller may know of; what they may not know of leaves nothing, as what
/// does not exist leaves nothing.
async fn counted(
    parts: &Parts,
    caller: &Caller,
    decision: &Decision,
    door: &'static str,
) -> Result<Vec<Counted>, Problem> {
    match Aim::of(decision) {
        Some(aim) => count(parts, aim.by(caller.person.identity.clone(), door)).await,
        None => Ok(Vec::new()),
    }
}

/// Counts, durably.
///
/// # Errors
/// 429 for far too many, 503 where it cannot be counted.
pub(crate) async fn count(parts: &Parts, tried: Tried) -> Result<Vec<Counted>, Problem> {
    if tried.datasets.is_empty() {
        return Ok(Vec::new());
    }
    parts.tries()?.tried(tried).await.map_err(|error| uncounted(&error))
}

fn uncounted(error: &TriesError) -> Problem {
    match error {
        TriesError::TooMany { dataset } => Problem {
            retry_after: Some(3_600),
            ..Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "explain.too_many_purposes",
                format!(
                    "so many purposes were tried on {dataset} within a day that no more are judged; ask its committee"
                ),
            )
        },
        TriesError::Down(why) => {
            tracing::error!(error = %why, "what was tried cannot be counted");
            Problem::unavailable(
                "explain.uncounted",
                "what is tried cannot be counted at present, so nothing is answered",
                10,
            )
        }
    }
}

fn busy(wait: Duration) -> Problem {
    Problem {
        retry_after: Some(u32::try_from(wait.as_secs().max(1)).unwrap_or(60)),
        ..Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "explain.too_many",
            "questions at length are answered one at a time, and five in a minute",
        )
    }
}
