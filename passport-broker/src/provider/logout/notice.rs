//! Logout tokens: made anew for each try, sent through the one client for calls to others, retried, and on record.

use std::time::Duration;

use audit_log::{AboutKind, Class, Event, EventType, Outcome, Who};
use bytes::Bytes;
use http::{Request, header};
use serde_json::json;
use url::form_urlencoded::Serializer;
use visa_verifier::seam::{Limit, Timestamp, token};

use crate::Broker;
use crate::store::logout_notices::{self, Notice};
use crate::store::people::PersonId;

/// The one event of a logout token (Back-Channel Logout 1.0 §2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How long a logout token is good: two minutes (§2.4 recommends no more).
const LIFE: Duration = Duration::from_secs(120);
/// After each try, this long until the next one; after the last, none.
const WAITS: [u64; 5] = [60, 300, 1_800, 7_200, 43_200];
/// How many are sent in one round.
const ROUND: u32 = 50;

/// A notice to a client that a session of its has ended.
pub(super) fn of(broker: &Broker, client: String, uri: String, sid: &str, person: PersonId, now: Timestamp) -> Notice {
    Notice {
        id: token(broker.random(), 16),
        client,
        uri,
        sid: sid.to_owned(),
        person,
        tries: 0,
        next: now,
    }
}

/// Sends what is due. Each try is one replica's: it is counted in the row before it is made.
pub(crate) async fn deliver(broker: &Broker) {
    let due = match logout_notices::due(&mut broker.db(), broker.now(), ROUND).await {
        Ok(due) => due,
        Err(error) => {
            tracing::error!(error.code = error.code(), %error, "notices of logouts could not be read");
            return;
        }
    };
    for notice in due {
        if let Err(error) = attempt(broker, &notice).await {
            tracing::error!(error.code = error.code(), %error, "a notice of a logout could not be noted");
        }
    }
}

async fn attempt(broker: &Broker, notice: &Notice) -> Result<(), crate::store::StoreError> {
    let now = broker.now();
    let wait = usize::try_from(notice.tries)
        .ok()
        .and_then(|tries| WAITS.get(tries))
        .copied();
    let next = wait.map(|seconds| now.plus(Duration::from_secs(seconds)));
    if !logout_notices::claim(&mut broker.db(), notice, next, now).await? {
        return Ok(());
    }
    let sent = send(broker, notice, now).await;
    match &sent {
        Ok(()) => logout_notices::done(&mut broker.db(), &notice.id, now).await?,
        Err(why) => tracing::warn!(
            client.id = notice.client,
            tries = notice.tries + 1,
            why,
            "a client was not told of a logout"
        ),
    }
    // On record when it is told, and when nobody tries any more.
    let last = next.is_none();
    if sent.is_ok() || last {
        let outcome = if sent.is_ok() { Outcome::Success } else { Outcome::Error };
        let event = Event::new(EventType::Logout, outcome)
            .who(Who::nobody(Class::System))
            .about(AboutKind::Client, notice.client.as_str())
            .about(AboutKind::Session, notice.id.as_str());
        if let Err(error) = broker.writer().append(event).await {
            tracing::error!(%error, "that a client was told of a logout could not be recorded");
        }
    }
    Ok(())
}

async fn send(broker: &Broker, notice: &Notice, now: Timestamp) -> Result<(), String> {
    let client = broker.client(&notice.client).await.map_err(|error| error.to_string())?;
    let client = client.ok_or("the client is not registered any more")?;
    // Where it goes is the registration's word of now, not of when the session ended.
    let uri = client
        .options
        .backchannel_logout_uri
        .as_deref()
        .ok_or("it wants no notices any more")?;
    let claims = json!({
        "iss": broker.config().issuer.as_str(),
        "aud": notice.client,
        "sub": notice.person.as_str(),
        "sid": notice.sid,
        "iat": now.unix(),
        "exp": now.plus(LIFE).unix(),
        "jti": token(broker.random(), 16),
        "events": { EVENT: {} },
    });
    let alg = client.options.id_token_signed_response_alg;
    let signed = broker
        .signer()
        .sign_logout(alg, &claims)
        .map_err(|error| error.to_string())?;
    let body = Serializer::new(String::new())
        .append_pair("logout_token", &signed)
        .finish();
    let request = Request::post(uri)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from(body))
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
