//! The session behind a use of the door: does it live, and does a task of it?

use std::time::Duration;

use crate::{
    limits,
    proxy::Parts,
    store::{Phase, StoreError},
};

/// Whether a session's tasks are at work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Alive {
    /// A task is queued or running, and its backend said so of late.
    Yes,
    /// One is on its way to the backend.
    Submitting,
    /// None.
    No,
}

/// Asks the index.
///
/// # Errors
/// The index's own.
pub(crate) async fn alive(parts: &Parts, session: &str) -> Result<Alive, StoreError> {
    let now = parts.gate.now().unix();
    let most = i64::try_from(limits::UNCONFIRMED.as_secs()).unwrap_or(i64::MAX);
    let mut found = Alive::No;
    for work in parts.works.of_session(session).await? {
        let lives = work.withdrawn.is_none() && now < work.expires_at;
        match work.phase {
            Phase::Live if lives && now.saturating_sub(work.confirmed_at) <= most => return Ok(Alive::Yes),
            Phase::Submitting if lives => found = Alive::Submitting,
            Phase::Live | Phase::Submitting | Phase::Over => {}
        }
    }
    Ok(found)
}

/// The same; for one that is on its way the answer waits a while (`apis.md` 10.3).
///
/// # Errors
/// The index's own.
pub(crate) async fn soon_alive(parts: &Parts, session: &str) -> Result<Alive, StoreError> {
    let pause = Duration::from_millis(100);
    let mut waited = Duration::ZERO;
    loop {
        let found = alive(parts, session).await?;
        if found != Alive::Submitting || waited >= limits::SUBMITTING_WAIT {
            return Ok(found);
        }
        tokio::time::sleep(pause).await;
        waited = waited.saturating_add(pause);
    }
}
