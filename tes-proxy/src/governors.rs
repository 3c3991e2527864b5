//! The seam to whoever knows who governs: roles count for a login by a provider that may administer, and that is known to
//! the broker alone.

use std::{fmt, net::IpAddr};

use futures::future::BoxFuture;
use policy_engine::{decide::Facts, snapshot::Snapshot};

use crate::{
    api::Incoming,
    gate::{Caller, Presented, Taken, credential},
    problem::Problem,
    proxy::Parts,
};

/// Knows who governs.
pub trait Governors: Send + Sync + fmt::Debug {
    /// The facts of whoever holds this access token, as administration judges them, on this snapshot. `None`: the token
    /// opens no administration. An error: it cannot be told at present.
    fn facts<'t>(
        &'t self,
        token: &'t str,
        address: Option<IpAddr>,
        snapshot: &'t Snapshot,
    ) -> BoxFuture<'t, Result<Option<Facts>, String>>;
}

impl Parts {
    /// The caller as administration judges them; without any role where nobody says that they have one.
    ///
    /// # Errors
    /// 503 when it cannot be told.
    pub(crate) async fn governor(&self, incoming: &Incoming, caller: &Caller) -> Result<Facts, Problem> {
        let engine = self.gate.current.load();
        let none = || caller.facts(engine.snapshot()).without_roles();
        let Some(governors) = self.governors() else {
            return Ok(none());
        };
        // a key-bound token is for the routes that check its key, not for administration
        let Ok(Presented::Token(token)) = credential(&incoming.headers, Taken::default(), Vec::new()) else {
            return Ok(none());
        };
        match governors.facts(&token, incoming.address, engine.snapshot()).await {
            Ok(found) => Ok(found.unwrap_or_else(none)),
            Err(error) => {
                tracing::error!(%error, "nobody could say who governs");
                Err(Problem::unavailable(
                    "gate.governor",
                    "it cannot be told at present who may release outputs; nothing was done",
                    10,
                ))
            }
        }
    }
}
