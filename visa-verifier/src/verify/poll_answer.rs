//! [`PollAnswer`]: what the answer of an issuer's UserInfo endpoint to an access-token visa means (AAI 1.0 "Embedded
//! Access Token" 4 and 5; AAI 1.2, clearinghouses 6.4 and 6.5). Pure.

use std::time::Duration;

use serde_json::{Map, Value};

use super::polled_visa::PolledVisa;
use crate::token::{CompactToken, json, limits};

/// What a poll said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PollAnswer {
    /// The issuer stands by the visa: success, with the visa in the answer or without any claims.
    Stands,
    /// The issuer has these in its place: same issuer, subject and type. Texts, believed only by their signatures.
    Replaced(Vec<String>),
    /// The answer tells of other visas or claims, and none that can stand in its place: as good as revoked (EXP-16).
    Gone,
    /// A status that no retry can change: 400, 401, 403, 404 and their like (EXP-15).
    Refused(u16),
    /// Nothing was learnt: no connection, 408, 425, 429, 5xx, or an answer that is no UserInfo answer.
    Failed {
        /// The issuer's wish when to come again.
        retry_after: Option<Duration>,
    },
}

impl PollAnswer {
    /// Reads an answer to a poll of `visa`: its status, its `Retry-After` and its body.
    #[must_use]
    pub fn read(visa: &PolledVisa, status: u16, retry_after: Option<&str>, body: &[u8]) -> Self {
        match status {
            200 | 204 => content(visa, body),
            // they ask to come again
            408 | 425 | 429 => failed(retry_after),
            400..=499 => Self::Refused(status),
            // a redirect is never followed: nothing was learnt
            _ => failed(retry_after),
        }
    }

    /// No answer.
    #[must_use]
    pub const fn none() -> Self {
        Self::Failed { retry_after: None }
    }
}

fn failed(retry_after: Option<&str>) -> PollAnswer {
    // the form with a date is rare, and its clock is another's: our own back-off serves
    let seconds = retry_after.and_then(|text| text.trim().parse().ok());
    PollAnswer::Failed {
        retry_after: seconds.map(Duration::from_secs),
    }
}

fn content(visa: &PolledVisa, body: &[u8]) -> PollAnswer {
    if body.trim_ascii().is_empty() {
        return PollAnswer::Stands;
    }
    let claims: Map<String, Value> = match json::parse(body, limits::PASSPORT_BYTES, 2 * limits::TOKEN_DEPTH) {
        Ok(claims) => claims,
        // a signed answer: what it says is the answer to our own call over TLS, and visas are believed by their own
        // signatures, so its signature is not needed
        Err(_) => {
            match std::str::from_utf8(body).map(|text| CompactToken::parse(text.trim(), limits::PASSPORT_BYTES)) {
                Ok(Ok(token)) => token.into_claims(),
                Ok(Err(_)) | Err(_) => return failed(None),
            }
        }
    };
    if claims
        .get("sub")
        .is_some_and(|sub| sub.as_str() != Some(visa.subject().as_str()))
    {
        return PollAnswer::Gone;
    }
    match (claims.get("ga4gh_passport_v1"), claims.get("ga4gh_visa_v1")) {
        // success is the answer; claims are optional (VIS-34)
        (None, None) => PollAnswer::Stands,
        (Some(Value::Array(list)), _) => among(visa, list),
        // current claims without a signature of their own: the same as before, or nothing that can be used
        (None, Some(object)) if is_said_by(visa, object) => PollAnswer::Stands,
        (Some(_), _) | (None, Some(_)) => PollAnswer::Gone,
    }
}

fn among(visa: &PolledVisa, list: &[Value]) -> PollAnswer {
    let texts = || list.iter().filter_map(Value::as_str);
    if texts().any(|text| text == visa.compact()) {
        return PollAnswer::Stands;
    }
    let can_replace =
        |text: &&str| CompactToken::parse(text, limits::VISA_BYTES).is_ok_and(|other| visa.is_replaced_by(&other));
    let others: Vec<String> = texts()
        .filter(can_replace)
        .take(limits::VISAS)
        .map(str::to_owned)
        .collect();
    if others.is_empty() {
        PollAnswer::Gone
    } else {
        PollAnswer::Replaced(others)
    }
}

fn is_said_by(visa: &PolledVisa, object: &Value) -> bool {
    CompactToken::parse(visa.compact(), limits::VISA_BYTES)
        .is_ok_and(|token| token.claims().get("ga4gh_visa_v1") == Some(object))
}
