//! What is fuzzed, one function a target: read the bytes, judge what was read, and check what must hold of it. Each
//! tells in a few words what came of it, so that a fuzzer without coverage sees what is new.
//!
//! Included by the test `fuzz` of `visa-verifier` (stable Rust, seeded, bounded) and by the programs in
//! `fuzz/targets/` (cargo-fuzz). Text is signed here, by a key made for the run, so that what lies behind the
//! signature is reached.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Map, Value, json};
use visa_verifier::report::{self, VerifyInput};
use visa_verifier::token::{CompactToken, json as strict, limits};
use visa_verifier::trust::TrustFormat;
use visa_verifier::verify::Step;
use visa_verifier::visa::{Budget, Conditions, Links};
use visa_verifier::{
    AccessToken, AccessTokenRules, KeySet, Passport, Timestamp, TrustPolicy, Verification, VisaIdentity, VisaObject,
};

/// A target: its name, and what runs it.
pub(crate) type Target = (&'static str, fn(&[u8]) -> String);

/// All targets.
pub(crate) const TARGETS: &[Target] = &[
    ("token", token),
    ("jwks", jwks),
    ("visa", visa),
    ("passport", passport),
    ("conditions", conditions),
    ("links", links),
    ("trust_toml", trust_toml),
    ("trust_json", trust_json),
    ("access_token", access_token),
    ("userinfo", userinfo),
    ("request", request),
];

/// Runs a target on some bytes; `None` if there is no such target.
pub(crate) fn run(target: &str, data: &[u8]) -> Option<String> {
    let (_, run) = TARGETS.iter().find(|(name, _)| *name == target)?;
    Some(run(data))
}

const NOW: i64 = 1_700_000_000;
const US: &str = "https://drs.example.org";
const BROKER: &str = "https://broker.example.org";
const ISSUER: &str = "https://visas.example.org";
const JKU: &str = "https://visas.example.org/jwks.json";

struct World {
    pair: EcdsaKeyPair,
    policy: TrustPolicy,
    keys: KeySet,
}

#[expect(clippy::disallowed_methods, reason = "a key for this run alone")]
static RANDOM: LazyLock<ring::rand::SystemRandom> = LazyLock::new(ring::rand::SystemRandom::new);

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &*RANDOM).expect("a key");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &*RANDOM).expect("a key");
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let set = json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k", "x": b64(x), "y": b64(y)}]});
    let issuer = |iss: &str, chain: bool| {
        json!({"iss": iss, "types": ["*"], "sources": ["*"], "jku": [JKU], "may_link": ["*"], "chain": chain,
            "unique_ids": chain, "keys": {"by_jku": {JKU: set}}})
    };
    let policy = json!({"audience": US, "supported_custom_types": ["https://t.example/x"],
        "trusted_brokers": [{"iss": BROKER, "jwks": set}],
        "trusted_visa_issuers": [issuer(ISSUER, true), issuer(BROKER, false)]});
    World {
        pair,
        policy: serde_json::from_value(policy).expect("a policy"),
        keys: KeySet::from_value(set).expect("a set"),
    }
});

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn sign(header: &[u8], claims: &[u8]) -> String {
    let message = format!("{}.{}", b64(header), b64(claims));
    let signature = WORLD.pair.sign(&*RANDOM, message.as_bytes()).expect("a signature");
    format!("{message}.{}", b64(signature.as_ref()))
}

/// Two texts, the second behind the first line.
fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|b| *b == b'\n') {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &[]),
    }
}

/// What may be said of hostile bytes: shortly, and without a character that acts.
fn said(words: &str) -> String {
    assert!(words.len() < 4_096, "{} bytes of words", words.len());
    assert!(!words.chars().any(|c| c.is_control() || c == '\u{202e}'), "{words:?}");
    // places and numbers make nothing new
    words.chars().filter(|c| !c.is_ascii_digit()).take(80).collect()
}

