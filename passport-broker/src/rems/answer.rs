//! The two calls to REMS: `GET /api/entitlements` and `POST /api/applications/revoke`, each bounded.

use bytes::Bytes;
use http::{Method, Request, header};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use visa_verifier::seam::{Limit, Timestamp};
use visa_verifier::token::json::parse;

use super::Rems;
use crate::broker::Broker;
use crate::limits;

/// Most entitlements of one answer: more are refused whole, since what is missing would be ended.
const ENTITLEMENTS: usize = 5_000;
/// Depth of an answer.
const DEPTH: usize = 8;

/// One of REMS' entitlements, as `/api/entitlements` tells it. What else it says is not read.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Entitlement {
    /// The resource's id: a URN, a URL, any text.
    pub(super) resource: String,
    /// Whose.
    pub(super) user: User,
    /// The application's number.
    pub(super) application_id: u64,
    /// From when.
    #[serde(deserialize_with = "moment")]
    pub(super) start: Timestamp,
    /// Until when; without an end it stands until it is taken back.
    #[serde(default, deserialize_with = "maybe_moment")]
    pub(super) end: Option<Timestamp>,
}

/// A user of REMS.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub(super) struct User {
    /// The user's id: the `sub` at the login provider.
    pub(super) userid: String,
}

/// `2026-01-02T03:04:05.678Z`: what is less than a second is left out.
fn in_seconds(text: &str) -> Option<Timestamp> {
    let whole = match text.split_once('.') {
        Some((whole, fraction)) => {
            let digits = fraction.strip_suffix('Z')?;
            let sound = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            sound.then(|| format!("{whole}Z"))?
        }
        None => text.to_owned(),
    };
    whole.parse().ok()
}

fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    in_seconds(&text).ok_or_else(|| D::Error::custom("a time of another form"))
}

fn maybe_moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| in_seconds(&text).ok_or_else(|| D::Error::custom("a time of another form")))
        .transpose()
}

/// All entitlements that stand now.
pub(super) async fn entitlements(broker: &Broker, rems: &Rems) -> Result<Vec<Entitlement>, String> {
    let mut url = rems.address("entitlements");
    url.query_pairs_mut().append_pair("expired", "false");
    let body = call(broker, rems, Method::GET, url.as_str(), Bytes::new()).await?;
    read(&body)
}

fn read(body: &[u8]) -> Result<Vec<Entitlement>, String> {
    let all: Vec<Entitlement> =
        parse(body, Limit::TOKENS.bytes, DEPTH).map_err(|error| format!("it is no list of entitlements: {error}"))?;
    if all.len() > ENTITLEMENTS {
        return Err(format!("more than {ENTITLEMENTS} entitlements"));
    }
    let sound = |text: &str| !text.is_empty() && text.len() <= limits::NAME_BYTES;
    if !all.iter().all(|one| sound(&one.resource) && sound(&one.user.userid)) {
        return Err("an entitlement without user or resource, or with a name that is too long".to_owned());
    }
    Ok(all)
}

/// Takes an application back.
pub(super) async fn revoke(broker: &Broker, rems: &Rems, application: u64) -> Result<(), String> {
    let comment = "The grant was revoked at the node that holds the data.";
    let body = json!({ "application-id": application, "comment": comment }).to_string();
    let url = rems.address("applications/revoke");
    let body = call(broker, rems, Method::POST, url.as_str(), body.into()).await?;
    let answer: Value = parse(&body, Limit::TOKENS.bytes, DEPTH).map_err(|error| error.to_string())?;
    if answer.get("success").and_then(Value::as_bool) == Some(true) {
        Ok(())
    } else {
        Err("it said that it did not succeed".to_owned())
    }
}

async fn call(broker: &Broker, rems: &Rems, method: Method, url: &str, body: Bytes) -> Result<Bytes, String> {
    let key = rems.api_key.expose_str().ok_or("its API key is no text")?;
    let request = Request::builder()
        .method(method)
        .uri(url)
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-rems-api-key", key.trim())
        .header("x-rems-user-id", rems.user_id.as_str())
        .body(body)
        .map_err(|error| error.to_string())?;
    let fetched = broker
        .fetch()
        .send(request, Limit::TOKENS)
        .await
        .map_err(|error| error.to_string())?;
    if fetched.status.is_success() {
        Ok(fetched.body)
    } else {
        Err(format!("it answered {}", fetched.status.as_u16()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entitlements_are_read_as_rems_writes_them_or_not_at_all() {
        let one = r#"{"resource":"urn:nbn:fi:1","user":{"userid":"ada","name":"Ada","email":"a@example.org"},
            "application-id":7,"start":"2026-01-02T03:04:05.678Z","end":null,"mail":"a@example.org"}"#;
        let cases = [
            ("one", format!("[{one}]"), true),
            ("none", "[]".to_owned(), true),
            (
                "an end",
                format!("[{}]", one.replace("null", "\"2027-01-01T00:00:00.000Z\"")),
                true,
            ),
            (
                "a time in another zone",
                format!("[{}]", one.replace("678Z", "678+02:00")),
                false,
            ),
            ("no list", one.to_owned(), false),
            (
                "no user",
                format!("[{}]", one.replace("\"userid\":\"ada\",", "")),
                false,
            ),
            ("an empty user", format!("[{}]", one.replace("\"ada\"", "\"\"")), false),
            ("no number", format!("[{}]", one.replace("7", "\"seven\"")), false),
            ("a refusal", r#"{"error":"forbidden"}"#.to_owned(), false),
        ];
        for (name, text, good) in cases {
            assert_eq!(
                read(text.as_bytes()).is_ok(),
                good,
                "{name}: {:?}",
                read(text.as_bytes())
            );
        }
    }
}
