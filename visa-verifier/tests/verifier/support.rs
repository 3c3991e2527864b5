//! Keys and tokens made afresh for each test, and a small world that trusts them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use visa_verifier::keys::provider;
use visa_verifier::verify::Step;
use visa_verifier::{Passport, PassportRejected, Timestamp, TrustPolicy, Verification, VerifiedPassport};

pub(crate) const NOW: i64 = 1_700_000_000;
pub(crate) const US: &str = "https://drs.example.org";
pub(crate) const BROKER: &str = "https://broker.example.org";
pub(crate) const A: &str = "https://visas.example.org";
pub(crate) const A_JKU: &str = "https://visas.example.org/jwks.json";
pub(crate) const B: &str = "https://issuer-b.example.net";
pub(crate) const B_JKU: &str = "https://issuer-b.example.net/keys";
pub(crate) const BROKER_JKU: &str = "https://broker.example.org/jwks";
pub(crate) const DATASET: &str = "https://data.example.org/ds/1";

pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix(NOW)
}

/// One P-256 key with its name.
pub(crate) struct Signer {
    kid: String,
    pkcs8: Vec<u8>,
    public: Vec<u8>,
}

impl Signer {
    pub(crate) fn new(kid: &str) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a test's key")]
        let random = ring::rand::SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            .unwrap()
            .as_ref()
            .to_vec();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &random).unwrap();
        Self {
            kid: kid.to_owned(),
            pkcs8,
            public: pair.public_key().as_ref().to_vec(),
        }
    }

    /// The private key, PKCS#8.
    pub(crate) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    pub(crate) fn jwk(&self) -> Value {
        let (x, y) = (&self.public[1..33], &self.public[33..]);
        json!({"kty": "EC", "crv": "P-256", "kid": self.kid, "alg": "ES256", "use": "sig",
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)})
    }

    pub(crate) fn jwks(&self) -> Value {
        json!({"keys": [self.jwk()]})
    }

    /// Signs as ES256, whatever the header says.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    pub(crate) fn sign_text(&self, header: &str, claims: &str) -> String {
        self.sign_message(format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        ))
    }

    /// Signs header and claims as they stand, base64url or not.
    pub(crate) fn sign_message(&self, message: String) -> String {
        provider::install();
        let key = jsonwebtoken::EncodingKey::from_ec_der(&self.pkcs8);
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, jsonwebtoken::Algorithm::ES256).unwrap();
        format!("{message}.{signature}")
    }
}

/// A broker and two visa issuers, with the trust in them.
pub(crate) struct World {
    pub(crate) broker: Signer,
    pub(crate) a: Signer,
    pub(crate) b: Signer,
    pub(crate) trust: Value,
}

impl World {
    pub(crate) fn new() -> Self {
        let (broker, a, b) = (Signer::new("b1"), Signer::new("k1"), Signer::new("k1"));
        let issuer = |iss: &str, jku: &str, key: &Signer| json!({"iss": iss, "types": ["*"], "sources": ["*"], "jku": [jku], "keys": {"by_jku": {jku: key.jwks()}}});
        let trust = json!({
            "audience": US,
            "trusted_brokers": [{"iss": BROKER, "jwks": broker.jwks()}],
            "trusted_visa_issuers": [issuer(A, A_JKU, &a), issuer(B, B_JKU, &b), issuer(BROKER, BROKER_JKU, &broker)],
        });
        Self { broker, a, b, trust }
    }

    pub(crate) fn policy(&self) -> TrustPolicy {
        serde_json::from_value(self.trust.clone()).unwrap()
    }

    /// Sets a member of the entry of a visa issuer.
    pub(crate) fn set(&mut self, iss: &str, member: &str, value: Value) {
        let issuers = self.trust["trusted_visa_issuers"].as_array_mut().unwrap();
        issuers.iter_mut().find(|i| i["iss"] == iss).unwrap()[member] = value;
    }

    pub(crate) fn passport(&self, visas: &[String]) -> String {
        self.passport_with(visas, |_, _| {})
    }

