//! Our access tokens: made (RFC 9068, Passport-scoped by AAI 1.2) and checked.

use std::collections::BTreeSet;
use std::net::IpAddr;

use http::{HeaderMap, header};
use policy_engine::decide::ClientKind as PolicyKind;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::{Timestamp, token};
use visa_verifier::token::{CompactToken, same_type};

use super::details::Details;
use super::dpop::Cnf;
pub(crate) use super::problem::BearerProblem;
use super::scope::Scopes;
use crate::Broker;
use crate::caller::Caller;
use crate::keys::KeyError;
use crate::store::clients::ClientKind;
use crate::store::people::{self, PersonId};
use crate::store::tokens::{self, AccessTokenRow, Family, LoginFacts, TokenKind};
use crate::store::{Db, StoreError};

/// Most bytes of an access token (`specs/trust.md` C.23).
const TOKEN_BYTES: usize = 16 * 1024;

/// What stands in an access token. No visas, no Passport, no name (BRK-07).
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct AccessClaims {
    iss: String,
    sub: String,
    /// The resources, and the client (AAI 1.2 names the client there, RFC 9068 the resource; A-32).
    pub(crate) aud: Vec<String>,
    /// To whom it was issued.
    pub(crate) client_id: String,
    scope: String,
    iat: i64,
    /// When it ends.
    pub(crate) exp: i64,
    /// Its name in our table.
    pub(crate) jti: String,
    /// When the person logged in.
    pub(crate) auth_time: i64,
    /// The provider's word on the login's strength.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) acr: Option<String>,
    /// Its methods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) amr: Vec<String>,
    /// The upstream issuer that logged the person in.
    visum_idp: String,
    /// Identity assurance, 0 to 3.
    pub(crate) visum_assurance: u8,
    /// What it is narrowed to (RFC 9396 §9.1).
    #[serde(default, skip_serializing_if = "Details::is_empty")]
    pub(crate) authorization_details: Details,
    /// The key that it is bound to (RFC 9449 §6.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cnf: Option<Cnf>,
}

/// An access token, signed and noted.
#[derive(Debug)]
pub(crate) struct Issued {
    /// The compact form.
    pub(crate) token: String,
    /// Seconds until it ends.
    pub(crate) seconds: u64,
}

/// A token that could not be issued.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IssueProblem {
    /// The database.
    #[error("the access token could not be noted")]
    Store(#[from] StoreError),
    /// The signing key.
    #[error("the access token could not be signed")]
    Key(#[from] KeyError),
}

/// Issues an access token of a family, for its audiences.
pub(crate) async fn issue(
    broker: &Broker,
    db: &mut Db,
    family: &Family,
    scopes: &Scopes,
    details: &Details,
    key: Option<&str>,
    now: Timestamp,
) -> Result<Issued, IssueProblem> {
    let life = broker.config().access_token.min(std::time::Duration::from_secs(3600));
    let expires = now.plus(life).min(family.expires);
    let LoginFacts {
        identity,
        auth_time,
        acr,
        amr,
        assurance,
        ..
    } = &family.login;
    let mut aud = family.audience.clone();
    if !aud.contains(&family.client) {
        aud.push(family.client.clone());
    }
    let claims = AccessClaims {
        iss: broker.config().issuer.as_str().to_owned(),
        sub: family.person.as_str().to_owned(),
        aud,
        client_id: family.client.clone(),
        scope: scopes.to_string(),
        iat: now.unix(),
        exp: expires.unix(),
        jti: token(broker.random(), 16),
        auth_time: auth_time.unix(),
        acr: acr.clone(),
        amr: amr.clone(),
        visum_idp: identity.iss.as_str().to_owned(),
        visum_assurance: *assurance,
        authorization_details: details.clone(),
        cnf: key.map(|jkt| Cnf { jkt: jkt.to_owned() }),
    };
    let signed = broker.signer().sign_jws("at+jwt", &claims)?;
    let row = AccessTokenRow {
        jti: claims.jti,
        family: Some(family.id.clone()),
        person: family.person.clone(),
        client: family.client.clone(),
        kind: TokenKind::Person,
        expires,
        revoked: None,
    };
    tokens::put_access(db, &row).await?;
    Ok(Issued {
        token: signed,
        seconds: expires.since(now).as_secs(),
    })
}

/// A token of ours that is live, with its row and family.
#[derive(Debug)]
pub(crate) struct Live {
    /// What it says.
    pub(crate) claims: AccessClaims,
    /// Its scopes.
    pub(crate) scopes: Scopes,
    /// Its row.
    pub(crate) row: AccessTokenRow,
    /// The family that it belongs to, if it has one.
    pub(crate) family: Option<Family>,
    digest: [u8; 32],
}

/// Checks a token of ours in full: form, signature, type, issuer, time, and that nobody ended it.
///
/// Its audience is the caller's matter: UserInfo and our API want our issuer, the exchange has a rule of its own.
pub(crate) async fn live(broker: &Broker, db: &mut Db, text: &str, now: Timestamp) -> Result<Live, BearerProblem> {
    let compact = CompactToken::parse(text, TOKEN_BYTES).map_err(|_| BearerProblem::Invalid)?;
    let header = compact.header();
    if header.crit || header.jku.is_some() || !header.typ.as_deref().is_some_and(|typ| same_type(typ, "at+jwt")) {
        return Err(BearerProblem::Invalid);
    }
    let keys = broker.signer().token_keys();
    keys.verify(&compact, &BTreeSet::new())
        .map_err(|_| BearerProblem::Invalid)?;
    let claims: AccessClaims =
        serde_json::from_value(serde_json::Value::Object(compact.into_claims())).map_err(|_| BearerProblem::Invalid)?;
    if claims.iss != broker.config().issuer.as_str() || claims.exp <= now.unix() {
        return Err(BearerProblem::Invalid);
    }
    let row = tokens::access(db, &claims.jti).await?.ok_or(BearerProblem::Invalid)?;
    if row.revoked.is_some() || row.person.as_str() != claims.sub || row.client != claims.client_id {
        return Err(BearerProblem::Invalid);
    }
    let person = people::by_id(db, &row.person).await?.ok_or(BearerProblem::Invalid)?;
    if person.suspended.is_some() || person.closed.is_some() {
        return Err(BearerProblem::Invalid);
    }
    let family = match &row.family {
        Some(id) => tokens::family(db, id).await?,
        None => None,
    };
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    Ok(Live {
        scopes: Scopes::parse(&claims.scope),
        claims,
        row,
        family,
        digest: hash,
    })
}

/// The bearer token of a request's header.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, BearerProblem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(BearerProblem::Missing);
    };
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or(BearerProblem::Missing)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim())
    } else {
        Err(BearerProblem::Missing)
    }
}

