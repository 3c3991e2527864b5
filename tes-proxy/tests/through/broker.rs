//! A broker played through the `Fetch` seam: discovery, keys, and the token endpoint that exchanges for Passports.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use serde_json::{Value, json};
use visa_verifier::seam::{Fetch, FetchError, Fetched, Limit};

use crate::key::{TestKey, claims};

pub(crate) const ISSUER: &str = "https://broker.example.org";
pub(crate) const AUDIENCE: &str = "http://127.0.0.1:8081";

#[derive(Clone)]
pub(crate) struct TestBroker {
    pub(crate) key: Arc<TestKey>,
    pub(crate) now: i64,
    /// Visas by subject.
    visas: Arc<Mutex<HashMap<String, Vec<String>>>>,
    /// How many Passports were given.
    pub(crate) exchanged: Arc<Mutex<Vec<String>>>,
    /// The token endpoint does not answer.
    pub(crate) down: Arc<Mutex<bool>>,
}

impl std::fmt::Debug for TestBroker {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("TestBroker")
    }
}

impl TestBroker {
    pub(crate) fn new(now: i64) -> Self {
        Self {
            key: Arc::new(TestKey::new()),
            now,
            visas: Arc::default(),
            exchanged: Arc::default(),
            down: Arc::default(),
        }
    }

    /// The same broker at a later time, where nobody holds anything yet.
    pub(crate) fn later(&self, seconds: i64) -> Self {
        Self {
            key: Arc::clone(&self.key),
            ..Self::new(self.now + seconds)
        }
    }

    pub(crate) fn token_with(&self, sub: &str, more: Value) -> String {
        let mut claims = json!({
            "iss": ISSUER, "sub": sub, "aud": [ISSUER, AUDIENCE], "client_id": "visum-cli", "scope": "openid ga4gh_passport_v1",
            "iat": self.now - 1, "exp": self.now + 1_800, "jti": format!("t-{sub}"), "auth_time": self.now - 5, "amr": ["pwd"], "visum_assurance": 2,
        });
        claims
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.key.sign("at+jwt", None, &claims)
    }

    pub(crate) fn token(&self, sub: &str) -> String {
        self.token_with(sub, json!({}))
    }

    fn visa(&self, sub: &str, jti: &str, object: Value, more: Value) -> String {
        let mut claims = json!({
            "iss": ISSUER, "sub": sub, "iat": self.now - 60, "exp": self.now + 3_000, "jti": jti, "ga4gh_visa_v1": object,
        });
        claims
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.key
            .sign("vnd.ga4gh.visa+jwt", Some("https://broker.example.org/jwks"), &claims)
    }

    /// An affiliation, which lets somebody submit work.
    pub(crate) fn affiliate(&self, sub: &str) {
        let object = json!({"type": "AffiliationAndRole", "asserted": self.now - 100, "value": "faculty@uni.example.org", "source": "https://uni.example.org", "by": "so"});
        let visa = self.visa(sub, &format!("aff-{sub}"), object, json!({}));
        self.visas.lock().unwrap().entry(sub.to_owned()).or_default().push(visa);
    }

