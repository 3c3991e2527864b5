//! Who the client is: nothing but PKCE, a secret by its digest, or an assertion signed with its key
//! (`specs/trust.md` C.13; RFC 6749 §2.3, RFC 7523).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;
use visa_verifier::KeySet;
use visa_verifier::seam::Timestamp;
use visa_verifier::token::CompactToken;

use super::TokenProblem;
use crate::Broker;
use crate::page::Fields;
use crate::session::digest_of;
use crate::store::clients::{self, ClientAuth, ClientRow};
use crate::store::codes::{self, OnceKind};
use crate::store::people::PersonId;

/// `client_assertion_type` (RFC 7523 §2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// An assertion's most bytes.
const ASSERTION_BYTES: usize = 8 * 1024;
/// An assertion's longest life, in seconds, and the clocks' leeway.
const ASSERTION_SECONDS: i64 = 60;
const LEEWAY_SECONDS: i64 = 10;

/// A client that has said who it is, and how it was proven.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// Its registration.
    pub(crate) row: ClientRow,
    /// How it was proven.
    pub(crate) proof: Proof,
    /// Thumbprint of the key that the request proved beside (RFC 9449): its tokens are bound to it.
    pub(crate) key: Option<String>,
}

/// How a client was proven.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Proof {
    /// Not at all: PKCE proves the one exchange.
    Public,
    /// By its own secret or key.
    Own,
    /// By a key that this person registered for it: good for this person's tokens only.
    KeyOf(PersonId),
}

/// What a request showed of its client.
enum Shown<'f> {
    Nothing { id: &'f str },
    Secret { id: String, secret: String, basic: bool },
    Assertion { text: &'f str },
}

/// Authenticates the client of a token request. Two ways at once are refused (RFC 6749 §2.3).
///
/// An assertion's `jti` is used up here, for all replicas, whether the grant that follows succeeds or not.
pub(crate) async fn authenticate(
    broker: &Broker,
    headers: &HeaderMap,
    fields: &Fields,
    now: Timestamp,
) -> Result<Client, TokenProblem> {
    let shown = read(headers, fields)?;
    match shown {
        Shown::Nothing { id } => {
            let row = broker.client(id).await?.ok_or(TokenProblem::client(false))?;
            match row.auth {
                ClientAuth::None | ClientAuth::PersonKeys => Ok(Client {
                    row,
                    proof: Proof::Public,
                    key: None,
                }),
                ClientAuth::ClientSecretBasic { .. } | ClientAuth::PrivateKeyJwt { .. } => {
                    Err(TokenProblem::client(false))
                }
            }
        }
        Shown::Secret { id, secret, basic } => {
            let row = broker.client(&id).await?.ok_or(TokenProblem::client(basic))?;
            let presented = digest_of(&secret);
            match &row.auth {
                ClientAuth::ClientSecretBasic { digest } if presented.as_bytes().ct_eq(digest.as_bytes()).into() => {
                    Ok(Client {
                        row,
                        proof: Proof::Own,
                        key: None,
                    })
                }
                ClientAuth::ClientSecretBasic { .. }
                | ClientAuth::None
                | ClientAuth::PrivateKeyJwt { .. }
                | ClientAuth::PersonKeys => Err(TokenProblem::client(basic)),
            }
        }
        Shown::Assertion { text } => assertion(broker, text, fields.one("client_id")?, now).await,
    }
}

fn read<'f>(headers: &HeaderMap, fields: &'f Fields) -> Result<Shown<'f>, TokenProblem> {
    let basic = headers
        .get(header::AUTHORIZATION)
        .map(|value| basic(value).ok_or(TokenProblem::client(true)))
        .transpose()?;
    let (id, secret) = (fields.one("client_id")?, fields.one("client_secret")?);
    let (kind, text) = (fields.one("client_assertion_type")?, fields.one("client_assertion")?);
    let two = || TokenProblem::request("the client shows who it is in two ways");
    match (basic, secret, text) {
        (None, None, None) => Ok(Shown::Nothing {
            id: id.ok_or(TokenProblem::client(false))?,
        }),
        (Some((basic_id, secret)), None, None) => match id {
            Some(id) if id != basic_id => Err(two()),
            Some(_) | None => Ok(Shown::Secret {
                id: basic_id,
                secret,
                basic: true,
            }),
        },
        (None, Some(secret), None) => {
            let id = id.ok_or(TokenProblem::client(false))?.to_owned();
            Ok(Shown::Secret {
                id,
                secret: secret.to_owned(),
                basic: false,
            })
        }
        (None, None, Some(text)) if kind == Some(JWT_BEARER) => Ok(Shown::Assertion { text }),
        (None, None, Some(_)) => Err(TokenProblem::request("this `client_assertion_type` is not supported")),
        (Some(_), _, _) | (None, Some(_), Some(_)) => Err(two()),
    }
}

/// `Authorization: Basic`: id and secret are form-encoded inside (RFC 6749 §2.3.1).
fn basic(value: &http::HeaderValue) -> Option<(String, String)> {
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decoded = |part: &str| {
        let plus = part.replace('+', " ");
        percent_encoding::percent_decode_str(&plus)
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
            .ok()
    };
    Some((decoded(id)?, decoded(secret)?))
}

