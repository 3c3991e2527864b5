//! `POST /revoke` (RFC 7009; `specs/trust.md` C.19): a client ends a token of its own. Equal answers for unknown ones.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::HeaderMap;

use super::NO_STORE;
use super::access_token;
use super::client_auth;
use super::problem::TokenProblem;
use crate::front::Front;
use crate::page::Fields;
use crate::session::digest_of;
use crate::store::tokens;

/// `POST /revoke`
pub(crate) async fn revoke(State(front): State<Front>, headers: HeaderMap, body: Bytes) -> Response {
    match ended(&front, &headers, &body).await {
        Ok(()) => NO_STORE.into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn ended(front: &Front, headers: &HeaderMap, body: &[u8]) -> Result<(), TokenProblem> {
    let fields = Fields::parse(body)?;
    let now = front.broker.now();
    let mut db = front.broker.db();
    let client = client_auth::authenticate(&front.broker, headers, &fields, now).await?;
    let text = fields.required("token")?;
    // The hint is only a hint: both kinds are looked for.
    if let Some(family) = tokens::family_of_refresh(&mut db, &digest_of(text), &client.row.id).await? {
        tokens::revoke_family(&mut db, &family.id, now).await?;
    } else if let Ok(live) = access_token::live(&front.broker, &mut db, text, now).await {
        tokens::revoke_access(&mut db, &live.row.jti, &client.row.id, now).await?;
    }
    Ok(())
}
