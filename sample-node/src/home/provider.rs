//! What the institution holds, and its routes: discovery, keys, authorization, token, userinfo, visas.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{Json, Router, extract::State, response::Redirect, routing::get};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    Credential, HomeSettings, Person, SampleError,
    home::{MFA, authorize, page, token, userinfo, visas},
    jws::SigningKey,
    problem::unknown_route,
    world,
};

/// Codes and access tokens that may be alive at once; above it the oldest goes.
const ALIVE: usize = 10_000;

/// The institution and the visa issuer.
pub(crate) struct Home {
    /// The issuer: the base URL.
    pub(crate) issuer: String,
    /// The visa issuer's own `iss`.
    pub(crate) visa_issuer: String,
    pub(crate) settings: HomeSettings,
    pub(crate) secret: Credential,
    pub(crate) people: Vec<Person>,
    pub(crate) key: SigningKey,
    pub(crate) visa_key: SigningKey,
    pub(crate) started: Timestamp,
    codes: Mutex<HashMap<String, Grant>>,
    tokens: Mutex<HashMap<String, Access>>,
}

/// What an authorization code stands for.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) login: &'static str,
    pub(crate) redirect_uri: String,
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: String,
    pub(crate) authenticated: Timestamp,
    pub(crate) until: Timestamp,
    /// The access token that was given for it, once it was used.
    pub(crate) used: Option<String>,
}

/// What an access token stands for.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) login: &'static str,
    pub(crate) scope: String,
    pub(crate) until: Timestamp,
}

impl Home {
    /// An institution at `issuer` (its base URL) with new keys and a new client secret.
    pub(crate) fn new(issuer: &str, settings: HomeSettings, people: Vec<Person>) -> Result<Self, SampleError> {
        Ok(Self {
            issuer: issuer.to_owned(),
            visa_issuer: format!("{issuer}/visas-issuer"),
            settings,
            secret: Credential::random()?,
            people,
            key: SigningKey::generate()?,
            visa_key: SigningKey::generate()?,
            started: world::now(),
            codes: Mutex::default(),
            tokens: Mutex::default(),
        })
    }

    /// Where the visa issuer's keys are: the `jku` of its visas.
    pub(crate) fn visa_jku(&self) -> String {
        format!("{}/jwks", self.visa_issuer)
    }

    /// The person with this login.
    pub(crate) fn person(&self, login: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.login == login)
    }

    pub(crate) fn codes(&self) -> MutexGuard<'_, HashMap<String, Grant>> {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        tidy(&mut codes, |grant| grant.until);
        codes
    }

    pub(crate) fn tokens(&self) -> MutexGuard<'_, HashMap<String, Access>> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tidy(&mut tokens, |access| access.until);
        tokens
    }
}

/// Drops what has ended, and the one that ends first if there are too many.
fn tidy<T>(held: &mut HashMap<String, T>, until: impl Fn(&T) -> Timestamp) {
    let now = world::now();
    held.retain(|_, one| until(one) > now);
    if held.len() >= ALIVE
        && let Some(first) = held
            .iter()
            .min_by_key(|(_, one)| until(one))
            .map(|(key, _)| key.clone())
    {
        held.remove(&first);
    }
}

/// All routes of the institution and of the visa issuer.
pub(crate) fn router(home: Arc<Home>) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::to("/about") }))
        .route("/about", get(page::about))
        .route("/style.css", get(page::style))
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/jwks", get(jwks))
        .route("/authorize", get(authorize::authorize))
        .route("/token", axum::routing::post(token::token))
        .route("/userinfo", get(userinfo::userinfo).post(userinfo::userinfo))
        .route("/visas-issuer/jwks", get(visas::jwks))
        .route("/visas-issuer/visas", get(visas::visas))
        .fallback(unknown_route)
        .with_state(home)
}

/// OpenID Connect Discovery 1.0 section 4.
async fn discovery(State(home): State<Arc<Home>>) -> Json<Value> {
    let issuer = &home.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "scopes_supported": ["openid", "profile", "email"],
        "acr_values_supported": [MFA],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "name", "email", "email_verified",
            "eduperson_scoped_affiliation", "eduperson_assurance",
        ],
    }))
}

async fn jwks(State(home): State<Arc<Home>>) -> Json<Value> {
    Json(home.key.jwks())
}
