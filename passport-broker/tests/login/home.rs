//! An OpenID Provider on a loopback port, with a visa issuer beside it, that can be told to lie.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use visa_verifier::seam::Clock;

use crate::key::TestKey;

pub(crate) const COLLECTOR: &str = "the collector's credential";

/// What it gets wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Lie {
    None,
    Nonce,
    Audience,
    Expired,
    AnotherParty,
    Issuer,
    Key,
    UserInfo,
    AnswerIssuer,
    NoAnswerIssuer,
    Refuses,
    /// The program beside it takes no notices.
    Deaf,
    /// Says that the person logged in ten minutes ago, whatever it was asked.
    OldLogin,
    /// Does not say when.
    NoAuthTime,
    /// Its clock is ten minutes ahead.
    ClockAhead,
    /// Promises no persistent identifier.
    NotUnique,
    /// Names everybody anew.
    OtherSub,
    /// A claim of 100 KB.
    BigClaim,
}

/// How a visa issuer answers.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Visas {
    #[default]
    Given,
    /// 503.
    Down,
    /// After half a minute.
    Slow,
    /// Of version 1.0: their type says `JWT`.
    Old,
}

/// How a provider may differ.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ways {
    /// `amr` is a word.
    pub(crate) one_word: bool,
    /// The secret is taken in the body only.
    pub(crate) in_the_body: bool,
    /// How its visa issuer answers.
    pub(crate) visas: Visas,
    /// UserInfo gives a visa too.
    pub(crate) userinfo_visa: bool,
    /// How long access tokens are good, in seconds; 300 if it is nothing.
    pub(crate) token_life: Option<i64>,
    /// Claims of the ID Token, instead of or beside the usual ones.
    pub(crate) claims: serde_json::Map<String, Value>,
}

pub(crate) struct Home {
    pub(crate) issuer: String,
    key: Mutex<TestKey>,
    stranger: TestKey,
    visa_key: TestKey,
    clock: Arc<dyn Clock>,
    pub(crate) lie: Mutex<Lie>,
    /// How it differs from others, beside what it gets wrong.
    pub(crate) ways: Mutex<Ways>,
    /// The nonce and challenge of each code.
    codes: Mutex<HashMap<String, HashMap<String, String>>>,
    /// Logout tokens that came to the program beside it.
    pub(crate) told: Mutex<Vec<String>>,
    pub(crate) came: tokio::sync::Notify,
    /// Calls to the webhook beside it: headers and body.
    pub(crate) hooked: Mutex<Vec<(HeaderMap, String)>>,
}

pub(crate) async fn start(clock: Arc<dyn Clock>) -> Arc<Home> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let home = Arc::new(Home {
        issuer,
        key: Mutex::new(TestKey::new()),
        stranger: TestKey::new(),
        visa_key: TestKey::new(),
        clock,
        lie: Mutex::new(Lie::None),
        ways: Mutex::default(),
        codes: Mutex::default(),
        told: Mutex::default(),
        came: tokio::sync::Notify::new(),
        hooked: Mutex::default(),
    });
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(metadata))
        .route(
            "/jwks",
            get(|State(home): State<Arc<Home>>| async move { Json(home.key.lock().unwrap().jwks()) }),
        )
        .route("/authorize", get(authorize))
        .route("/token", post(token))
        .route("/userinfo", get(userinfo))
        .route(
            "/issuer/jwks",
            get(|State(home): State<Arc<Home>>| async move { Json(home.visa_key.jwks()) }),
        )
        .route("/issuer/visas", get(visas))
        .route("/program/logout", post(program))
        .route("/hook", post(hook))
        .with_state(home.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    home
}

impl Home {
    pub(crate) fn program(&self) -> String {
        format!("{}/program/logout", self.issuer)
    }

    /// A token of the provider's own key, with these claims.
    pub(crate) fn sign(&self, typ: &str, claims: &Value) -> String {
        self.key.lock().unwrap().sign(typ, None, claims)
    }

    pub(crate) fn visa_issuer(&self) -> String {
        format!("{}/issuer", self.issuer)
    }

    pub(crate) fn visa_jku(&self) -> String {
        format!("{}/issuer/jwks", self.issuer)
    }

    pub(crate) fn visa_endpoint(&self) -> String {
        format!("{}/issuer/visas", self.issuer)
    }

