//! New tokens for a refresh token (RFC 6749 §6), the client proved by the key that its person registered.

use super::{
    http::{Client, Reply},
    key::ClientKey,
    login::{Around, CLIENT, Given, Provider},
};
use crate::error::CommandError;

/// Renews; the refresh token is used up, the answer holds the next one.
///
/// # Errors
/// `login.expired` if the broker renews it no more (it was ended, or used before); else what the broker says, or that it
/// can't be reached (exit 3): then the token is still good.
pub(crate) async fn renew(
    around: Around<'_>,
    provider: &Provider,
    refresh: &str,
    key: &ClientKey,
) -> Result<Given, CommandError> {
    let assertion = key.assertion(CLIENT, &provider.issuer, around.clock.now(), around.random)?;
    let reply = ask(around.client, &provider.token, &assertion, refresh).await?;
    if reply.json().get("error").and_then(serde_json::Value::as_str) == Some("invalid_grant") {
        return Err(CommandError::denied(
            "login.expired",
            "the broker renews this login no more: it was ended, or it was not used for too long",
        ));
    }
    Given::of(&reply.ok()?)
}

async fn ask(client: &Client, endpoint: &str, assertion: &str, refresh: &str) -> Result<Reply, CommandError> {
    client
        .form(
            endpoint,
            &[
                ("grant_type", "refresh_token"),
                ("client_id", CLIENT),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_assertion", assertion),
                ("refresh_token", refresh),
            ],
        )
        .await
}
