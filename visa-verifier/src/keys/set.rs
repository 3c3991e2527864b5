//! [`KeySet`]: a JWK Set as usable keys; odd keys are named and left out (RFC 7517; VIS-26, VIS-40).

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::token::{Algorithm, json, limits};

/// The usable keys of a JWK Set: RSA of 2048 to 8192 bits for RS256, P-256 for ES256, meant for signatures.
///
/// Cheap to clone. Serializes as the JWK Set that it was read from.
#[derive(Clone)]
pub struct KeySet(Arc<Inner>);

struct Inner {
    source: Value,
    keys: Vec<Key>,
    odd: Vec<OddKey>,
}

/// One usable key.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) kid: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) thumbprint: Arc<str>,
    key: PublicKey,
}

/// The numbers of a key, decoded once. ring parses a modulus at each check: no more of it can be done here.
#[derive(Clone)]
enum PublicKey {
    Rsa {
        n: Box<[u8]>,
        e: Box<[u8]>,
    },
    P256 {
        point: UnparsedPublicKey<[u8; 65]>,
        x: [u8; 32],
        y: [u8; 32],
    },
}

impl Key {
    /// Bits of the modulus; 256 for P-256.
    pub(super) fn bits(&self) -> usize {
        match &self.key {
            PublicKey::Rsa { n, .. } => n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize),
            PublicKey::P256 { .. } => 256,
        }
    }

    /// Whether `signature` is this key's over `message`, by the one algorithm that the key is bound to.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.key {
            PublicKey::Rsa { n, e } => RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
            PublicKey::P256 { point, .. } => point.verify(message, signature).is_ok(),
        }
    }
}

/// A key that was left out, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OddKey {
    /// Its `kid`, if it has one.
    pub kid: Option<String>,
    /// What is odd about it.
    pub why: &'static str,
}

/// A document that is no JWK Set.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a JWK Set: {0}")]
pub struct KeySetError(String);

impl KeySet {
    /// Whether both are the very same set, not only an equal one.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Reads the bytes of a JWK Set: at most 256 KiB and 64 keys, strict JSON.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, KeySetError> {
        let value = json::parse(bytes, limits::KEY_SET_BYTES, limits::DOCUMENT_DEPTH)
            .map_err(|e| KeySetError(e.to_string()))?;
        Self::from_value(value)
    }

    /// Reads a JWK Set that is JSON already.
    pub fn from_value(source: Value) -> Result<Self, KeySetError> {
        let Some(Value::Array(list)) = source.get("keys") else {
            return Err(KeySetError("no array `keys`".to_owned()));
        };
        if list.len() > limits::KEYS {
            return Err(KeySetError(format!("more than {} keys", limits::KEYS)));
        }
        let (mut keys, mut odd) = (Vec::<Key>::new(), Vec::new());
        for jwk in list {
            match usable(jwk) {
                Ok(key) => keys.push(key),
                Err(why) => odd.push(OddKey {
                    kid: jwk.get("kid").and_then(Value::as_str).map(str::to_owned),
                    why,
                }),
            }
        }
        // two different keys of one name: which of them was meant cannot be known, so neither is used
        let double = |key: &Key| {
            keys.iter().any(|k| {
                k.kid == key.kid && k.kid.is_some() && k.algorithm == key.algorithm && k.thumbprint != key.thumbprint
            })
        };
        let doubled: Vec<bool> = keys.iter().map(double).collect();
        let mut kept: Vec<Key> = Vec::with_capacity(keys.len());
        for (key, doubled) in keys.into_iter().zip(doubled) {
            if doubled {
                odd.push(OddKey {
                    kid: key.kid,
                    why: "another key has the same `kid`",
                });
            } else if !kept.iter().any(|k| k.thumbprint == key.thumbprint && k.kid == key.kid) {
                kept.push(key);
            }
        }
        Ok(Self(Arc::new(Inner {
            source,
            keys: kept,
            odd,
        })))
    }

    /// A set without keys.
    #[must_use]
    pub fn empty() -> Self {
        Self(Arc::new(Inner {
            source: serde_json::json!({"keys": []}),
            keys: Vec::new(),
            odd: Vec::new(),
        }))
    }

    /// The keys of all `sets` together.
    #[must_use]
    pub fn joined<'k>(sets: impl IntoIterator<Item = &'k Self>) -> Self {
        let all: Vec<Value> = sets
            .into_iter()
            .filter_map(|set| set.0.source.get("keys")?.as_array().cloned())
            .flatten()
            .take(limits::KEYS)
            .collect();
        Self::from_value(serde_json::json!({ "keys": all })).unwrap_or_else(|_| Self::empty())
    }

    /// Whether a usable key has this `kid`.
    #[must_use]
    pub fn has(&self, kid: &str) -> bool {
        self.0.keys.iter().any(|key| key.kid.as_deref() == Some(kid))
    }

    /// How many keys are usable.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.keys.len()
    }

    /// Whether no key is usable.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.keys.is_empty()
    }

    /// The keys left out.
    #[must_use]
    pub fn odd(&self) -> &[OddKey] {
        &self.0.odd
    }

    pub(super) fn keys(&self) -> &[Key] {
        &self.0.keys
    }
}