    /// A grant of its visa issuer for this dataset.
    fn visa(&self, dataset: &str, sub: &str, typ: &str, key: &TestKey) -> String {
        let now = self.clock.now().unix();
        let claims = json!({
            "iss": self.visa_issuer(), "sub": sub, "iat": now, "exp": now + 3600, "jti": format!("v-{sub}-{dataset}"),
            "ga4gh_visa_v1": {
                "type": "ControlledAccessGrants", "asserted": now - 86_400, "value": dataset,
                "source": "https://foreign.example.org/dac", "by": "dac",
            },
        });
        key.sign(typ, Some(&self.visa_jku()), &claims)
    }

    /// A whole Passport of this provider about `sub`, with a grant for `person`.
    pub(crate) fn passport(&self, sub: &str, person: &str) -> String {
        let now = self.clock.now().unix();
        let visa = self.visa("https://data.example.org/p", person, "JWT", &self.visa_key);
        let claims =
            json!({ "iss": self.issuer, "sub": sub, "iat": now, "exp": now + 600, "ga4gh_passport_v1": [visa] });
        self.key.lock().unwrap().sign("JWT", None, &claims)
    }

    /// A new signing key; the old one is gone at once.
    pub(crate) fn rotate(&self) {
        *self.key.lock().unwrap() = TestKey::new();
    }

    pub(crate) fn set(&self, lie: Lie) {
        *self.lie.lock().unwrap() = lie;
    }

    fn sub_of(&self, person: &str) -> String {
        let front = if self.lie() == Lie::OtherSub { "renamed" } else { "sub" };
        if person.is_ascii() {
            format!("{front}-{person}")
        } else {
            format!(
                "{front}-{}",
                person.bytes().map(|byte| format!("{byte:02x}")).collect::<String>()
            )
        }
    }

    fn lie(&self) -> Lie {
        *self.lie.lock().unwrap()
    }
}

