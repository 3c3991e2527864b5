//! Keys made afresh for each run, tokens of the shape that brokers and visa issuers send, and the trust in them.

use std::error::Error;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Value, json};
use visa_verifier::visa::percent_encode;
use visa_verifier::{Timestamp, TrustPolicy};

/// Now, in this world.
pub const NOW: i64 = 1_800_000_000;
/// Who verifies.
pub const US: &str = "https://drs.example.org";
/// The broker.
pub const BROKER: &str = "https://broker.example.org";

type Failed = Box<dyn Error>;

/// One of the two algorithms.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Algorithm {
    /// RSA of 2048 bits.
    Rs256,
    /// ECDSA on P-256.
    Es256,
}

impl Algorithm {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Rs256, Self::Es256];

    /// Its name in `alg`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

#[derive(Debug)]
enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
}

/// Who signs: one key.
#[derive(Debug)]
struct Signer {
    iss: String,
    kid: String,
    pair: Pair,
    random: ring::rand::SystemRandom,
}

impl Signer {
    fn new(iss: &str, algorithm: Algorithm) -> Result<Self, Failed> {
        #[expect(clippy::disallowed_methods, reason = "keys of a bench, which ring makes")]
        let random = ring::rand::SystemRandom::new();
        let pair = match algorithm {
            Algorithm::Rs256 => {
                let der = josekit::jwk::alg::rsa::RsaKeyPair::generate(2_048)?.to_der_private_key();
                Pair::Rsa(Box::new(
                    RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der))?,
                ))
            }
            Algorithm::Es256 => {
                let scheme = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let pkcs8 = EcdsaKeyPair::generate_pkcs8(scheme, &random).map_err(|_| "no P-256 key")?;
                Pair::Ec(Box::new(EcdsaKeyPair::from_pkcs8(scheme, pkcs8.as_ref(), &random)?))
            }
        };
        Ok(Self {
            iss: iss.to_owned(),
            kid: format!("{}-1", algorithm.name()),
            pair,
            random,
        })
    }

    fn jku(&self) -> String {
        format!("{}/jwks.json", self.iss)
    }

    fn jwks(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let key = match &self.pair {
            Pair::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({"kty": "RSA", "kid": self.kid, "alg": "RS256", "use": "sig", "n": text(&public.n), "e": text(&public.e)})
            }
            Pair::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref().get(1..).unwrap_or_default().split_at(32);
                json!({"kty": "EC", "crv": "P-256", "kid": self.kid, "alg": "ES256", "use": "sig", "x": text(x), "y": text(y)})
            }
        };
        json!({"keys": [key]})
    }

    fn sign(&self, typ: &str, jku: bool, claims: &Value) -> Result<Token, Failed> {
        let alg = match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::Ec(_) => "ES256",
        };
        let mut header = json!({"alg": alg, "typ": typ, "kid": self.kid});
        if jku && let Some(members) = header.as_object_mut() {
            members.insert("jku".to_owned(), self.jku().into());
        }
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let message = format!("{}.{}", part(&header), part(claims));
        let (signature, bare) = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &self.random, message.as_bytes(), &mut signature)
                    .map_err(|_| "RS256 failed")?;
                (signature, BareKey::Rsa(RsaPublicKeyComponents::from(pair.public())))
            }
            Pair::Ec(pair) => {
                let signature = pair
                    .sign(&self.random, message.as_bytes())
                    .map_err(|_| "ES256 failed")?;
                let point = pair.public_key().as_ref().to_vec();
                (
                    signature.as_ref().to_vec(),
                    BareKey::Ec(UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)),
                )
            }
        };
        Ok(Token {
            text: format!("{message}.{}", URL_SAFE_NO_PAD.encode(&signature)),
            bare: Bare {
                message: message.into_bytes(),
                signature,
                key: bare,
            },
        })
    }
}

/// A signed token, and what ring needs to check its signature and nothing else.
#[derive(Debug)]
pub struct Token {
    /// Compact.
    pub text: String,
    /// The same for ring.
    pub bare: Bare,
}

/// A message, its signature, its key: decoded and ready.
#[derive(Debug)]
pub struct Bare {
    message: Vec<u8>,
    signature: Vec<u8>,
    key: BareKey,
}

#[derive(Debug)]
enum BareKey {
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
    Ec(UnparsedPublicKey<Vec<u8>>),
}

impl Bare {
    /// ring's own verification: the floor under everything here.
    #[must_use]
    pub fn verify(&self) -> bool {
        match &self.key {
            BareKey::Rsa(key) => key
                .verify(&RSA_PKCS1_2048_8192_SHA256, &self.message, &self.signature)
                .is_ok(),
            BareKey::Ec(key) => key.verify(&self.message, &self.signature).is_ok(),
        }
    }
}

