//! Turning the signing keys by hand: who may, on record before anything changes; and what the keys are.
//!
//! Whoever may stop access at once (`lockdown:place`: operators and administrators) may turn the keys: with overlap it
//! changes nothing for anybody, and at once it ends what a stolen key could sign.

use audit_log::{AboutKind, Class, Did, Digest, Event, EventType, Outcome, Why};
use policy_engine::decide::GovernQuestion;
use serde::{Deserialize, Serialize};
use visa_verifier::seam::Timestamp;

use crate::broker::Broker;
use crate::caller::Caller;
use crate::committee::{Asked, GovernError};
use crate::keys::{KEY_LIFE, KeyError, KeyUse, LEAD};
use crate::limits;
use crate::record;
use crate::store::keys;

/// A key as it is shown: nothing of its private half.
#[derive(Clone, Debug, Serialize)]
pub struct KeyShown {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// What it signs.
    #[serde(rename = "use")]
    pub purpose: String,
    /// Its algorithm.
    pub alg: &'static str,
    /// `next`, `current` or `old`.
    pub state: String,
    /// When it was made, and published.
    pub created: Timestamp,
    /// A next one: when it begins to sign. A current one: when the one after it is made by itself; none for snapshots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<Timestamp>,
    /// An old one: when it leaves the key set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaves: Option<Timestamp>,
}

/// What is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// One use (`token`, `id_token`, `visa`); all three unless given.
    #[serde(default, rename = "use")]
    pub purpose: Option<String>,
    /// At once, without overlap: the old keys are no longer published, and what they signed is no longer good.
    #[serde(default)]
    pub now: bool,
    /// Why; the log keeps its digest.
    pub reason: String,
}

/// The keys, for who may turn them or read the log.
///
/// # Errors
/// [`GovernError`]
pub async fn list(broker: &Broker, caller: &Caller) -> Result<Vec<KeyShown>, GovernError> {
    let asked = Asked::begin(broker, caller).await?;
    let may_turn = asked
        .engine
        .govern(&asked.facts, &GovernQuestion::LockdownPlace, broker.now())
        .allow();
    if !may_turn {
        let question = GovernQuestion::AuditRead { dataset: None };
        asked.ask(broker, caller, EventType::AuditRead, None, &question).await?;
    }
    record::read(broker, caller, None).await?;
    shown(broker).await
}

async fn shown(broker: &Broker) -> Result<Vec<KeyShown>, GovernError> {
    let rows = keys::all(&mut broker.db(), broker.now()).await?;
    let tell = |row: keys::SigningKeyRow| {
        let purpose = KeyUse::of(&row.purpose);
        let turning = purpose.is_some_and(KeyUse::turns);
        KeyShown {
            alg: purpose.map_or("", |purpose| purpose.alg().word()),
            turns: match row.state.as_str() {
                "next" => Some(row.created.plus(LEAD)),
                "current" if turning => Some(row.created.plus(KEY_LIFE)),
                _ => None,
            },
            leaves: row.not_after,
            kid: row.kid,
            purpose: row.purpose,
            state: row.state,
            created: row.created,
        }
    };
    Ok(rows.into_iter().map(tell).collect())
}

/// Makes the next keys, or replaces the current ones at once; the keys afterwards.
///
/// # Errors
/// [`GovernError`]
pub async fn rotate(broker: &Broker, caller: &Caller, asked_for: Rotation) -> Result<Vec<KeyShown>, GovernError> {
    let reason = asked_for.reason.trim();
    if reason.is_empty() || reason.len() > limits::TEXT_BYTES {
        return Err(GovernError::input(
            "keys.reason",
            "Give a reason of 1 to 4096 bytes; auditors will ask.",
        ));
    }
    let uses: Vec<KeyUse> = match asked_for.purpose.as_deref() {
        None => KeyUse::TURNING.to_vec(),
        Some(word) => vec![KeyUse::of(word).filter(|one| one.turns()).ok_or_else(|| {
            GovernError::input(
                "keys.use",
                "Keys are turned for `token`, `id_token` and `visa`. The key of snapshots is pinned by whoever takes \
                 them: it changes with them, by hand.",
            )
        })?],
    };
    let asked = Asked::begin(broker, caller).await?;
    asked
        .ask(
            broker,
            caller,
            EventType::KeyRotate,
            None,
            &GovernQuestion::LockdownPlace,
        )
        .await?;
    let before = shown(broker).await?;
    let mut event = Event::new(EventType::KeyRotate, Outcome::Success)
        .who(record::who(broker, caller, Class::Admin)?)
        .why(Why::code(if asked_for.now { "keys.replace" } else { "keys.announce" }))
        .did(Did::default().reason(Digest::of(reason.as_bytes())));
    let turned = |key: &&KeyShown| {
        key.state == "current" && KeyUse::of(&key.purpose).is_some_and(|purpose| uses.contains(&purpose))
    };
    for key in before.iter().filter(turned) {
        event = event.about(AboutKind::Key, key.kid.as_str());
    }
    // on record before it counts
    broker.writer().append(event).await?;
    broker.turn_keys(&uses, asked_for.now).await.map_err(failed)?;
    shown(broker).await
}

fn failed(error: KeyError) -> GovernError {
    if let KeyError::Store { source } = error {
        return GovernError::Store { source };
    }
    GovernError::Facts { why: error.to_string() }
}

#[cfg(test)]
#[path = "rotation_tests.rs"]
mod tests;