    pub(crate) fn passport_with(&self, visas: &[String], change: impl FnOnce(&mut Value, &mut Value)) -> String {
        let mut header = json!({"alg": "ES256", "typ": "vnd.ga4gh.passport+jwt", "kid": "b1"});
        let mut claims =
            json!({"iss": BROKER, "sub": "b-1", "iat": NOW - 60, "exp": NOW + 3_600, "ga4gh_passport_v1": visas});
        change(&mut header, &mut claims);
        tidy(&mut header);
        tidy(&mut claims);
        self.broker.sign(&header, &claims)
    }

    /// A visa of issuer A about `u1`, changed.
    pub(crate) fn visa(&self, object: Value) -> String {
        self.visa_with(object, |_, _| {})
    }

    pub(crate) fn visa_with(&self, object: Value, change: impl FnOnce(&mut Value, &mut Value)) -> String {
        visa_of(&self.a, A, A_JKU, "u1", object, change)
    }

    pub(crate) fn visa_of_b(&self, object: Value) -> String {
        visa_of(&self.b, B, B_JKU, "w9", object, |_, _| {})
    }

    pub(crate) fn visa_of_broker(&self, object: Value) -> String {
        visa_of(&self.broker, BROKER, BROKER_JKU, "b-1", object, |h, _| {
            h["kid"] = json!("b1")
        })
    }

    pub(crate) fn judge(&self, passport: &str) -> Result<VerifiedPassport, PassportRejected> {
        judge(Passport::parse(passport)?, &self.policy())
    }

    /// The codes of the visas, in their order.
    pub(crate) fn codes(&self, visas: &[String]) -> Vec<&'static str> {
        codes(&self.judge(&self.passport(visas)).unwrap())
    }
}

/// Removes members whose value is `"-"`: the way in which a case says "without".
pub(crate) fn tidy(object: &mut Value) {
    if let Some(members) = object.as_object_mut() {
        members.retain(|_, v| *v != json!("-"));
    }
}

pub(crate) fn visa_of(
    key: &Signer,
    iss: &str,
    jku: &str,
    sub: &str,
    object: Value,
    change: impl FnOnce(&mut Value, &mut Value),
) -> String {
    let mut header = json!({"alg": "ES256", "typ": "vnd.ga4gh.visa+jwt", "kid": "k1", "jku": jku});
    let mut claims = json!({"iss": iss, "sub": sub, "iat": NOW - 600, "exp": NOW + 86_400, "ga4gh_visa_v1": object});
    change(&mut header, &mut claims);
    tidy(&mut header);
    tidy(&mut claims);
    key.sign(&header, &claims)
}

pub(crate) fn object(kind: &str, value: &str) -> Value {
    json!({"type": kind, "asserted": NOW - 1_000_000, "value": value, "source": "https://dac.example.org", "by": "dac"})
}

pub(crate) fn grant() -> Value {
    object("ControlledAccessGrants", DATASET)
}

pub(crate) fn faculty() -> Value {
    object("AffiliationAndRole", "faculty@uni-a.example")
}

pub(crate) fn with(mut object: Value, member: &str, value: Value) -> Value {
    object[member] = value;
    object
}

/// A grant that counts only for faculty of uni-a.
pub(crate) fn bound_grant() -> Value {
    with(
        grant(),
        "conditions",
        json!([[{"type": "AffiliationAndRole", "value": "const:faculty@uni-a.example"}]]),
    )
}

pub(crate) fn judge(passport: Passport, trust: &TrustPolicy) -> Result<VerifiedPassport, PassportRejected> {
    let mut verification = Verification::begin(passport, trust, now());
    match verification.step() {
        Step::Done(result) => *result,
        Step::Need(request) => panic!("all keys are in the trust policy, yet {request:?} is asked for"),
    }
}

pub(crate) fn codes(passport: &VerifiedPassport) -> Vec<&'static str> {
    let mut all: Vec<(usize, &'static str)> = passport.visas().iter().map(|v| (v.index(), "OK")).collect();
    all.extend(passport.rejected().iter().map(|r| (r.index(), r.code().as_str())));
    all.sort_unstable();
    all.into_iter().map(|(_, code)| code).collect()
}

/// A JSON document in base64url.
pub(crate) fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