fn judged(passport: Passport) -> String {
    let visas = passport.len();
    let mut verification = Verification::begin(passport, &WORLD.policy, Timestamp::from_unix(NOW));
    match verification.step() {
        Step::Need(request) => said(&format!("need {}", request.kid.is_some())),
        Step::Done(result) => match *result {
            Err(rejected) => said(&rejected.to_string()),
            Ok(verified) => {
                assert_eq!(
                    verified.visas().len() + verified.rejected().len(),
                    visas,
                    "each visa has one verdict"
                );
                for visa in verified.visas() {
                    assert!(visa.holds_until() > Timestamp::from_unix(NOW) && visa.holds_until() <= visa.expires());
                }
                let mut words: Vec<String> = verified
                    .visas()
                    .iter()
                    .map(|v| format!("OK {}", v.object().kind()))
                    .collect();
                words.extend(verified.rejected().iter().map(|r| {
                    let detail = said(r.detail().unwrap_or_default());
                    format!("{} {detail}", r.code())
                }));
                words.sort();
                words.dedup();
                words.truncate(3);
                words.join(" ")
            }
        },
    }
}

/// Any text; and a text of lines as header, claims and signature.
fn token(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    let (header, rest) = halves(data);
    let (claims, signature) = halves(rest);
    let joined = format!("{}.{}.{}", b64(header), b64(claims), String::from_utf8_lossy(signature));
    let mut words = String::new();
    for text in [text.as_ref(), &joined] {
        let _ = report::decode(text).map_err(|e| said(&e.to_string()));
        match CompactToken::parse(text, limits::VISA_BYTES) {
            Ok(token) => {
                assert!(text.as_bytes().starts_with(token.signed()));
                assert_eq!(text.split('.').count(), 3);
                words.push_str("read");
            }
            Err(error) => words.push_str(&said(&error.to_string())),
        }
    }
    words
}

fn jwks(data: &[u8]) -> String {
    match KeySet::from_slice(data) {
        Ok(set) => {
            let again = KeySet::from_value(serde_json::to_value(&set).expect("JSON")).expect("the same set");
            assert_eq!((set.len(), set.odd()), (again.len(), again.odd()));
            let odd: Vec<&str> = set.odd().iter().map(|odd| odd.why).collect();
            format!("{} {odd:?}", set.len())
        }
        Err(error) => said(&error.to_string()),
    }
}

fn visa_token(object: &[u8]) -> String {
    let object = if object.is_empty() { b"null" } else { object };
    let claims = format!(
        r#"{{"iss":"{ISSUER}","sub":"u","iat":{NOW},"exp":{},"ga4gh_visa_v1":"#,
        NOW + 9
    );
    let header = json!({"alg": "ES256", "kid": "k", "jku": JKU});
    sign(
        header.to_string().as_bytes(),
        &[claims.as_bytes(), object, b"}"].concat(),
    )
}

/// A Visa Object, inside of a visa.
fn visa(data: &[u8]) -> String {
    match Passport::of_one(&visa_token(data)) {
        Ok(passport) => judged(passport),
        Err(rejected) => said(&rejected.to_string()),
    }
}

/// Lines: claims of visas, or what is put into good ones; all signed, in a signed Passport, in both orders.
fn passport(data: &[u8]) -> String {
    let lines = data.split(|b| *b == b'\n').take(24);
    let visas: Vec<String> = lines
        .map(|line| match serde_json::from_slice::<Map<String, Value>>(line) {
            Ok(said) => {
                let mut claims = json!({"iss": ISSUER, "sub": "u", "iat": NOW, "exp": NOW + 9, "ga4gh_visa_v1": said});
                if said.contains_key("ga4gh_visa_v1") {
                    claims.as_object_mut().expect("an object").extend(said);
                }
                sign(
                    json!({"alg": "ES256", "kid": "k", "jku": JKU}).to_string().as_bytes(),
                    claims.to_string().as_bytes(),
                )
            }
            Err(_) => visa_token(line),
        })
        .collect();
    let whole = |visas: &[String]| {
        let claims = json!({"iss": BROKER, "sub": "b", "iat": NOW, "exp": NOW + 9, "ga4gh_passport_v1": visas});
        let header = json!({"alg": "ES256", "kid": "k", "typ": "vnd.ga4gh.passport+jwt"});
        let token = sign(header.to_string().as_bytes(), claims.to_string().as_bytes());
        Passport::parse(&token).map_or_else(|r| said(&r.to_string()), judged)
    };
    let straight = whole(&visas);
    let turned: Vec<String> = visas.into_iter().rev().collect();
    assert_eq!(straight, whole(&turned), "the order of visas changes nothing");
    straight
}