/// `private_key_jwt`: `iss` = `sub` = the client, `aud` = our issuer and nothing else, a short life, `jti` once.
async fn assertion(broker: &Broker, text: &str, named: Option<&str>, now: Timestamp) -> Result<Client, TokenProblem> {
    let refused = || TokenProblem::client(false);
    let issuer = broker.config().issuer.as_str();
    let mut db = broker.db();
    let token = CompactToken::parse(text, ASSERTION_BYTES).map_err(|_| refused())?;
    let claim = |name: &str| token.claims().get(name);
    let words = |name: &str| claim(name).and_then(Value::as_str);
    let id = words("iss").ok_or_else(refused)?;
    if words("sub") != Some(id) || named.is_some_and(|named| named != id) || token.header().crit {
        return Err(refused());
    }
    let for_us = match claim("aud") {
        Some(Value::String(one)) => one == issuer,
        Some(Value::Array(many)) => matches!(many.as_slice(), [Value::String(one)] if one == issuer),
        _ => false,
    };
    let (exp, iat) = (
        claim("exp").and_then(Value::as_i64),
        claim("iat").and_then(Value::as_i64),
    );
    let exp = exp.ok_or_else(refused)?;
    let begins = claim("nbf").and_then(Value::as_i64).or(iat);
    let fresh = exp > now.unix() - LEEWAY_SECONDS
        && exp <= now.unix() + ASSERTION_SECONDS + LEEWAY_SECONDS
        && begins.is_none_or(|begins| begins <= now.unix() + LEEWAY_SECONDS);
    let jti = words("jti")
        .filter(|jti| !jti.is_empty() && jti.len() <= 255)
        .ok_or_else(refused)?;
    if !for_us || !fresh {
        return Err(refused());
    }
    let row = broker.client(id).await?.ok_or_else(refused)?;
    let (jwks, proof) = match &row.auth {
        ClientAuth::PrivateKeyJwt { jwks } => (jwks.clone(), Proof::Own),
        ClientAuth::PersonKeys => {
            let kid = token.header().kid.as_deref().ok_or_else(refused)?;
            let key = clients::key(&mut db, id, kid).await?.ok_or_else(refused)?;
            let mut jwk: Value = serde_json::from_str(&key.jwk).map_err(|_| refused())?;
            if let Some(members) = jwk.as_object_mut() {
                members.insert("kid".to_owned(), json!(key.thumbprint));
            }
            (json!({ "keys": [jwk] }), Proof::KeyOf(key.person))
        }
        ClientAuth::None | ClientAuth::ClientSecretBasic { .. } => return Err(refused()),
    };
    let keys = KeySet::from_value(jwks).map_err(|_| refused())?;
    keys.verify(&token, &BTreeSet::new()).map_err(|_| refused())?;
    let until = Timestamp::from_unix(exp + LEEWAY_SECONDS);
    if !codes::first_use(
        &mut db,
        OnceKind::Assertion,
        &digest_of(&format!("{id} {jti}")),
        now,
        until,
    )
    .await?
    {
        return Err(refused());
    }
    Ok(Client { row, proof, key: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::AUTHORIZATION,
            format!("Basic {}", STANDARD.encode(text)).parse().unwrap(),
        );
        headers
    }

    #[test]
    fn a_client_shows_itself_in_one_way() {
        let none = HeaderMap::new();
        let cases = [
            ("nothing at all", none.clone(), "grant_type=x", Err("invalid_client")),
            ("an id alone", none.clone(), "client_id=c", Ok("nothing c")),
            (
                "a secret in the form",
                none.clone(),
                "client_id=c&client_secret=s",
                Ok("secret c s"),
            ),
            (
                "a secret without id",
                none.clone(),
                "client_secret=s",
                Err("invalid_client"),
            ),
            (
                "a secret in the header",
                header("c%3A1:s+%26"),
                "grant_type=x",
                Ok("secret c:1 s &"),
            ),
            (
                "header and form",
                header("c:s"),
                "client_id=c&client_secret=s",
                Err("invalid_request"),
            ),
            (
                "header and another id",
                header("c:s"),
                "client_id=d",
                Err("invalid_request"),
            ),
            (
                "assertion and secret",
                none.clone(),
                "client_id=c&client_secret=s&client_assertion=a",
                Err("invalid_request"),
            ),
            (
                "an assertion of another kind",
                none,
                "client_assertion=a&client_assertion_type=saml",
                Err("invalid_request"),
            ),
            (
                "a header that is no Basic",
                header("no colon"),
                "client_id=c",
                Err("invalid_client"),
            ),
        ];
        for (name, headers, form, expected) in cases {
            let fields = Fields::parse(form.as_bytes()).unwrap();
            let got = read(&headers, &fields).map(|shown| match shown {
                Shown::Nothing { id } => format!("nothing {id}"),
                Shown::Secret { id, secret, .. } => format!("secret {id} {secret}"),
                Shown::Assertion { text } => format!("assertion {text}"),
            });
            assert_eq!(got.as_deref().map_err(|problem| problem.error), expected, "{name}");
        }
    }
}
