//! Webhooks: what a node tells a system of its operator. Set by administrators as governed rows, signed, without personal
//! data; no redirect is followed, the answer's body is not read (`specs/trust.md` C.34).
//!
//! The headers are those of Standard Webhooks: `webhook-id`, `webhook-timestamp`, and `webhook-signature` with
//! HMAC-SHA256 of `id.timestamp.body` under the secret, as `v1,` and base64.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, header};
use ring::hmac;
use serde_json::{Value, json};
use visa_verifier::seam::{Limit, Timestamp, token};

use crate::Broker;
use crate::person::endings::Counts;
use crate::store::StoreError;
use crate::store::webhooks::{self, Call, WebhookRow};

/// After each try, this long until the next one; after the last, none: five in all.
const WAITS: [u64; 4] = [60, 600, 3_600, 21_600];
/// How many calls are made in one round.
const ROUND: u32 = 50;

/// Notes what every webhook is told: how much ends soon, and of whom nothing.
pub(crate) async fn tell_endings(broker: &Broker, counts: &Counts) -> Result<(), StoreError> {
    if counts.is_empty() {
        return Ok(());
    }
    let now = broker.now();
    let ending: Vec<Value> = counts
        .iter()
        .map(|((kind, stage), count)| json!({ "kind": kind, "within": stage.word(), "count": count }))
        .collect();
    let said = json!({
        "type": "endings.announced",
        "timestamp": now.to_string(),
        "data": { "node": broker.config().issuer.as_str(), "endings": ending },
    });
    let rows: Vec<WebhookRow> = broker.live().await?;
    for row in rows {
        let call = Call {
            id: format!("msg_{}", token(broker.random(), 16)),
            webhook: row.id,
            body: said.to_string(),
            tries: 0,
            next: now,
        };
        webhooks::put(&mut broker.db(), &call).await?;
    }
    Ok(())
}

/// Makes the calls that are due. Each try is one replica's: it is counted in the row before it is made.
pub(crate) async fn deliver(broker: &Broker) {
    let due = match webhooks::due(&mut broker.db(), broker.now(), ROUND).await {
        Ok(due) => due,
        Err(error) => {
            tracing::error!(error.code = error.code(), %error, "calls to webhooks could not be read");
            return;
        }
    };
    for call in due {
        if let Err(error) = attempt(broker, &call).await {
            tracing::error!(error.code = error.code(), %error, "a call to a webhook could not be noted");
        }
    }
}

async fn attempt(broker: &Broker, call: &Call) -> Result<(), StoreError> {
    let now = broker.now();
    let wait = usize::try_from(call.tries)
        .ok()
        .and_then(|tries| WAITS.get(tries))
        .copied();
    let next = wait.map(|seconds| now.plus(Duration::from_secs(seconds)));
    if !webhooks::claim(&mut broker.db(), call, next, now).await? {
        return Ok(());
    }
    let Some(row) = broker
        .live::<WebhookRow>()
        .await?
        .into_iter()
        .find(|row| row.id == call.webhook)
    else {
        // ended since: nobody is told
        return webhooks::done(&mut broker.db(), &call.id, now).await;
    };
    let sent = send(broker, &row, call, now).await;
    match &sent {
        Ok(()) => webhooks::done(&mut broker.db(), &call.id, now).await?,
        Err(why) => tracing::warn!(webhook = row.id, tries = call.tries + 1, why, "a webhook was not told"),
    }
    Ok(())
}

async fn send(broker: &Broker, row: &WebhookRow, call: &Call, now: Timestamp) -> Result<(), String> {
    let secret = broker
        .config()
        .upstream_secrets
        .get(&format!("webhook:{}", row.secret))
        .ok_or("its secret is not in the configuration of this node")?;
    let at = now.unix().to_string();
    let request = Request::post(row.url.as_str())
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", call.id.as_str())
        .header("webhook-timestamp", at.as_str())
        .header(
            "webhook-signature",
            signature(secret.expose(), &call.id, &at, &call.body),
        )
        .body(Bytes::from(call.body.clone()))
        .map_err(|error| error.to_string())?;
    let answer = broker
        .fetch()
        .send(request, Limit::DOCUMENT)
        .await
        .map_err(|error| error.to_string())?;
    if answer.status.is_success() {
        Ok(())
    } else {
        Err(format!("it answered {}", answer.status.as_u16()))
    }
}

fn signature(secret: &[u8], id: &str, at: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let tag = hmac::sign(&key, format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_signed_over_its_id_its_time_and_its_body() {
        let one = signature(b"secret", "msg_1", "1795000000", "{}");
        assert!(one.starts_with("v1,") && one.len() == 47, "{one}");
        for other in [
            signature(b"another", "msg_1", "1795000000", "{}"),
            signature(b"secret", "msg_2", "1795000000", "{}"),
            signature(b"secret", "msg_1", "1795000001", "{}"),
            signature(b"secret", "msg_1", "1795000000", "{ }"),
        ] {
            assert_ne!(one, other);
        }
    }
}
