//! Clients of the OpenID Provider (governed), the keys that persons registered for them, and consents.

use serde::{Deserialize, Serialize};
use visa_verifier::seam::Timestamp;

use super::governed::{Governed, RowKind};
use super::people::PersonId;
use super::{Db, FromRow, Row, StoreError, args};
use crate::keys::SigningAlg;

/// How a client proves who it is at the token endpoint.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// Not at all: PKCE alone (public client).
    None,
    /// By a secret, of which we keep SHA-256 in base64url.
    ClientSecretBasic {
        /// The digest.
        digest: String,
    },
    /// By a signed assertion, under one of these keys (a JWK Set).
    PrivateKeyJwt {
        /// `{"keys": [...]}`
        jwks: serde_json::Value,
    },
    /// By a signed assertion, under a key that a person registered for themself with their first token (`visum-cli`);
    /// until then, and to get that token, public with PKCE.
    PersonKeys,
}

/// What kind of program a client is (the Cedar `ClientKind`).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// A web application.
    Browser,
    /// A command-line tool.
    Cli,
    /// A workflow engine.
    Workflow,
    /// A machine, such as the proxy.
    Service,
}

/// What a client may register beside what every client says; the names are those of the registries (OpenID Connect
/// Registration §2, RFC 9126 §6, RFC 9396 §10, RFC 9449 §5.2).
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientOptions {
    /// What its ID Tokens are signed with.
    pub id_token_signed_response_alg: SigningAlg,
    /// It starts every login by a pushed request.
    pub require_pushed_authorization_requests: bool,
    /// The types of `authorization_details` that it may ask for.
    pub authorization_details_types: Vec<String>,
    /// Where it is told that a session of its has ended.
    pub backchannel_logout_uri: Option<String>,
    /// It gets tokens that are bound to its key, and no others.
    pub dpop_bound_access_tokens: bool,
    /// It registered itself, by the initial access token of this id, and nobody checked it: it is called by its host and
    /// gets no visas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unverified: Option<String>,
}

impl ClientOptions {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A registered client.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClientRow {
    /// Its `client_id`.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// What it is.
    pub kind: ClientKind,
    /// How it authenticates.
    pub auth: ClientAuth,
    /// Where codes may go: exact, and on a loopback address any port.
    pub redirect_uris: Vec<String>,
    /// Where logout may lead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// The scopes that it may ask for.
    pub scopes: Vec<String>,
    /// The audiences (`resource`) that it may ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// The grant types that it may use.
    pub grant_types: Vec<String>,
    /// It may exchange tokens that carry it (or one of `exchange_audiences`) as audience for a Passport.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchange_audiences: Vec<String>,
    /// Part of this node: the person is not asked again what it may have.
    #[serde(default)]
    pub first_party: bool,
    /// What it registered beside that.
    #[serde(default, skip_serializing_if = "ClientOptions::is_default")]
    pub options: ClientOptions,
    /// When it was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Timestamp>,
}

impl Governed for ClientRow {
    const KIND: RowKind = RowKind::Client;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn live(&self) -> bool {
        self.removed.is_none()
    }
}

/// A key that a person registered for a client.
#[derive(Clone, Debug)]
pub struct ClientKey {
    /// RFC 7638 thumbprint: the `kid` of its assertions.
    pub thumbprint: String,
    /// For which client.
    pub client: String,
    /// Whose key.
    pub person: PersonId,
    /// The public JWK as JSON.
    pub jwk: String,
    /// When it was registered.
    pub created: Timestamp,
}

impl FromRow for ClientKey {
    const TABLE: &'static str = "client_keys";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            thumbprint: row.text("thumbprint")?,
            client: row.text("client")?,
            person: PersonId::from_text(row.text("person")?),
            jwk: row.text("jwk")?,
            created: row.instant("created_at")?,
        })
    }
}

