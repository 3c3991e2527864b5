//! The small token of a workflow session, for TES and WES clients that cannot carry Passports: down to datasets, actions,
//! purpose and time, good at one node's TES and WES and for nothing else (`apis.md` 10.1, E75).

use std::net::IpAddr;
use std::time::Duration;

use serde_json::{Map, Value, json};
use visa_verifier::token::json::parse;

use super::dispatch::Tokens;
use super::exchange::ACCESS_TOKEN;
use crate::front::Front;
use crate::page::Fields;
use crate::provider::access_token::Live;
use crate::provider::client_auth::Client;
use crate::provider::details;
use crate::provider::problem::TokenProblem;
use crate::sessions::{NoSession, SessionOrder};

/// Most bytes of the parameter: a hundred datasets, images and outputs by their addresses.
const BYTES: usize = 32 * 1024;
/// Deepest nesting: an array of objects with a purpose that holds lists.
const DEPTH: usize = 6;
/// The scope that is told: the token's one scope at the node.
const SCOPE: &str = "visum:session";

/// Starts the session that `authorization_details` describe, for the person of the subject token.
pub(super) async fn start(
    front: &Front,
    client: &Client,
    live: &Live,
    subject: &str,
    audience: &[String],
    fields: &Fields,
    address: Option<IpAddr>,
) -> Result<Tokens, TokenProblem> {
    let declaration = declared(
        fields.required("authorization_details")?,
        &client.row.options.authorization_details_types,
    )?;
    let sessions = front
        .broker
        .sessions()
        .ok_or_else(|| TokenProblem::target("no node here starts workflow sessions"))?;
    let node = sessions.audience();
    if audience != [node] {
        return Err(TokenProblem::target(
            "a session is of one node: name it alone as `resource` or `audience`",
        ));
    }
    if !live.claims.aud.iter().any(|one| one == node) {
        return Err(TokenProblem::target(
            "the subject token is not for this node; a token that comes of it cannot be",
        ));
    }
    let order = SessionOrder {
        access_token: subject.to_owned(),
        proven: client.key.clone(),
        declaration: Value::Object(declaration),
        address,
        client: client.row.id.clone(),
    };
    let given = sessions.start(order).await.map_err(told)?;
    let mut granted = given.granted.as_object().cloned().unwrap_or_default();
    granted.insert("type".to_owned(), json!(details::SESSION));
    Ok(Tokens::default()
        .with("access_token", given.token)
        .with("issued_token_type", ACCESS_TOKEN)
        .with("token_type", "Bearer")
        .with("expires_in", given.seconds)
        .with("scope", SCOPE)
        .with("authorization_details", json!([granted])))
}

/// The one entry, without its type; only a client that registered the type may ask.
fn declared(text: &str, types: &[String]) -> Result<Map<String, Value>, TokenProblem> {
    let wrong = |what: &str| TokenProblem::details(format!("`authorization_details` is refused: {what}"));
    let list: Vec<Map<String, Value>> =
        parse(text.as_bytes(), BYTES, DEPTH).map_err(|error| wrong(&format!("it is no array of objects: {error}")))?;
    let mut list = list.into_iter();
    let (Some(mut entry), None) = (list.next(), list.next()) else {
        return Err(wrong("a session is described by exactly one entry"));
    };
    let kind = entry.remove("type");
    let known = kind.as_ref().and_then(Value::as_str) == Some(details::SESSION);
    if !known || !types.iter().any(|registered| registered == details::SESSION) {
        return Err(wrong("the type is not one that this client may ask for"));
    }
    Ok(entry)
}

/// RFC 8693 §2.2.2: what is unacceptable by policy is `invalid_request`.
fn told(no: NoSession) -> TokenProblem {
    match no {
        NoSession::Token(why) => TokenProblem::request(format!("the subject token does not count at the node: {why}")),
        NoSession::Declaration(why) => TokenProblem::details(format!("`authorization_details` is refused: {why}")),
        NoSession::Refused(why) => TokenProblem::request(why),
        NoSession::Later(seconds) => TokenProblem::later(Duration::from_secs(u64::from(seconds.max(1)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_described_by_one_entry_of_a_registered_type() {
        let own = [details::SESSION.to_owned()];
        let none: [String; 0] = [];
        let cases: [(&str, &str, &[String], bool); 7] = [
            ("one", r#"[{"type":"visum_session","datasets":["a"]}]"#, &own, true),
            (
                "not registered",
                r#"[{"type":"visum_session","datasets":["a"]}]"#,
                &none,
                false,
            ),
            (
                "another type",
                r#"[{"type":"visum_purpose","categories":["disease"]}]"#,
                &own,
                false,
            ),
            ("no type", r#"[{"datasets":["a"]}]"#, &own, false),
            ("none", "[]", &own, false),
            (
                "two",
                r#"[{"type":"visum_session"},{"type":"visum_session"}]"#,
                &own,
                false,
            ),
            (
                "a member twice",
                r#"[{"type":"visum_session","datasets":["a"],"datasets":["b"]}]"#,
                &own,
                false,
            ),
        ];
        for (name, text, types, good) in cases {
            assert_eq!(declared(text, types).is_ok(), good, "{name}");
        }
    }
}
