//! A token for a service of its own, not for a person (RFC 6749 §4.4, RFC 9068 §5; `specs/trust.md` C.20).
//!
//! It opens no data: it lets a registered service ask this node whether Passports count, or a consent service place and
//! end holds. It is not noted in a table, so that no route for people takes it; it ends after minutes, and a removed client gets no other.

use std::time::Duration;

use serde::Serialize;
use visa_verifier::seam::{Timestamp, token};

use super::dispatch::Tokens;
use crate::front::Front;
use crate::page::Fields;
use crate::provider::client_auth::{Client, Proof};
use crate::provider::problem::TokenProblem;
use crate::store::clients::{ClientKind, ClientRow};

/// `grant_type`
pub(crate) const GRANT: &str = "client_credentials";
/// The one scope of services: `POST /visum/v1/passport/verify` at the proxy. No person's token ever carries it.
pub(crate) const VERIFY: &str = "visum:verify";
/// The scope of consent services: `/visum/v1/consent/holds` at this broker, and nothing else.
pub(crate) const CONSENT: &str = "visum:consent";
/// What stands before a client's id in `sub`, so that no person's `sub` is like it (theirs hold no colon).
const SUBJECT: &str = "client:";
/// Life of such a token: it cannot be ended earlier.
const LIFE: Duration = Duration::from_secs(300);

#[derive(Serialize)]
struct Claims<'c> {
    iss: &'c str,
    sub: String,
    aud: &'c str,
    client_id: &'c str,
    scope: &'c str,
    iat: i64,
    exp: i64,
    jti: String,
    /// Audiences that this service is, beside the node's own: Passports that name one of them are for it.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    visum_stands_for: &'c [String],
}

/// Issues one, to a service that proved who it is.
pub(super) fn issue(front: &Front, client: &Client, fields: &Fields, now: Timestamp) -> Result<Tokens, TokenProblem> {
    if client.proof != Proof::Own || client.row.kind != ClientKind::Service {
        return Err(TokenProblem::unauthorized(
            "only a service with a secret or a key gets a token of its own",
        ));
    }
    let asked = fields.one("scope")?.unwrap_or(VERIFY);
    let known = [VERIFY, CONSENT].into_iter().find(|scope| *scope == asked);
    let registered = known.filter(|scope| client.row.scopes.iter().any(|held| held == scope));
    let Some(scope) = registered else {
        return Err(TokenProblem::scope(format!(
            "a service's token carries `{VERIFY}` or `{CONSENT}` alone, and only if that stands in its registration"
        )));
    };
    let audience = audience(&client.row, fields)?;
    let claims = Claims {
        iss: front.issuer(),
        sub: format!("{SUBJECT}{}", client.row.id),
        aud: &audience,
        client_id: &client.row.id,
        scope,
        iat: now.unix(),
        exp: now.plus(LIFE).unix(),
        jti: token(front.broker.random(), 16),
        visum_stands_for: &client.row.exchange_audiences,
    };
    let signed = front.broker.signer().sign_jws("at+jwt", &claims)?;
    Ok(Tokens::default()
        .with("access_token", signed)
        .with("token_type", "Bearer")
        .with("expires_in", LIFE.as_secs())
        .with("scope", scope))
}

/// The one resource that it is for: named and registered, or the only one that is registered.
fn audience(row: &ClientRow, fields: &Fields) -> Result<String, TokenProblem> {
    let mut named: Vec<&str> = fields.many("resource").chain(fields.many("audience")).collect();
    named.dedup();
    match (named.as_slice(), row.audiences.as_slice()) {
        ([], [only]) => Ok(only.clone()),
        ([one], registered) if registered.iter().any(|known| known == one) => Ok((*one).to_owned()),
        ([], _) => Err(TokenProblem::target("`resource` must name the node that will be asked")),
        (_, _) => Err(TokenProblem::target(
            "this client gets one token for one registered resource",
        )),
    }
}