/// Conditions in the first line, texts to match in the others.
fn conditions(data: &[u8]) -> String {
    let (first, rest) = halves(data);
    let Ok(value) = strict::parse::<Value>(first, limits::VISA_BYTES, limits::TOKEN_DEPTH) else {
        return "no JSON".to_owned();
    };
    let Ok(conditions) = Conditions::read(&value) else {
        return "no conditions".to_owned();
    };
    let mut words = format!("{} groups", conditions.groups().len().min(3));
    for text in String::from_utf8_lossy(rest).lines() {
        let object = json!({"type": "https://t.example/x", "asserted": 1, "value": text, "source": "https://s.example", "by": "so"});
        let object = VisaObject::read(&object, &["https://t.example/x".to_owned()]).expect("an object");
        for clause in conditions.groups().iter().flatten() {
            let mut budget = Budget::of(u64::MAX);
            let met = clause.is_met_by(&object, &mut budget);
            let most = 4 * (first.len() as u64 + 2) * (text.len() as u64 + 40);
            assert!(u64::MAX - budget.left() <= most, "steps are bounded by both lengths");
            words.push(if met { '+' } else { '-' });
        }
    }
    words.truncate(24);
    words
}

fn links(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    let _ = text.parse::<VisaIdentity>().map_err(|e| said(&e.to_string()));
    let Some(links) = Links::read(&text) else {
        return "none".to_owned();
    };
    assert!(links.entries().len() <= limits::LINKS);
    let written: Vec<String> = links.entries().iter().map(ToString::to_string).collect();
    assert_eq!(
        Links::read(&written.join(";")),
        Some(links),
        "what is written reads back"
    );
    format!("{} entries", written.len().min(4))
}

fn trust(text: &str, format: TrustFormat) -> String {
    match TrustPolicy::from_file_text(text, format, "t") {
        Ok(policy) => {
            let written = serde_json::to_string(&policy).expect("JSON");
            let again =
                TrustPolicy::from_file_text(&written, TrustFormat::Json, "t").expect("what is written reads back");
            assert!(policy.entries().eq(again.entries()));
            format!("{} entries", policy.entries().count())
        }
        // the operator's own file: its words may be long
        Err(error) => format!("{:.60}", error.why),
    }
}

fn trust_toml(data: &[u8]) -> String {
    trust(&String::from_utf8_lossy(data), TrustFormat::Toml)
}

fn trust_json(data: &[u8]) -> String {
    trust(&String::from_utf8_lossy(data), TrustFormat::Json)
}

/// A header in the first line, claims behind it; signed.
fn access_token(data: &[u8]) -> String {
    let (header, claims) = halves(data);
    let rules = AccessTokenRules::new(BROKER.parse().expect("an issuer"), vec![US.to_owned()]);
    match AccessToken::check(&sign(header, claims), &rules, &WORLD.keys, Timestamp::from_unix(NOW)) {
        Ok(token) => {
            assert!(token.expires() > Timestamp::from_unix(NOW - 300));
            let _ = (token.auth_time(), token.acr(), token.amr(), token.jti(), token.scope());
            "OK".to_owned()
        }
        Err(error) => said(&error.to_string()),
    }
}

fn userinfo(data: &[u8]) -> String {
    let Ok(answer) = strict::parse::<Value>(data, limits::PASSPORT_BYTES, limits::TOKEN_DEPTH) else {
        return "no JSON".to_owned();
    };
    Passport::from_userinfo(&answer).map_or_else(|r| said(&r.to_string()), judged)
}

/// What `passport verify` reads.
fn request(data: &[u8]) -> String {
    match VerifyInput::read(data) {
        Ok(input) => {
            for text in &input.passports {
                let _ = Passport::parse(text).map(judged).map_err(|r| said(&r.to_string()));
            }
            if let Some(require) = &input.require
                && let Ok(passport) = Passport::of_one(&visa_token(b"{}"))
                && let Step::Done(done) = Verification::begin(passport, &WORLD.policy, Timestamp::from_unix(NOW)).step()
                && let Ok(verified) = *done
            {
                let _ = require.judge(&verified, Timestamp::from_unix(NOW));
            }
            format!("{} Passports", input.passports.len())
        }
        Err(error) => said(&error.to_string()),
    }
}