async fn metadata(State(home): State<Arc<Home>>) -> Json<Value> {
    let issuer = &home.issuer;
    let methods = if home.ways.lock().unwrap().in_the_body {
        ["client_secret_post"]
    } else {
        ["client_secret_basic"]
    };
    Json(json!({
        "token_endpoint_auth_methods_supported": methods,
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn authorize(State(home): State<Arc<Home>>, Query(asked): Query<HashMap<String, String>>) -> Redirect {
    let code = {
        // two who come at once get two codes
        let mut codes = home.codes.lock().unwrap();
        let code = format!("code-{}", codes.len());
        codes.insert(code.clone(), asked.clone());
        code
    };
    let mut to = url::Url::parse(&asked["redirect_uri"]).unwrap();
    to.query_pairs_mut().append_pair("state", &asked["state"]);
    match home.lie() {
        Lie::Refuses => {
            to.query_pairs_mut().append_pair("error", "access_denied");
        }
        _ => {
            to.query_pairs_mut().append_pair("code", &code);
        }
    }
    match home.lie() {
        Lie::NoAnswerIssuer => {}
        Lie::AnswerIssuer => {
            to.query_pairs_mut().append_pair("iss", "https://other.example.org");
        }
        _ => {
            to.query_pairs_mut().append_pair("iss", &home.issuer);
        }
    }
    Redirect::to(to.as_str())
}

async fn token(
    State(home): State<Arc<Home>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    use base64::Engine as _;
    let ways = home.ways.lock().unwrap().clone();
    let in_the_body = form.get("client_secret").is_some_and(|secret| secret == "s3cret");
    if ways.in_the_body != in_the_body || headers.contains_key("authorization") == ways.in_the_body {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Some(asked) = home.codes.lock().unwrap().get(&form["code"]).cloned() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let made = ring::digest::digest(&ring::digest::SHA256, form["code_verifier"].as_bytes());
    let made = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(made);
    assert_eq!(asked["code_challenge"], made, "the broker proves itself with PKCE");
    let now = home.clock.now().unix();
    let (lie, person) = (home.lie(), asked.get("login_hint").cloned().unwrap_or("ada".into()));
    let ahead = if lie == Lie::ClockAhead { 600 } else { 0 };
    let mut claims = json!({
        "iss": if lie == Lie::Issuer { "https://other.example.org" } else { home.issuer.as_str() },
        "sub": home.sub_of(&person),
        "aud": match lie {
            Lie::Audience => json!("somebody-else"),
            Lie::AnotherParty => json!(["broker", "somebody-else"]),
            _ => json!("broker"),
        },
        "azp": if lie == Lie::AnotherParty { "somebody-else" } else { "broker" },
        "nonce": if lie == Lie::Nonce { "another" } else { asked["nonce"].as_str() },
        "iat": if ahead > 0 { now + ahead } else { now - 600 },
        "exp": if lie == Lie::Expired { now - 300 } else { now + ahead + 300 },
        "auth_time": if lie == Lie::OldLogin { now - 600 } else { now },
        "acr": if person == "dan" { "https://refeds.org/profile/mfa" } else { "https://refeds.org/profile/sfa" },
        "amr": ["pwd"],
        "eduperson_scoped_affiliation": ["faculty@uni.example.org", "faculty@elsewhere.example.org"],
        "eduperson_assurance": ["https://refeds.org/assurance/ID/unique", "https://refeds.org/assurance/IAP/medium"],
    });
    if lie == Lie::NoAuthTime {
        claims.as_object_mut().unwrap().remove("auth_time");
    }
    if lie == Lie::NotUnique {
        claims["eduperson_assurance"] = json!(["https://refeds.org/assurance/IAP/medium"]);
    }
    if lie == Lie::BigClaim {
        claims["acr"] = json!("a".repeat(100 * 1024));
    }
    for (name, value) in ways.claims.clone() {
        claims[name] = value;
    }
    if ways.one_word {
        claims["amr"] = json!("mfa");
    }
    let own = home.key.lock().unwrap();
    let key = if lie == Lie::Key { &home.stranger } else { &*own };
    let id_token = key.sign("JWT", None, &claims);
    Json(json!({ "access_token": format!("at-{}", person.bytes().map(|byte| format!("{byte:02x}")).collect::<String>()), "token_type": "Bearer", "expires_in": ways.token_life.unwrap_or(300), "id_token": id_token }))
        .into_response()
}

async fn userinfo(State(home): State<Arc<Home>>, headers: HeaderMap) -> Json<Value> {
    let person = headers["authorization"]
        .to_str()
        .unwrap()
        .trim_start_matches("Bearer at-")
        .to_owned();
    let bytes: Vec<u8> = (0..person.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&person[at..at + 2], 16).unwrap())
        .collect();
    let person = String::from_utf8(bytes).unwrap();
    let sub = if home.lie() == Lie::UserInfo {
        "sub-mallory".to_owned()
    } else {
        home.sub_of(&person)
    };
    let visas = if home.ways.lock().unwrap().userinfo_visa {
        json!([home.visa("https://data.example.org/u", &sub, "vnd.ga4gh.visa+jwt", &home.visa_key)])
    } else {
        Value::Null
    };
    Json(
        json!({ "sub": sub, "ga4gh_passport_v1": visas, "name": format!("{person} Researcher"), "email": format!("{person}@uni.example.org"), "email_verified": true }),
    )
}

async fn visas(
    State(home): State<Arc<Home>>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    if headers.get("authorization").map(|value| value.as_bytes()) != Some(format!("Bearer {COLLECTOR}").as_bytes()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let answers = home.ways.lock().unwrap().visas;
    match answers {
        Visas::Down => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Visas::Slow => tokio::time::sleep(std::time::Duration::from_secs(30)).await,
        Visas::Given | Visas::Old => {}
    }
    let typ = if answers == Visas::Old {
        "JWT"
    } else {
        "vnd.ga4gh.visa+jwt"
    };
    let visa = |sub: &str, key: &TestKey| home.visa("https://data.example.org/b", sub, typ, key);
    // A good one, one of another person, one under a key that is not the issuer's.
    let sub = &query["sub"];
    Json(
        json!({ "visas": [visa(sub, &home.visa_key), visa("sub-mallory", &home.visa_key), visa(sub, &home.stranger)] }),
    )
    .into_response()
}

async fn program(State(home): State<Arc<Home>>, Form(form): Form<HashMap<String, String>>) -> StatusCode {
    home.told.lock().unwrap().push(form["logout_token"].clone());
    home.came.notify_one();
    if home.lie() == Lie::Deaf {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    }
}

async fn hook(State(home): State<Arc<Home>>, headers: HeaderMap, body: String) -> Response {
    home.hooked.lock().unwrap().push((headers, body));
    if home.lie() == Lie::Deaf {
        // whoever followed it would call again, elsewhere
        Redirect::temporary("/hook").into_response()
    } else {
        StatusCode::NO_CONTENT.into_response()
    }
}