    /// A grant with its purpose, bound by the committee.
    pub(crate) fn grant(&self, sub: &str, dataset: &str) {
        let object = |kind: &str| json!({"type": kind, "asserted": self.now - 100, "value": dataset, "source": "https://biobank.example.org", "by": "dac"});
        let grant = self.visa(
            sub,
            &format!("grant-{sub}-{dataset}"),
            object("ControlledAccessGrants"),
            json!({}),
        );
        let purpose = json!({"visum_purpose": {
            "project": "P1", "institution": "https://uni.example.org",
            "purpose": {"categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false},
        }});
        let purpose = self.visa(
            sub,
            &format!("purpose-{sub}-{dataset}"),
            object(&format!("{ISSUER}/visas/purpose/v1")),
            purpose,
        );
        self.visas
            .lock()
            .unwrap()
            .entry(sub.to_owned())
            .or_default()
            .extend([grant, purpose]);
    }

    /// One more visa, by whoever signed it.
    pub(crate) fn hold(&self, sub: &str, visa: String) {
        self.visas.lock().unwrap().entry(sub.to_owned()).or_default().push(visa);
    }

    /// One of ours, of this type.
    pub(crate) fn own(&self, sub: &str, jti: &str, object: Value) -> String {
        self.visa(sub, jti, object, json!({}))
    }

    /// One more visa, whose signature is not its issuer's.
    pub(crate) fn spoil(&self, sub: &str) {
        let object = json!({"type": "ResearcherStatus", "asserted": self.now - 100, "value": "https://doi.org/10.1038/s41431-018-0219-y", "source": "https://uni.example.org", "by": "so"});
        let visa = self.visa(sub, "spoilt", object, json!({}));
        let (body, _) = visa.rsplit_once('.').unwrap();
        let other = TestKey::new().sign("vnd.ga4gh.visa+jwt", None, &json!({}));
        let spoilt = format!("{body}.{}", other.rsplit_once('.').unwrap().1);
        self.visas
            .lock()
            .unwrap()
            .entry(sub.to_owned())
            .or_default()
            .push(spoilt);
    }

    pub(crate) fn passport(&self, sub: &str, audience: &str) -> String {
        self.passport_with(sub, audience, json!({"auth_time": self.now - 5, "visum_assurance": 2}))
    }

    pub(crate) fn passport_with(&self, sub: &str, audience: &str, more: Value) -> String {
        let visas = self.visas.lock().unwrap().get(sub).cloned().unwrap_or_default();
        let purpose = json!({"categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false, "project": "P1", "institution": "https://uni.example.org"});
        let mut claims = json!({"iss": ISSUER, "sub": sub, "aud": audience, "iat": self.now, "exp": self.now + 1_800, "jti": format!("p-{sub}"), "ga4gh_passport_v1": visas, "visum_default_purpose": purpose});
        claims
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.key.sign("vnd.ga4gh.passport+jwt", None, &claims)
    }

    fn exchange(&self, body: &[u8]) -> (StatusCode, Value) {
        let form: HashMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
        assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:token-exchange");
        assert_eq!(
            form["client_assertion_type"],
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        );
        let assertion = claims(&form["client_assertion"]);
        assert_eq!(
            (
                assertion["iss"].as_str(),
                assertion["sub"].as_str(),
                assertion["aud"].as_str()
            ),
            (Some("visum-proxy"), Some("visum-proxy"), Some(ISSUER))
        );
        let sub = claims(&form["subject_token"])["sub"].as_str().unwrap().to_owned();
        self.exchanged.lock().unwrap().push(sub.clone());
        let answer = json!({
            "access_token": self.passport(&sub, &form["audience"]), "token_type": "N_A", "expires_in": 1_800,
            "issued_token_type": "urn:ga4gh:params:oauth:token-type:passport",
        });
        (StatusCode::OK, answer)
    }
}

/// What the played registry says of `tools/count:1.2`.
pub(crate) const DIGEST: &str = "sha256:0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";

impl Fetch for TestBroker {
    fn send(&self, request: Request<Bytes>, _: Limit) -> BoxFuture<'_, Result<Fetched, FetchError>> {
        let (status, body) = match request.uri().path() {
            "/.well-known/openid-configuration" => (
                StatusCode::OK,
                json!({"issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwks")}),
            ),
            "/jwks" => (StatusCode::OK, self.key.jwks()),
            "/token" if *self.down.lock().unwrap() => {
                return Box::pin(async {
                    Err(FetchError::Slow {
                        host: "broker.example.org".to_owned(),
                    })
                });
            }
            "/token" => self.exchange(request.body()),
            // the registry of images, which tells a digest by a header
            "/v2/tools/count/manifests/1.2" if request.method() == http::Method::HEAD => {
                let digest = HeaderValue::from_static(DIGEST);
                return Box::pin(async move {
                    Ok(Fetched {
                        status: StatusCode::OK,
                        headers: HeaderMap::from_iter([(
                            http::HeaderName::from_static("docker-content-digest"),
                            digest,
                        )]),
                        body: Bytes::new(),
                    })
                });
            }
            _ => (StatusCode::NOT_FOUND, json!({})),
        };
        Box::pin(async move {
            Ok(Fetched {
                status,
                headers: HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]),
                body: Bytes::from(body.to_string()),
            })
        })
    }
}