/// Who calls one of our own routes: by a live token of ours whose audience is our issuer.
///
/// # Errors
/// What to answer, by RFC 6750.
pub(crate) async fn caller(
    broker: &Broker,
    headers: &HeaderMap,
    address: Option<IpAddr>,
) -> Result<Caller, BearerProblem> {
    let now = broker.now();
    let mut db = broker.db();
    let live = live(broker, &mut db, bearer(headers)?, now).await?;
    let issuer = broker.config().issuer.clone();
    // Our own API takes bearer tokens alone: one that is bound to a key is not taken without its proof.
    if live.claims.cnf.is_some() || !live.claims.aud.iter().any(|audience| audience == issuer.as_str()) {
        return Err(BearerProblem::Invalid);
    }
    let client = broker.client(&live.row.client).await?.ok_or(BearerProblem::Invalid)?;
    let subject = live.claims.sub.parse().map_err(|_| BearerProblem::Invalid)?;
    Ok(Caller {
        person: PersonId::from_text(live.claims.sub),
        identity: VisaIdentity::new(issuer, subject),
        login: live.family.map(|family| family.login.identity),
        client: live.row.client,
        client_kind: kind(client.kind),
        scope: live.scopes.iter().map(|scope| scope.word().to_owned()).collect(),
        auth_time: Some(Timestamp::from_unix(live.claims.auth_time)),
        acr: live.claims.acr,
        amr: live.claims.amr,
        assurance: live.claims.visum_assurance,
        expires: Timestamp::from_unix(live.claims.exp),
        jti: live.claims.jti,
        token_digest: live.digest,
        address,
    })
}

/// What stands in a service's token of its own.
#[derive(Debug, Deserialize)]
struct ServiceClaims {
    iss: String,
    sub: String,
    aud: String,
    client_id: String,
    scope: String,
    exp: i64,
}

/// Which registered service calls by a token of its own that carries `scope`, and when the token ends. Its client must
/// still be there: such tokens stand in no table.
///
/// # Errors
/// What to answer, by RFC 6750.
pub(crate) async fn service(
    broker: &Broker,
    headers: &HeaderMap,
    scope: &str,
) -> Result<(String, Timestamp), BearerProblem> {
    let compact = CompactToken::parse(bearer(headers)?, TOKEN_BYTES).map_err(|_| BearerProblem::Invalid)?;
    let header = compact.header();
    if header.crit || header.jku.is_some() || !header.typ.as_deref().is_some_and(|typ| same_type(typ, "at+jwt")) {
        return Err(BearerProblem::Invalid);
    }
    let keys = broker.signer().token_keys();
    keys.verify(&compact, &BTreeSet::new())
        .map_err(|_| BearerProblem::Invalid)?;
    let claims: ServiceClaims =
        serde_json::from_value(serde_json::Value::Object(compact.into_claims())).map_err(|_| BearerProblem::Invalid)?;
    let issuer = broker.config().issuer.as_str();
    let ours = claims.iss == issuer && claims.aud == issuer && claims.exp > broker.now().unix();
    let own = claims.sub == format!("client:{}", claims.client_id) && claims.scope == scope;
    let client = broker.client(&claims.client_id).await?.ok_or(BearerProblem::Invalid)?;
    let registered = client.kind == ClientKind::Service && client.scopes.iter().any(|held| held == scope);
    if ours && own && registered {
        Ok((claims.client_id, Timestamp::from_unix(claims.exp)))
    } else {
        Err(BearerProblem::Invalid)
    }
}

/// A client's kind in the words of the policies.
pub(super) fn kind(kind: ClientKind) -> PolicyKind {
    match kind {
        ClientKind::Browser => PolicyKind::Browser,
        ClientKind::Cli => PolicyKind::Cli,
        ClientKind::Workflow => PolicyKind::Workflow,
        ClientKind::Service => PolicyKind::Service,
    }
}
