//! Who governs, for the proxy: a step of administration that is taken there rests on the same facts as one taken here.

use std::net::IpAddr;

use http::{HeaderMap, HeaderValue, header};
use policy_engine::{decide::Facts, snapshot::Snapshot};

use super::{GovernError, facts};
use crate::broker::Broker;
use crate::provider::access_token::{self, BearerProblem};

/// The scope of administration.
const SCOPE: &str = "visum:admin";

/// The facts of whoever holds a token for our own API with the scope of administration, on one snapshot; `None` if it is
/// no such token. A login by a provider that governs nothing has no roles here either.
///
/// # Errors
/// The database is down, or our own keys do not work.
pub async fn governor(
    broker: &Broker,
    token: &str,
    address: Option<IpAddr>,
    snapshot: &Snapshot,
) -> Result<Option<Facts>, GovernError> {
    let Ok(value) = HeaderValue::from_str(&format!("Bearer {token}")) else {
        return Ok(None);
    };
    let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
    match access_token::caller(broker, &headers, address).await {
        Ok(caller) if caller.has(SCOPE) => facts::of(broker, &caller, snapshot).await.map(Some),
        Err(BearerProblem::Server) => Err(GovernError::Facts {
            why: "tokens cannot be checked at present".to_owned(),
        }),
        Ok(_) | Err(_) => Ok(None),
    }
}