/// A Passport with its visas.
#[derive(Debug)]
pub struct Container {
    /// The Passport itself.
    pub passport: Token,
    /// What stands in it.
    pub visas: Vec<Token>,
}

impl Container {
    /// The Passport's signature and each visa's, bare, one after the other.
    #[must_use]
    pub fn verify_bare(&self) -> bool {
        self.passport.bare.verify() && self.visas.iter().all(|visa| visa.bare.verify())
    }

    /// The same, spread over all cores: two threads of one core take longer each, which no verifier can help.
    #[must_use]
    pub fn verify_bare_on_all_cores(&self) -> bool {
        let share = self.visas.len().div_ceil(crate::cpu::cores().max(1)).max(1);
        let all = |visas: &[Token]| visas.iter().all(|visa| visa.bare.verify());
        std::thread::scope(|scope| {
            let (own, others) = self.visas.split_at(share.min(self.visas.len()));
            let started: Vec<_> = others
                .chunks(share)
                .map(|part| scope.spawn(move || all(part)))
                .collect();
            let own = self.passport.bare.verify() && all(own);
            let theirs = started.into_iter().map(|part| part.join().unwrap_or(false));
            theirs.fold(own, |good, part| good && part)
        })
    }
}

/// A broker and three visa issuers who all sign by one algorithm.
#[derive(Debug)]
pub struct World {
    broker: Signer,
    issuers: Vec<Signer>,
    serial: u64,
}

impl World {
    /// New keys.
    ///
    /// # Errors
    /// If no key can be made.
    pub fn new(algorithm: Algorithm) -> Result<Self, Failed> {
        let issuers = ["a", "b", "c"].map(|name| Signer::new(&format!("https://{name}.example.org"), algorithm));
        Ok(Self {
            broker: Signer::new(BROKER, algorithm)?,
            issuers: issuers.into_iter().collect::<Result<_, _>>()?,
            serial: 0,
        })
    }

    /// The trust in them: all keys pinned, nothing to fetch.
    ///
    /// # Errors
    /// If our trust file's form has changed.
    pub fn trust(&self) -> Result<TrustPolicy, Failed> {
        let entry = |s: &Signer| {
            json!({"iss": s.iss, "types": ["*"], "sources": ["*"], "may_link": ["*"], "jku": [s.jku()],
                "keys": {"by_jku": {s.jku(): s.jwks()}}})
        };
        let issuers: Vec<Value> = self.issuers.iter().chain([&self.broker]).map(entry).collect();
        Ok(serde_json::from_value(json!({
            "audience": US,
            "trusted_brokers": [{"iss": BROKER, "jwks": self.broker.jwks()}],
            "trusted_visa_issuers": issuers,
        }))?)
    }

    /// The broker's keys as a JWK Set.
    #[must_use]
    pub fn broker_keys(&self) -> Value {
        self.broker.jwks()
    }

