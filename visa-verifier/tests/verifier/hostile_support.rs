//! One hostile change, made to a visa, a Passport and an access token that were good before it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use visa_verifier::{AccessToken, AccessTokenRules, KeySet, Passport, TrustPolicy};

use super::support::{self, A, A_JKU, BROKER, NOW, Signer, US, World, grant, judge};

/// What a hostile case may start from: a good token's header and claims, and its signer.
pub(crate) struct Good<'k> {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    pub(crate) key: &'k Signer,
}

impl Good<'_> {
    pub(crate) fn sign(&self) -> String {
        self.key.sign(&self.header, &self.claims)
    }

    /// With this text for its header, and whatever bytes for its claims.
    pub(crate) fn sign_bytes(&self, header: &[u8], claims: &[u8]) -> String {
        self.key.sign_message(format!("{}.{}", b64(header), b64(claims)))
    }

    /// With `text` in place of the first `"@"` of the claims.
    pub(crate) fn claims_with(mut self, member: &str, text: &str) -> String {
        self.claims[member] = json!("@");
        let claims = self.claims.to_string().replacen("\"@\"", text, 1);
        self.sign_bytes(self.header.to_string().as_bytes(), claims.as_bytes())
    }
}

pub(crate) fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The three doors at which a token comes in.
pub(crate) struct Doors {
    /// Judges visas, each in a Passport of its broker.
    pub(crate) world: World,
    /// Judges Passports.
    passports: TrustPolicy,
    /// Judge access tokens.
    keys: KeySet,
}

/// What is refused as no token at all: visa, Passport, access token.
pub(crate) const UNREADABLE: [&str; 3] = ["MALFORMED_VISA", "MALFORMED_PASSPORT", "bearer.unreadable"];
/// What asks for an algorithm that does not exist here.
pub(crate) const NO_ALGORITHM: [&str; 3] = ["ALG_NOT_ALLOWED", "ALG_NOT_ALLOWED", "bearer.header"];
/// What is not signed by its issuer.
pub(crate) const UNSIGNED: [&str; 3] = ["BAD_SIGNATURE", "BAD_SIGNATURE", "bearer.signature"];
/// What demands an extension.
pub(crate) const EXTENSION: [&str; 3] = ["UNSUPPORTED_CRIT", "UNSUPPORTED_CRIT", "bearer.header"];
/// What is good.
pub(crate) const GOOD: [&str; 3] = ["OK", "OK", "OK"];

impl Doors {
    pub(crate) fn new() -> Self {
        let world = World::new();
        let (passports, keys) = (world.policy(), KeySet::from_value(world.broker.jwks()).unwrap());
        Self { world, passports, keys }
    }

    /// The same with this key for every issuer.
    pub(crate) fn with_key(jwk: &Value) -> Self {
        let mut doors = Self::new();
        let set = |kid: &str| {
            let mut jwk = jwk.clone();
            jwk["kid"] = json!(kid);
            json!({ "keys": [jwk] })
        };
        let mut trust = doors.world.trust.clone();
        trust["trusted_brokers"][0]["jwks"] = set("b1");
        doors.passports = serde_json::from_value(trust).unwrap();
        doors.world.set(A, "keys", json!({"by_jku": {A_JKU: set("k1")}}));
        doors.keys = KeySet::from_value(set("b1")).unwrap();
        doors
    }

    pub(crate) fn goods(&self) -> [Good<'_>; 3] {
        let (world, day) = (&self.world, NOW + 86_400);
        [
            Good {
                header: json!({"alg": "ES256", "typ": "vnd.ga4gh.visa+jwt", "kid": "k1", "jku": A_JKU}),
                claims: json!({"iss": A, "sub": "u1", "iat": NOW - 600, "exp": day, "ga4gh_visa_v1": grant()}),
                key: &world.a,
            },
            Good {
                header: json!({"alg": "ES256", "typ": "vnd.ga4gh.passport+jwt", "kid": "b1"}),
                claims: json!({"iss": BROKER, "sub": "b-1", "iat": NOW - 60, "exp": day, "ga4gh_passport_v1": []}),
                key: &world.broker,
            },
            Good {
                header: json!({"alg": "ES256", "typ": "at+jwt", "kid": "b1"}),
                claims: json!({"iss": BROKER, "sub": "b-1", "aud": US, "client_id": "c", "jti": "j", "iat": NOW - 60,
                    "exp": day}),
                key: &world.broker,
            },
        ]
    }

    /// What each of the three is refused with after the change, or `OK`. Nothing may be asked of the network.
    pub(crate) fn codes(&self, change: impl Fn(Good<'_>) -> String) -> [&'static str; 3] {
        let [visa, passport, bearer] = self.goods().map(change);
        [self.visa(&visa), self.passport(&passport), self.bearer(&bearer)]
    }

    pub(crate) fn visa(&self, token: &str) -> &'static str {
        let whole = self.world.passport(&[token.to_owned()]);
        match self.world.judge(&whole) {
            Ok(judged) => support::codes(&judged)[0],
            Err(rejected) => rejected.code().as_str(),
        }
    }

    pub(crate) fn passport(&self, token: &str) -> &'static str {
        let judged = Passport::parse(token).and_then(|p| judge(p, &self.passports));
        judged.map_or_else(|r| r.code().as_str(), |_| "OK")
    }

    pub(crate) fn bearer(&self, token: &str) -> &'static str {
        let mut rules = AccessTokenRules::new(BROKER.parse().unwrap(), vec![US.to_owned()]);
        rules.clock_skew = 0;
        AccessToken::check(token, &rules, &self.keys, support::now()).map_or_else(|r| r.code(), |_| "OK")
    }
}