/// Registers a key. A key that is registered already, for whomever, is a conflict.
///
/// # Errors
/// The database is down, or [`StoreError::Conflict`].
pub async fn register_key(db: &mut Db, key: &ClientKey) -> Result<(), StoreError> {
    db.change(
        "client_keys",
        "INSERT INTO client_keys (thumbprint, client, person, jwk, created_at) VALUES ($1, $2, $3, $4, $5)",
        args![&key.thumbprint, &key.client, key.person.as_str(), &key.jwk, key.created],
    )
    .await
    .map(drop)
}

/// The live key with this thumbprint.
///
/// # Errors
/// The database is down.
pub async fn key(db: &mut Db, client: &str, thumbprint: &str) -> Result<Option<ClientKey>, StoreError> {
    db.one(
        "SELECT thumbprint, client, person, jwk, created_at FROM client_keys
         WHERE client = $1 AND thumbprint = $2 AND revoked_at IS NULL",
        args![client, thumbprint],
    )
    .await
}

/// The live keys of a person, oldest first (account page).
///
/// # Errors
/// The database is down.
pub async fn keys_of(db: &mut Db, person: &PersonId) -> Result<Vec<ClientKey>, StoreError> {
    db.all(
        "SELECT thumbprint, client, person, jwk, created_at FROM client_keys
         WHERE person = $1 AND revoked_at IS NULL ORDER BY created_at, thumbprint",
        args![person.as_str()],
    )
    .await
}

/// Ends a key of a person; whether it was live.
///
/// # Errors
/// The database is down.
pub async fn revoke_key(db: &mut Db, person: &PersonId, thumbprint: &str, now: Timestamp) -> Result<bool, StoreError> {
    let touched = db
        .change(
            "client_keys",
            "UPDATE client_keys SET revoked_at = $3 WHERE person = $1 AND thumbprint = $2 AND revoked_at IS NULL",
            args![person.as_str(), thumbprint, now],
        )
        .await?;
    Ok(touched == 1)
}

/// What a person lets a client have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Consent {
    /// The client.
    pub client: String,
    /// The scopes, separated by spaces.
    pub scope: String,
    /// When it was given.
    pub given: Timestamp,
}

impl FromRow for Consent {
    const TABLE: &'static str = "consents";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            client: row.text("client")?,
            scope: row.text("scope")?,
            given: row.instant("given_at")?,
        })
    }
}

/// Remembers what a person lets a client have; replaces what was there.
///
/// # Errors
/// The database is down.
pub async fn consent(
    db: &mut Db,
    person: &PersonId,
    client: &str,
    scope: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    db.change(
        "consents",
        "INSERT INTO consents (person, client, scope, given_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (person, client) DO UPDATE SET scope = excluded.scope, given_at = excluded.given_at",
        args![person.as_str(), client, scope, now],
    )
    .await
    .map(drop)
}

/// What a person let a client have, if anything.
///
/// # Errors
/// The database is down.
pub async fn consented(db: &mut Db, person: &PersonId, client: &str) -> Result<Option<Consent>, StoreError> {
    db.one(
        "SELECT client, scope, given_at FROM consents WHERE person = $1 AND client = $2",
        args![person.as_str(), client],
    )
    .await
}

/// All consents of a person (account page).
///
/// # Errors
/// The database is down.
pub async fn consents(db: &mut Db, person: &PersonId) -> Result<Vec<Consent>, StoreError> {
    db.all(
        "SELECT client, scope, given_at FROM consents WHERE person = $1 ORDER BY client",
        args![person.as_str()],
    )
    .await
}

/// Takes a consent back; whether there was one.
///
/// # Errors
/// The database is down.
pub async fn withdraw_consent(db: &mut Db, person: &PersonId, client: &str) -> Result<bool, StoreError> {
    let touched = db
        .change(
            "consents",
            "DELETE FROM consents WHERE person = $1 AND client = $2",
            args![person.as_str(), client],
        )
        .await?;
    Ok(touched == 1)
}