impl PartialEq for KeySet {
    fn eq(&self, other: &Self) -> bool {
        self.0.source == other.0.source
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self
            .0
            .keys
            .iter()
            .map(|k| (k.kid.as_deref().unwrap_or("-"), k.algorithm.as_str()));
        f.debug_map().entries(names).finish()
    }
}

impl Serialize for KeySet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.source.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for KeySet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_value(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

fn usable(jwk: &Value) -> Result<Key, &'static str> {
    let Value::Object(jwk) = jwk else {
        return Err("not an object");
    };
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    // a published private key is everyone's key
    if ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]
        .iter()
        .any(|name| jwk.contains_key(*name))
    {
        return Err("it holds private members");
    }
    if jwk.contains_key("use") && text("use") != Some("sig") {
        return Err("its `use` is not `sig`");
    }
    if let Some(operations) = jwk.get("key_ops")
        && !operations
            .as_array()
            .is_some_and(|list| list.iter().any(|o| o == "verify"))
    {
        return Err("its `key_ops` do not hold `verify`");
    }
    let kid = match jwk.get("kid") {
        None => None,
        Some(Value::String(kid)) => Some(kid.clone()),
        Some(_) => return Err("its `kid` is not a string"),
    };
    let (algorithm, key) = match text("kty") {
        Some("RSA") => (Algorithm::Rs256, rsa(jwk)?),
        Some("EC") => (Algorithm::Es256, ec(jwk)?),
        Some(_) | None => return Err("its `kty` is neither RSA nor EC"),
    };
    if jwk.contains_key("alg") && text("alg") != Some(algorithm.as_str()) {
        return Err("its `alg` is neither RS256 nor ES256, or not that of its `kty`");
    }
    Ok(Key {
        kid,
        algorithm,
        thumbprint: thumbprint(&key),
        key,
    })
}

fn rsa(jwk: &Map<String, Value>) -> Result<PublicKey, &'static str> {
    let (n, e) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
    let first = n.iter().position(|b| *b != 0).unwrap_or(n.len());
    let bits = n
        .get(first..)
        .map_or(0, |n| n.len() * 8 - n.first().map_or(0, |b| b.leading_zeros() as usize));
    if !(2_048..=8_192).contains(&bits) {
        return Err("its modulus is not of 2048 to 8192 bits");
    }
    if !matches!(e.as_slice(), [.., last] if last % 2 == 1) || e.as_slice() == [1] {
        return Err("its exponent is even or 1");
    }
    // ring refuses numbers with leading zeros
    Ok(PublicKey::Rsa {
        n: n.get(first..).unwrap_or_default().into(),
        e: e.into_iter().skip_while(|b| *b == 0).collect(),
    })
}

fn ec(jwk: &Map<String, Value>) -> Result<PublicKey, &'static str> {
    if jwk.get("crv").and_then(Value::as_str) != Some("P-256") {
        return Err("its curve is not P-256");
    }
    let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
    let (Ok(x), Ok(y)) = (<[u8; 32]>::try_from(x), <[u8; 32]>::try_from(y)) else {
        return Err("its coordinates are not of 32 bytes");
    };
    let mut point = [4; 65];
    let (first, rest) = point.split_at_mut(33);
    first.iter_mut().skip(1).zip(&x).for_each(|(to, from)| *to = *from);
    rest.copy_from_slice(&y);
    Ok(PublicKey::P256 {
        point: UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point),
        x,
        y,
    })
}

fn bytes(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, &'static str> {
    let text = jwk
        .get(name)
        .and_then(Value::as_str)
        .ok_or("a number of the key is missing")?;
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| "a number of the key is not base64url")
}

