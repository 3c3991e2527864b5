//! `POST /register`: a client registers itself (RFC 7591), behind an initial access token that two administrators opened.
//!
//! Such a client is unverified: pages call it by its host and nothing else, it gets no visas, and its addresses are never
//! called. An administrator verifies it by a change of its row.

use audit_log::{AboutKind, Class, Event, EventType, Outcome, Who};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{Extensions, HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;
use url::Url;
use visa_verifier::seam::token;
use visa_verifier::token::{json as strict, limits};

use super::problem::NO_STORE;
use super::scope::{Scope, Scopes};
use crate::Broker;
use crate::catalogue::{Agreed, ChangeError, Changing};
use crate::front::Front;
use crate::session::{address, digest_of};
use crate::store::StoreError;
use crate::store::clients::{ClientAuth, ClientKind, ClientOptions, ClientRow};
use crate::store::registrations::RegistrationRow;
use crate::throttle;

/// Longest request, in bytes.
const BODY_BYTES: usize = 64 * 1024;
/// Most redirect addresses, and the longest, in bytes.
const ADDRESSES: usize = 10;
const ADDRESS_BYTES: usize = 1_024;

/// What a client says of itself; what we do not know is left out (§2). A name, a logo and addresses of pages are not kept:
/// nobody checked them.
#[derive(Debug, Deserialize)]
struct Asked {
    redirect_uris: Vec<String>,
    #[serde(default)]
    token_endpoint_auth_method: Option<String>,
    #[serde(default)]
    grant_types: Option<Vec<String>>,
    #[serde(default)]
    response_types: Option<Vec<String>>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    jwks: Option<Value>,
    #[serde(default)]
    jwks_uri: Option<Value>,
}

/// A registration that was refused.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the initial access token is unknown, over or used up")]
    Token,
    #[error("{0}")]
    Redirect(String),
    #[error("{0}")]
    Metadata(String),
    #[error("too many registrations from this address")]
    TooMany,
    #[error("a part of this node did not answer")]
    Store(#[from] StoreError),
    #[error("a part of this node did not answer")]
    Change(#[from] ChangeError),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, error) = match &self {
            Self::Token => (StatusCode::UNAUTHORIZED, "invalid_token"),
            Self::Redirect(_) => (StatusCode::BAD_REQUEST, "invalid_redirect_uri"),
            Self::Metadata(_) => (StatusCode::BAD_REQUEST, "invalid_client_metadata"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable"),
            Self::Store(error) => {
                tracing::error!(error.code = error.code(), %error, "a client could not be registered");
                (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable")
            }
            Self::Change(error) => {
                tracing::error!(error.code = error.code(), %error, "a client could not be registered");
                (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable")
            }
        };
        let body = Json(json!({ "error": error, "error_description": self.to_string() }));
        let mut response = (status, NO_STORE, body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let scheme = http::HeaderValue::from_static("Bearer error=\"invalid_token\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

/// `POST /register`
pub(crate) async fn register(
    State(front): State<Front>,
    headers: HeaderMap,
    extensions: Extensions,
    body: Bytes,
) -> Response {
    let from = address(&extensions).map(|address| address.to_string());
    match Box::pin(registered(&front.broker, &headers, from.as_deref(), &body)).await {
        Ok(answer) => (StatusCode::CREATED, NO_STORE, Json(answer)).into_response(),
        Err(refused) => refused.into_response(),
    }
}

async fn registered(broker: &Broker, headers: &HeaderMap, from: Option<&str>, body: &[u8]) -> Result<Value, Refused> {
    if throttle::REGISTER
        .hit(broker, from.unwrap_or("unknown"))
        .await?
        .is_some()
    {
        return Err(Refused::TooMany);
    }
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
        .map(|(_, token)| token);
    let digest = digest_of(bearer.ok_or(Refused::Token)?);
    opened(broker, &digest).await?;
    let asked: Asked = strict::parse(body, BODY_BYTES, limits::DOCUMENT_DEPTH)
        .map_err(|error| Refused::Metadata(format!("the request is not readable: {error}")))?;
    let host = addresses(&asked.redirect_uris)?;
    let (auth, secret, method) = authenticates(broker, &asked)?;
    let grant_types = grants(&asked)?;
    // what nobody checked gets who somebody is, if they say yes to it, and nothing that opens data
    let harmless = [Scope::OpenId, Scope::Profile, Scope::Email, Scope::OfflineAccess];
    let wanted = asked.scope.as_deref().map(Scopes::parse);
    let scopes: Vec<String> = harmless
        .into_iter()
        .filter(|scope| {
            *scope == Scope::OpenId
                || wanted
                    .as_ref()
                    .is_none_or(|wanted| wanted.iter().any(|one| one == *scope))
        })
        .map(|scope| scope.word().to_owned())
        .collect();

    let mut changing = Changing::begin(broker).await;
    // looked at again with nobody beside us: the number of clients holds
    let by = opened(broker, &digest).await?;
    let clients: Vec<ClientRow> = broker.live().await?;
    let used = clients
        .iter()
        .filter(|row| row.options.unverified.as_deref() == Some(by.id.as_str()))
        .count();
    if used >= usize::try_from(by.most).unwrap_or(usize::MAX) {
        return Err(Refused::Token);
    }
    let now = broker.now();
    let row = ClientRow {
        id: format!("dyn-{}", token(broker.random(), 12)),
        name: host,
        kind: ClientKind::Browser,
        auth,
        redirect_uris: asked.redirect_uris,
        post_logout_redirect_uris: Vec::new(),
        scopes,
        audiences: Vec::new(),
        grant_types,
        exchange_audiences: Vec::new(),
        first_party: false,
        options: ClientOptions {
            unverified: Some(by.id),
            ..ClientOptions::default()
        },
        removed: None,
    };
    let draft = changing.draft(&row).await?;
    let event = Event::new(EventType::ConfigChange, Outcome::Success)
        .who(Who::nobody(Class::System))
        .about(AboutKind::Client, row.id.as_str());
    changing.write(event, &[draft], Agreed::default()).await?;
    changing.finish().await?;
    let mut answer = json!({
        "client_id": row.id,
        "client_id_issued_at": now.unix(),
        "redirect_uris": row.redirect_uris,
        "token_endpoint_auth_method": method,
        "grant_types": row.grant_types,
        "response_types": ["code"],
        "scope": row.scopes.join(" "),
    });
    if let (Some(secret), Some(members)) = (secret, answer.as_object_mut()) {
        members.insert("client_secret".to_owned(), json!(secret));
        members.insert("client_secret_expires_at".to_owned(), json!(0));
    }
    Ok(answer)
}

/// The registration that this token opens.
async fn opened(broker: &Broker, digest: &str) -> Result<RegistrationRow, Refused> {
    let rows: Vec<RegistrationRow> = broker.live().await?;
    let now = broker.now();
    rows.into_iter()
        .filter(|row| now < row.until)
        .find(|row| bool::from(row.digest.as_bytes().ct_eq(digest.as_bytes())))
        .ok_or(Refused::Token)
}

/// All addresses are of one host, which is what pages call the client.
fn addresses(all: &[String]) -> Result<String, Refused> {
    let wrong = |why: &str| Refused::Redirect(why.to_owned());
    if all.is_empty() || all.len() > ADDRESSES {
        return Err(wrong("give 1 to 10 redirect_uris"));
    }
    let mut hosts: Vec<String> = Vec::new();
    for text in all {
        let url = Url::parse(text).map_err(|_| wrong("a redirect_uri is no URL"))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let loopback = matches!(host.as_str(), "127.0.0.1" | "[::1]");
        let plain = url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        let safe = url.scheme() == "https" || (url.scheme() == "http" && loopback);
        if !safe || !plain || host.is_empty() || text.len() > ADDRESS_BYTES || url.as_str() != text {
            return Err(wrong(
                "a redirect_uri is https, or http to a loopback address, in its normal spelling, without user or fragment",
            ));
        }
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    match hosts.as_slice() {
        [host] => Ok(host.clone()),
        _ => Err(wrong("all redirect_uris of a client are of one host")),
    }
}

fn authenticates(broker: &Broker, asked: &Asked) -> Result<(ClientAuth, Option<String>, &'static str), Refused> {
    let wrong = |why: &str| Refused::Metadata(why.to_owned());
    if asked.jwks_uri.is_some() {
        return Err(wrong("jwks_uri is not fetched; send the keys as jwks"));
    }
    match asked
        .token_endpoint_auth_method
        .as_deref()
        .unwrap_or("client_secret_basic")
    {
        "none" => Ok((ClientAuth::None, None, "none")),
        "client_secret_basic" => {
            let secret = token(broker.random(), 32);
            let digest = digest_of(&secret);
            Ok((
                ClientAuth::ClientSecretBasic { digest },
                Some(secret),
                "client_secret_basic",
            ))
        }
        "private_key_jwt" => {
            let jwks = asked.jwks.clone().ok_or_else(|| wrong("private_key_jwt needs jwks"))?;
            let keys = visa_verifier::KeySet::from_value(jwks.clone());
            if keys.is_ok_and(|keys| !keys.is_empty()) {
                Ok((ClientAuth::PrivateKeyJwt { jwks }, None, "private_key_jwt"))
            } else {
                Err(wrong("jwks holds no key that can be used"))
            }
        }
        _ => Err(wrong(
            "token_endpoint_auth_method is none, client_secret_basic or private_key_jwt",
        )),
    }
}

fn grants(asked: &Asked) -> Result<Vec<String>, Refused> {
    let code = || "authorization_code".to_owned();
    let types = asked.grant_types.clone().unwrap_or_else(|| vec![code()]);
    let known = types
        .iter()
        .all(|one| one == "authorization_code" || one == "refresh_token");
    let responses = asked.response_types.as_deref().unwrap_or_default();
    if !known || !types.contains(&code()) || responses.iter().any(|one| one != "code") {
        return Err(Refused::Metadata(
            "grant_types are authorization_code and refresh_token, response_types code".to_owned(),
        ));
    }
    Ok(types)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_one_host_and_nothing_that_can_be_misread() {
        let cases: [(&[&str], Option<&str>); 11] = [
            (
                &["https://app.example.org/cb", "https://app.example.org/other"],
                Some("app.example.org"),
            ),
            (&["http://127.0.0.1/cb"], Some("127.0.0.1")),
            (&["https://app.example.org/cb", "https://evil.example.net/cb"], None),
            (&["http://app.example.org/cb"], None),
            (&["http://127.0.0.1.example.org/cb"], None),
            (&["https://user@app.example.org/cb"], None),
            (&["https://app.example.org/cb#f"], None),
            (&["https://app.example.org/a/../cb"], None),
            (&["myapp:/cb"], None),
            (&["javascript:alert(1)"], None),
            (&[], None),
        ];
        for (all, host) in cases {
            let all: Vec<String> = all.iter().map(|one| (*one).to_owned()).collect();
            assert_eq!(addresses(&all).ok().as_deref(), host, "{all:?}");
        }
    }
}
