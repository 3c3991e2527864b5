//! Logging in at another device: a code here, a browser there (RFC 8628).

use std::time::Duration;

use serde_json::Value;

use super::login::{Around, CLIENT, Given, Provider};
use crate::error::CommandError;

/// What this way may ask for: administration wants a browser on the machine that administers.
const SCOPE: &str = "openid profile ga4gh_passport_v1 visum:self";

/// The same, and to stay.
const STAYING: &str = "openid profile ga4gh_passport_v1 visum:self offline_access";

/// What a person has to do: go to the address, and type the code.
#[derive(Clone, Debug)]
pub(crate) struct Codes {
    /// The page.
    pub(crate) page: String,
    /// The code.
    pub(crate) code: String,
    /// Minutes until both are over.
    pub(crate) minutes: u64,
}

/// Tokens, once the person has allowed it elsewhere; with `stay` one that renews them.
///
/// # Errors
/// If the broker has no such way, the person refuses, or the code is over.
pub(crate) async fn tokens(
    around: Around<'_>,
    provider: &Provider,
    stay: bool,
    tell: fn(&Codes),
) -> Result<Given, CommandError> {
    let endpoint = provider.device.as_deref().ok_or_else(|| {
        CommandError::unknown(
            "login.device",
            format!("{} has no login at another device", provider.issuer),
        )
        .hint("log in with a browser on this machine: `visum login`")
    })?;
    let begun = around
        .client
        .form(
            endpoint,
            &[("client_id", CLIENT), ("scope", if stay { STAYING } else { SCOPE })],
        )
        .await?
        .ok()?;
    let text = |name: &str| begun.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str, otherwise: u64| begun.get(name).and_then(Value::as_u64).unwrap_or(otherwise);
    let life = Duration::from_secs(number("expires_in", 600).min(3600));
    tell(&Codes {
        page: text("verification_uri").to_owned(),
        code: text("user_code").to_owned(),
        minutes: life.as_secs() / 60,
    });
    let mut pace = Duration::from_secs(number("interval", 5).clamp(1, 60));
    let deadline = tokio::time::Instant::now() + life;
    while tokio::time::Instant::now() < deadline {
        tokio::time::sleep(pace).await;
        let reply = around
            .client
            .form(
                &provider.token,
                &[
                    ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                    ("client_id", CLIENT),
                    ("device_code", text("device_code")),
                ],
            )
            .await?;
        let body = reply.json();
        match body.get("error").and_then(Value::as_str) {
            Some("authorization_pending") => {}
            Some("slow_down") => pace += Duration::from_secs(5),
            Some("access_denied") => {
                return Err(CommandError::denied(
                    "login.refused",
                    "the login was refused on the other device",
                ));
            }
            Some("expired_token") => break,
            Some(_) => return Err(reply.problem()),
            None => {
                return Given::of(&reply.ok()?);
            }
        }
    }
    Err(CommandError::unknown("login.timeout", "nobody typed the code in time")
        .hint("run the command again for a new one"))
}
