//! A device's code for tokens, once the person has allowed it (RFC 8628 §3.4, §3.5).

use visa_verifier::seam::{Timestamp, token};

use super::authorization_code::{answer, kept_key};
use super::dispatch::Tokens;
use super::id_token::id_token;
use crate::front::Front;
use crate::limits;
use crate::page::Fields;
use crate::provider::client_auth::Client;
use crate::provider::details::Details;
use crate::provider::problem::TokenProblem;
use crate::provider::scope::Scopes;
use crate::session::digest_of;
use crate::store::devices::{self, DeviceState};
use crate::store::people;
use crate::store::tokens::{self, Family};

/// `grant_type`
pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// A device that asks too soon waits this many seconds more from then on (RFC 8628 §3.5).
const SLOWER: i64 = 5;
/// The slowest pace that a device is sent to.
const SLOWEST: i64 = 60;

/// Gives the tokens, once; until then says why not yet.
pub(crate) async fn redeem(
    front: &Front,
    client: Client,
    fields: &Fields,
    now: Timestamp,
) -> Result<Tokens, TokenProblem> {
    let digest = digest_of(fields.required("device_code")?);
    let mut tx = front.broker.db().begin().await?;
    let Some(row) = devices::of_digest(&mut tx, &digest).await? else {
        return Err(TokenProblem::grant());
    };
    if row.client != client.row.id {
        return Err(TokenProblem::grant());
    }
    if row.expires <= now {
        return Err(TokenProblem::device("expired_token", "the code is over: begin again"));
    }
    let too_soon = row.polled.is_some_and(|last| now.unix() - last.unix() < row.pace);
    let pace = if too_soon {
        (row.pace + SLOWER).min(SLOWEST)
    } else {
        row.pace
    };
    devices::polled(&mut tx, &digest, pace, now).await?;
    if too_soon {
        tx.commit().await?;
        return Err(TokenProblem::device(
            "slow_down",
            format!("asked too soon: wait {pace} seconds between two requests"),
        ));
    }
    let allowed = match row.state {
        DeviceState::Allowed(allowed) => allowed,
        DeviceState::Waiting => {
            tx.commit().await?;
            return Err(TokenProblem::device(
                "authorization_pending",
                "the person has not answered yet",
            ));
        }
        DeviceState::Refused => return Err(TokenProblem::device("access_denied", "the person refused")),
        DeviceState::Used => return Err(TokenProblem::grant()),
    };
    if !devices::take(&mut tx, &digest).await? {
        return Err(TokenProblem::grant());
    }
    if !people::stands(&mut tx, &allowed.person).await? {
        tx.commit().await?;
        return Err(TokenProblem::grant());
    }
    let scopes = Scopes::parse(&allowed.scope);
    let family = Family {
        id: token(front.broker.random(), 16),
        person: allowed.person,
        client: client.row.id.clone(),
        sid: Some(allowed.sid),
        code: None,
        scope: allowed.scope,
        audience: row.audience,
        login: allowed.login,
        details: None,
        jkt: kept_key(&client),
        created: now,
        expires: now.plus(limits::FAMILY),
        revoked: None,
    };
    tokens::begin_family(&mut tx, &family).await?;
    let answer = answer(front, &mut tx, &family, &scopes, &Details::default(), &client, now).await?;
    let id_token = id_token(front, &client.row, &family, None, answer.0.get("access_token"), now)?;
    tx.commit().await?;
    Ok(answer.with("id_token", id_token))
}