/// RFC 7638 SHA-256 thumbprint, base64url: how `revoked_keys` names a key. Made of the decoded numbers, so that each
/// spelling of a key has the same one.
fn thumbprint(key: &PublicKey) -> Arc<str> {
    let text = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
    // base64url and the fixed names need no escaping in JSON
    let canonical = match key {
        PublicKey::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, text(e), text(n)),
        PublicKey::P256 { x, y, .. } => {
            format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, text(x), text(y))
        }
    };
    text(ring::digest::digest(&ring::digest::SHA256, canonical.as_bytes()).as_ref()).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ec_key(kid: &str, byte: u8) -> Value {
        let number = URL_SAFE_NO_PAD.encode([byte; 32]);
        json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": number, "y": number})
    }

    #[test]
    fn odd_keys_are_named_and_left_out() {
        let number = URL_SAFE_NO_PAD.encode([1; 32]);
        let with = |name: &str, value: Value| {
            let mut key = ec_key("k", 1);
            key.as_object_mut().unwrap().insert(name.to_owned(), value);
            key
        };
        let n = |bytes: usize| URL_SAFE_NO_PAD.encode(vec![0xff; bytes]);
        for (name, key, good) in [
            ("a P-256 key", ec_key("k", 1), true),
            (
                "no kid",
                json!({"kty": "EC", "crv": "P-256", "x": number, "y": number}),
                true,
            ),
            ("for signatures", with("use", json!("sig")), true),
            ("for encryption", with("use", json!("enc")), false),
            ("to verify", with("key_ops", json!(["verify"])), true),
            ("to encrypt", with("key_ops", json!(["encrypt"])), false),
            ("private", with("d", json!("AAAA")), false),
            ("another curve", with("crv", json!("P-384")), false),
            ("another alg", with("alg", json!("ES384")), false),
            ("an alg of another family", with("alg", json!("RS256")), false),
            ("kid is a number", with("kid", json!(1)), false),
            ("symmetric", json!({"kty": "oct", "k": "AAAA"}), false),
            ("an unknown family", json!({"kty": "AKP", "kid": "p"}), false),
            ("RSA 2048", json!({"kty": "RSA", "n": n(256), "e": "AQAB"}), true),
            ("RSA 1024", json!({"kty": "RSA", "n": n(128), "e": "AQAB"}), false),
            ("not an object", json!("x"), false),
        ] {
            let set = KeySet::from_value(json!({ "keys": [key] })).unwrap();
            assert_eq!(
                (set.len(), set.odd().len()),
                (usize::from(good), usize::from(!good)),
                "{name}"
            );
        }
    }

    #[test]
    fn of_two_keys_with_one_name_neither_is_used() {
        let set = KeySet::from_value(json!({"keys": [ec_key("k", 1), ec_key("k", 2), ec_key("other", 3)]})).unwrap();
        assert!(!set.has("k") && set.has("other"));
        let twice_the_same = KeySet::from_value(json!({"keys": [ec_key("k", 1), ec_key("k", 1)]})).unwrap();
        assert_eq!(twice_the_same.len(), 1);
    }

    #[test]
    fn every_spelling_of_an_rsa_key_has_one_thumbprint() {
        let n = vec![0xff; 256];
        let padded = |zeros: usize, number: &[u8]| URL_SAFE_NO_PAD.encode([vec![0; zeros].as_slice(), number].concat());
        let print = |zeros_n: usize, zeros_e: usize| {
            let jwk = json!({"kty": "RSA", "n": padded(zeros_n, &n), "e": padded(zeros_e, &[1, 0, 1])});
            let set = KeySet::from_value(json!({"keys": [jwk]})).unwrap();
            set.keys().first().unwrap().thumbprint.clone()
        };
        let canonical = format!(r#"{{"e":"AQAB","kty":"RSA","n":"{}"}}"#, padded(0, &n));
        let want = URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, canonical.as_bytes()));
        for (name, zeros_n, zeros_e) in [
            ("as RFC 7518 writes it", 0, 0),
            ("a zero byte before n", 1, 0),
            ("zero bytes before e", 0, 3),
            ("before both", 2, 1),
        ] {
            assert_eq!(&*print(zeros_n, zeros_e), want, "{name}");
        }
    }

    #[test]
    fn a_set_is_strict_and_bounded() {
        assert!(KeySet::from_slice(br#"{"keys":[],"keys":[]}"#).is_err());
        assert!(KeySet::from_slice(b"[]").is_err());
        assert!(KeySet::from_value(json!({"keys": vec![json!(1); 65]})).is_err());
    }
}
