//! From signed tokens to a decision: what a verified passport says, and of whom.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test: its helpers may fail loudly"
)]

use std::{collections::BTreeSet, net::IpAddr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use policy_engine::{
    catalogue::{ObjectMap, ObjectRecord},
    consent::{Access, Dataset, Name, Term, UseGroup},
    decide::{Engine, Facts, Session},
    intent::{Action, DataRef, DrsId, Intent},
    snapshot::{CommitteeRecord, DatasetMode, DatasetRecord, InstitutionRecord, ServiceRecord, Snapshot},
};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use visa_verifier::{
    KeySet, Passport, TrustEntry, TrustPolicy, VerifiedPassport,
    seam::Timestamp,
    trust::{Keys, Role},
    verify::{Step, Verification},
};

const BROKER: &str = "https://broker.example.org";
const DATASET: &str = "https://data.example.org/datasets/A";
const UNI: &str = "https://uni.example.org";
const DAC: &str = "https://biobank.example.org/dac";
const NODE: &str = "https://node.example.org";

/// An issuer with a key of its own, made for this test.
struct Issuer {
    pair: EcdsaKeyPair,
    random: ring::rand::SystemRandom,
}

impl Issuer {
    fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "ring makes keys with its own randomness only")]
        let random = ring::rand::SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Self { pair, random }
    }

    fn keys(&self) -> KeySet {
        let point = self.pair.public_key().as_ref();
        let half = |from: usize| URL_SAFE_NO_PAD.encode(&point[from..from + 32]);
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": half(1), "y": half(33), "kid": "k1", "use": "sig", "alg": "ES256"});
        KeySet::from_value(json!({ "keys": [jwk] })).unwrap()
    }

    fn sign(&self, typ: &str, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({"alg": "ES256", "typ": typ, "kid": "k1", "jku": format!("{BROKER}/jwks")});
        let text = format!("{}.{}", part(&header), part(claims));
        let signature = self.pair.sign(&self.random, text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn visa(&self, sub: &str, object: Value, more: Value) -> String {
        let mut claims = json!({
            "iss": BROKER, "sub": sub, "jti": format!("{sub}-{}", object["type"]),
            "iat": now().unix() - 60, "exp": now().unix() + 3000, "ga4gh_visa_v1": object,
        });
        claims
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.sign("vnd.ga4gh.visa+jwt", &claims)
    }
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn name(text: &str) -> Name {
    Name::try_from(text).unwrap()
}

fn asserted() -> i64 {
    now().unix() - 86_400
}

fn trust(issuer: &Issuer) -> TrustPolicy {
    let entry = |role| {
        let mut entry = TrustEntry::new(role, BROKER.parse().unwrap());
        entry.keys = Keys::Pinned(issuer.keys());
        entry.visa_types = vec!["*".to_owned()];
        entry.sources = vec!["*".to_owned()];
        entry.speaks_for = vec![UNI.to_owned()];
        entry
    };
    let mut trust = TrustPolicy::new(
        vec![NODE.to_owned()],
        vec![entry(Role::Broker), entry(Role::VisaIssuer)],
    )
    .unwrap();
    trust.support(&visa_verifier::VisaType::named(&format!("{BROKER}/visas/purpose/v1")));
    trust
}

fn engine(trust: TrustPolicy) -> Engine {
    let mut snapshot = Snapshot::empty(1, now(), NODE, trust);
    snapshot.institutions = vec![InstitutionRecord {
        id: UNI.to_owned(),
        scopes: BTreeSet::from(["uni.example.org".to_owned()]),
        country: "FI".to_owned(),
        nonprofit: Some(true),
        commercial: Some(false),
    }];
    snapshot.committees = vec![CommitteeRecord {
        id: DAC.to_owned(),
        institution: UNI.to_owned(),
        title: String::new(),
    }];
    snapshot.services = vec![ServiceRecord {
        id: NODE.to_owned(),
        operator: UNI.to_owned(),
        country: "FI".to_owned(),
        certified: BTreeSet::from([Access::Controlled]),
        secure_environment: false,
        suspended: false,
        roles: BTreeSet::new(),
    }];
    let label = Term {
        values: vec![name("MONDO:0004992")],
        ..Term::new(name("DUO:0000007"))
    };
    let consent = Dataset {
        dac: vec![name(DAC)],
        ..Dataset::new(
            name(DATASET),
            vec![UseGroup {
                group: name("all"),
                terms: vec![label],
            }],
        )
    };
    snapshot.datasets = vec![DatasetRecord {
        consent,
        title: "A".to_owned(),
        short_name: "A".to_owned(),
        dac: DAC.to_owned(),
        custodian: UNI.to_owned(),
        mode: DatasetMode::Download,
        discoverable: true,
        min_identity: 0,
        min_authn: 0,
        quorum: None,
        project: None,
        allowed_regions: None,
        collections: BTreeSet::new(),
        duties: BTreeSet::new(),
        participants: BTreeSet::new(),
        relabels: Vec::new(),
    }];
    let object = ObjectRecord {
        id: name("a1"),
        dataset: name(DATASET),
        groups: None,
        participants: Some(vec![]),
        urls: vec![],
    };
    snapshot.objects = ObjectMap::new(vec![object]).unwrap();
    Engine::load(snapshot).unwrap()
}

/// The visas that open A to `sub`: affiliation, grant, bound purpose.
fn visas(issuer: &Issuer, sub: &str) -> Vec<String> {
    let object = |kind: &str, value: &str, source: &str, by: &str| json!({"type": kind, "asserted": asserted(), "value": value, "source": source, "by": by});
    let purpose = json!({"visum_purpose": {
        "project": "P1", "institution": UNI,
        "purpose": {"categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false},
    }});
    vec![
        issuer.visa(
            sub,
            object("AffiliationAndRole", "faculty@uni.example.org", UNI, "system"),
            json!({}),
        ),
        issuer.visa(sub, object("ControlledAccessGrants", DATASET, DAC, "dac"), json!({})),
        issuer.visa(
            sub,
            object(&format!("{BROKER}/visas/purpose/v1"), DATASET, DAC, "dac"),
            purpose,
        ),
    ]
}

fn verified(issuer: &Issuer, trust: &TrustPolicy, holder: &str, visas: &[String]) -> VerifiedPassport {
    let claims = json!({
        "iss": BROKER, "sub": holder, "aud": NODE, "jti": "p", "iat": now().unix() - 30, "exp": now().unix() + 3000,
        "ga4gh_passport_v1": visas,
    });
    let passport = Passport::parse(&issuer.sign("vnd.ga4gh.passport+jwt", &claims)).unwrap();
    match Verification::begin(passport, trust, now()).step() {
        Step::Done(done) => done.unwrap(),
        Step::Need(server) => panic!("pinned keys were asked for: {server:?}"),
    }
}

fn read() -> Intent {
    let mut intent = Intent::new(Action::DrsAccessUrl);
    intent.read(DataRef::local(DrsId::decoded("a1").unwrap()), "").unwrap();
    intent
}

#[test]
fn a_signed_passport_opens_what_its_visas_say() {
    let issuer = Issuer::new();
    let trust = trust(&issuer);
    let engine = engine(trust.clone());
    let passport = verified(&issuer, &trust, "ada", &visas(&issuer, "ada"));
    assert_eq!(passport.rejected().len(), 0, "{:?}", passport.rejected());
    let session = Session::unknown(IpAddr::from([127, 0, 0, 1]), "2026-11-22T13:00:00Z".parse().unwrap());
    let facts = Facts::of(&passport, &session, engine.snapshot());
    assert_eq!(facts.institutions(now()).collect::<Vec<_>>(), [UNI]);
    let decision = engine.decide(&facts, &read(), now());
    assert!(decision.allow(), "{:?}", decision.reasons());
    assert_eq!(decision.policies(), ["visum.standard.controlled-data"]);
    assert_eq!(
        decision.valid_until(),
        "2026-11-22T12:50:00Z".parse().unwrap(),
        "the visas' end"
    );
    assert_eq!(decision.rests_on().visas.len(), 3);
}

#[test]
fn visas_of_somebody_else_in_the_same_passport_open_nothing() {
    let issuer = Issuer::new();
    let trust = trust(&issuer);
    let engine = engine(trust.clone());
    let passport = verified(&issuer, &trust, "eve", &visas(&issuer, "ada"));
    assert_eq!(passport.visas().len(), 3, "they count, for whom they speak of");
    let session = Session::unknown(IpAddr::from([127, 0, 0, 1]), "2026-11-22T13:00:00Z".parse().unwrap());
    let facts = Facts::of(&passport, &session, engine.snapshot());
    assert_eq!(facts.institutions(now()).count(), 0);
    let decision = engine.decide(&facts, &read(), now());
    assert!(!decision.allow());
    assert_eq!(decision.code(), Some("consent.approval_missing"));
}
