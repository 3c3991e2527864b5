//! One task or run: taken by its backend, cancelled by its owner, or withdrawn by us.

use audit_log::{AboutKind, Ended, Event, EventType, Outcome, Who, Why};

use super::sent::{RUN_ENDED, sent_by};
use crate::{
    backend::BackendError,
    gate::of_dataset,
    ownership::{At, at, index::datasets, refresh},
    problem::Problem,
    proxy::{Parts, Proxy},
    session::Session,
    store::{Phase, Work},
};

/// The backend has it. If it was withdrawn meanwhile, it is cancelled at once.
///
/// # Errors
/// 503 when the index does not answer; the row is then adopted later.
pub(crate) async fn accepted(proxy: &Proxy, work: &Work, backend_id: &str, state: &str) -> Result<(), Problem> {
    let parts = &*proxy.0;
    let row = parts
        .works
        .accepted(&work.id, backend_id, state, parts.gate.now().unix())
        .await?;
    if let Some(row) = row.filter(|row| row.withdrawn.is_some()) {
        if let Err(error) = at_backend(parts, &row).await {
            tracing::warn!(error = %error, work.id = %row.id, "a withdrawn task could not be cancelled yet");
        }
        refresh(parts, row).await?;
    }
    Ok(())
}

/// The owner cancels: a finished one is cancelled already; one that is being submitted is marked.
///
/// # Errors
/// A [`Problem`] of the index or the backend.
pub(crate) async fn cancel(proxy: &Proxy, work: &Work) -> Result<(), Problem> {
    let parts = &*proxy.0;
    let is_engine = work.kind == "run" && Session::of(work.clone()).is_ok();
    if is_engine && work.phase == Phase::Live {
        // its engine's credential ends at once, and not when the backend is done with it
        parts.works.withdraw(&work.id, "cancelled").await?;
    }
    match work.phase {
        Phase::Over => {}
        Phase::Submitting => drop(parts.works.withdraw(&work.id, "cancelled").await?),
        Phase::Live => {
            at_backend(parts, work).await?;
            refresh(parts, work.clone()).await?;
        }
    }
    if is_engine {
        // what its engine sent through this gate is part of it
        sent_by(proxy, &work.id, RUN_ENDED).await?;
    }
    Ok(())
}

/// Asks the backend to stop it. One that it does not know any more has stopped.
///
/// # Errors
/// [`BackendError`].
pub(crate) async fn at_backend(parts: &Parts, work: &Work) -> Result<(), BackendError> {
    let Some(id) = &work.backend_id else { return Ok(()) };
    if work.kind == "session" {
        return Ok(());
    }
    let answer = match at(parts, work)? {
        At::Wes(wes) => wes.cancel(id).await,
        At::Tes(tes) => tes.cancel(id).await,
    };
    match answer {
        Err(BackendError::Unknown { .. }) => Ok(()),
        other => other,
    }
}

/// What it rested on is gone: marked, cancelled at the backend where that has it, on record.
pub(crate) async fn withdraw(proxy: &Proxy, work: &Work, code: &str) {
    let parts = &*proxy.0;
    let mut marked_before = false;
    match parts.works.withdraw(&work.id, code).await {
        Ok(true) => record(parts, work, code).await,
        Ok(false) => marked_before = true,
        Err(error) => {
            tracing::error!(error = %error, work.id = %work.id, "a withdrawal could not be written to the index");
        }
    }
    if work.kind == "session" {
        // it is at no backend: its keys and its token count no more, and what it sent is swept by itself
        if let Err(error) = parts.works.close(&work.id, "CANCELED").await {
            tracing::error!(error = %error, work.id = %work.id, "an ended session could not be closed");
        }
        return;
    }
    if work.kind == "run"
        && let Err(problem) = sent_by(proxy, &work.id, code).await
    {
        tracing::error!(code = %problem.code, work.id = %work.id, "the tasks of a withdrawn run could not be looked up yet");
    }
    // also when it was marked before: a backend that was down is asked again until it is over
    if work.phase == Phase::Live && parts.stopping.entry_by_ref(&work.id).or_insert(()).is_fresh() {
        // two chores may hold the same row of some seconds ago; one of them is enough for a backend
        if !(marked_before && is_over(parts, work).await) {
            match at_backend(parts, work).await {
                Ok(()) => drop(refresh(parts, work.clone()).await),
                Err(error) => {
                    tracing::error!(error = %error, work.id = %work.id, "a withdrawn task could not be cancelled yet")
                }
            }
        }
        parts.stopping.invalidate(&work.id);
    }
}

/// Whether the index says that it is over; where it does not answer, it is not.
async fn is_over(parts: &Parts, work: &Work) -> bool {
    let now = parts.works.by_id(&work.id).await.ok().flatten();
    now.is_some_and(|row| row.phase == Phase::Over)
}

async fn record(parts: &Parts, work: &Work, code: &str) {
    let engine = parts.gate.current.load();
    let (kind, about) = match work.kind.as_str() {
        "run" => (EventType::WesCancelRun, AboutKind::Run),
        "session" => (EventType::SessionEnd, AboutKind::Session),
        _ => (EventType::TesCancelTask, AboutKind::Task),
    };
    let who = match parts.gate.keystore.known(&work.owner) {
        Some(key) => Who::system().acting_for(&key),
        None => Who::system(),
    };
    let event = Event::new(kind, Outcome::Success)
        .who(who)
        .whats(
            datasets(work)
                .iter()
                .map(|dataset| of_dataset(dataset, engine.snapshot())),
        )
        .why(
            Why::decision(work.decision.as_str())
                .with_code(code)
                .snapshot(engine.snapshot().version),
        )
        .about(about, work.id.as_str())
        .end(Ended::Withdrawn);
    // the cancellation goes on whether or not the log takes it: it only narrows
    if parts.gate.note(event).await.is_err() {
        tracing::error!(work.id = %work.id, "a withdrawal could not be put on record");
    }
}