    /// A grant of one dataset, another one each time.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn visa(&mut self) -> Result<Token, Failed> {
        self.serial += 1;
        let dataset = format!("https://data.example.org/datasets/EGAD{:08}", self.serial);
        self.stating(
            usize::try_from(self.serial)? % 3,
            "ControlledAccessGrants",
            &dataset,
            "dac",
        )
    }

    /// A Passport of `count` visas of one person: a link, an affiliation, a status, accepted terms, and grants.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn passport(&mut self, count: usize) -> Result<Container, Failed> {
        let links: Vec<String> = self
            .issuers
            .iter()
            .map(|i| format!("{},{}", percent_encode(&subject(i)), percent_encode(&i.iss)))
            .collect();
        let research = "https://doi.org/10.1038/s41431-018-0219-y";
        let mut visas = vec![
            self.by_broker(&links.join(";"))?,
            self.stating(0, "AffiliationAndRole", "faculty@example.org", "so")?,
            self.stating(1, "ResearcherStatus", research, "so")?,
            self.stating(2, "AcceptedTermsAndPolicies", research, "self")?,
        ];
        while visas.len() < count {
            visas.push(self.visa()?);
        }
        visas.truncate(count);
        Ok(Container {
            passport: self.around(&visas)?,
            visas,
        })
    }

    /// A Passport of `count` visas that opens the dataset `number` to its holder: an affiliation, a status, accepted
    /// terms, a grant with its purpose; then grants of other datasets.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn opening(&mut self, number: u64, count: usize) -> Result<Token, Failed> {
        let research = "https://doi.org/10.1038/s41431-018-0219-y";
        let dataset = format!("https://data.example.org/datasets/EGAD{number:08}");
        let issuer = self.issuers.get(1).ok_or("no such issuer")?;
        self.serial += 1;
        let mut purpose = said(issuer, self.serial, &purpose_kind(issuer), &dataset, "dac");
        if let Some(members) = purpose.as_object_mut() {
            let bound = json!({"categories": ["genetic", "biomedical"], "commercial": false});
            members.insert("visum_purpose".to_owned(), json!({"project": "P1", "purpose": bound}));
        }
        let mut visas = vec![
            issuer.sign("vnd.ga4gh.visa+jwt", true, &purpose)?,
            self.stating(1, "ControlledAccessGrants", &dataset, "dac")?,
            self.stating(1, "AffiliationAndRole", "faculty@example.org", "so")?,
            self.stating(1, "ResearcherStatus", research, "so")?,
            self.stating(1, "AcceptedTermsAndPolicies", research, "self")?,
        ];
        self.serial += number;
        while visas.len() < count {
            self.serial += 1;
            let other = format!("https://data.example.org/datasets/EGAD{:08}", self.serial);
            visas.push(self.stating(1, "ControlledAccessGrants", &other, "dac")?);
        }
        let texts: Vec<&str> = visas.iter().map(|visa| visa.text.as_str()).collect();
        let holder = subject(self.issuers.get(1).ok_or("no such issuer")?);
        let link = format!(
            "{},{};{},{}",
            percent_encode(&holder),
            percent_encode(&self.issuers.get(1).ok_or("no such issuer")?.iss),
            percent_encode(&subject(&self.broker)),
            percent_encode(&self.broker.iss)
        );
        let link = self.by_broker(&link)?;
        let texts: Vec<&str> = texts.into_iter().chain([link.text.as_str()]).collect();
        self.serial += 1;
        let claims = json!({"iss": BROKER, "sub": subject(&self.broker), "aud": US, "iat": NOW - 60, "exp": NOW + 3_600,
            "jti": self.serial.to_string(), "ga4gh_passport_v1": texts});
        self.broker.sign("vnd.ga4gh.passport+jwt", false, &claims)
    }

    /// The type of the visas in which the second issuer tells purposes; a trust policy has to support it.
    #[must_use]
    pub fn purposes(&self) -> Option<String> {
        self.issuers.get(1).map(purpose_kind)
    }

    /// Another Passport around the same visas.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn around(&mut self, visas: &[Token]) -> Result<Token, Failed> {
        self.serial += 1;
        let texts: Vec<&str> = visas.iter().map(|visa| visa.text.as_str()).collect();
        let claims = json!({"iss": BROKER, "sub": subject(&self.broker), "aud": US, "iat": NOW - 60, "exp": NOW + 3_600,
            "jti": self.serial.to_string(), "ga4gh_passport_v1": texts});
        self.broker.sign("vnd.ga4gh.passport+jwt", false, &claims)
    }

    /// An access token of the broker for us.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn access_token(&mut self) -> Result<Token, Failed> {
        self.serial += 1;
        let claims = json!({"iss": BROKER, "sub": subject(&self.broker), "aud": US, "client_id": "bench",
            "iat": NOW - 60, "exp": NOW + 3_600, "jti": format!("{:024x}", self.serial),
            "scope": "openid ga4gh_passport_v1"});
        self.broker.sign("at+jwt", false, &claims)
    }

    fn stating(&mut self, issuer: usize, kind: &str, value: &str, by: &str) -> Result<Token, Failed> {
        self.serial += 1;
        let issuer = self.issuers.get(issuer).ok_or("no such issuer")?;
        issuer.sign("vnd.ga4gh.visa+jwt", true, &said(issuer, self.serial, kind, value, by))
    }

    fn by_broker(&mut self, links: &str) -> Result<Token, Failed> {
        self.serial += 1;
        let claims = said(&self.broker, self.serial, "LinkedIdentities", links, "system");
        self.broker.sign("vnd.ga4gh.visa+jwt", true, &claims)
    }
}

fn subject(signer: &Signer) -> String {
    format!("researcher-000001@{}", signer.iss.trim_start_matches("https://"))
}

fn purpose_kind(issuer: &Signer) -> String {
    format!("{}/visas/purpose/v1", issuer.iss)
}

fn said(issuer: &Signer, serial: u64, kind: &str, value: &str, by: &str) -> Value {
    json!({"iss": issuer.iss, "sub": subject(issuer), "iat": NOW - 600, "exp": NOW + 86_400,
        "jti": format!("{serial:024x}"),
        "ga4gh_visa_v1": {"type": kind, "asserted": NOW - 1_000_000, "value": value,
            "source": "https://dac.example.org", "by": by}})
}

/// Now, as the verifier takes it.
#[must_use]
pub const fn now() -> Timestamp {
    Timestamp::from_unix(NOW)
}
