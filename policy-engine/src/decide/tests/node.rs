//! A small node: the demo's two houses, committee, people and datasets.

use std::{collections::BTreeSet, net::IpAddr};

use serde_json::{Value, json};
use visa_verifier::{
    VisaIdentity, VisaType,
    seam::Timestamp,
    trust::{Role, TrustEntry, TrustPolicy},
};

use super::super::{
    Engine, Facts, Session,
    presented::{Held, Presented},
};
use crate::{
    catalogue::{ObjectMap, ObjectRecord},
    consent::{Access, Dataset, Name, Term, UseGroup, VouchedBy},
    intent::{Action, DataRef, DrsId, Image, Intent, StorageUrl},
    snapshot::{
        CommitteeRecord, DatasetMode, DatasetRecord, GroupRecord, InstitutionRecord, RoleGrant, RoleRecord,
        ServiceRecord, SinkRecord, Snapshot,
    },
};

pub(crate) const BROKER: &str = "https://broker.example.org";
pub(crate) const FOREIGN: &str = "https://visas.example.net";
pub(crate) const UNI: &str = "https://uni.example.org";
pub(crate) const BIOBANK: &str = "https://biobank.example.org";
pub(crate) const DAC: &str = "https://biobank.example.org/dac";
pub(crate) const FOREIGN_DAC: &str = "https://dac.example.net";
pub(crate) const NODE: &str = "https://node.example.org";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    at("2026-11-22T12:00:00Z")
}

pub(crate) fn name(text: &str) -> Name {
    Name::try_from(text).unwrap()
}

pub(crate) fn dataset_id(letter: &str) -> String {
    format!("https://data.example.org/datasets/{letter}")
}

pub(crate) fn identity(sub: &str) -> VisaIdentity {
    VisaIdentity::new(BROKER.parse().unwrap(), sub.parse().unwrap())
}

pub(crate) fn term(id: &str, values: &[&str]) -> Term {
    Term {
        values: values.iter().map(|value| name(value)).collect(),
        ..Term::new(name(id))
    }
}

pub(crate) fn record(letter: &str, terms: Vec<Term>, dac: &str) -> DatasetRecord {
    let consent = Dataset {
        dac: vec![name(dac)],
        ..Dataset::new(
            name(&dataset_id(letter)),
            vec![UseGroup {
                group: name("all"),
                terms,
            }],
        )
    };
    DatasetRecord {
        consent,
        title: format!("Dataset {letter}"),
        short_name: letter.to_owned(),
        dac: DAC.to_owned(),
        custodian: BIOBANK.to_owned(),
        mode: DatasetMode::Download,
        discoverable: true,
        min_identity: 2,
        min_authn: 1,
        quorum: Some(1),
        project: None,
        allowed_regions: None,
        collections: BTreeSet::new(),
        duties: BTreeSet::new(),
        participants: BTreeSet::new(),
        relabels: Vec::new(),
    }
}

fn object(id: &str, letter: &str, participants: &[&str]) -> ObjectRecord {
    ObjectRecord {
        id: name(id),
        dataset: name(&dataset_id(letter)),
        groups: None,
        participants: Some(participants.iter().map(|person| name(person)).collect()),
        urls: Vec::new(),
    }
}

fn house(id: &str, scope: &str) -> InstitutionRecord {
    InstitutionRecord {
        id: id.to_owned(),
        scopes: BTreeSet::from([scope.to_owned()]),
        country: "FI".to_owned(),
        nonprofit: Some(true),
        commercial: Some(false),
    }
}

/// The demo's snapshot, before anything happens.
pub(crate) fn snapshot() -> Snapshot {
    let entry = |iss: &str| TrustEntry::new(Role::VisaIssuer, iss.parse().unwrap());
    let trust = TrustPolicy::new(Vec::new(), vec![entry(BROKER), entry(FOREIGN)]).unwrap();
    let mut snapshot = Snapshot::empty(1, at("2026-11-22T11:00:00Z"), NODE, trust);
    snapshot.person_key = crate::snapshot::PersonKey::new(&[7; 32]);
    snapshot.drs_hosts = BTreeSet::from(["drs.example.org".to_owned()]);
    snapshot.institutions = vec![house(UNI, "uni.example.org"), house(BIOBANK, "biobank.example.org")];
    snapshot.committees = vec![CommitteeRecord {
        id: DAC.to_owned(),
        institution: BIOBANK.to_owned(),
        title: String::new(),
    }];
    snapshot.services = vec![ServiceRecord {
        id: NODE.to_owned(),
        operator: BIOBANK.to_owned(),
        country: "FI".to_owned(),
        certified: BTreeSet::from([Access::Open, Access::Registered, Access::Controlled]),
        secure_environment: false,
        suspended: false,
        roles: BTreeSet::new(),
    }];
    snapshot.datasets = vec![
        record("A", vec![term("DUO:0000007", &["MONDO:0004992"])], DAC),
        record("B", vec![term("DUO:0000006", &[])], FOREIGN_DAC),
        record("C", vec![term("DUO:0000007", &["MONDO:0004992"])], DAC),
        record("D", vec![term("DUO:0000007", &["MONDO:0005015"])], FOREIGN_DAC),
    ];
    snapshot.objects = ObjectMap::new(vec![
        object("a1", "A", &["p1", "p2"]),
        object("a2", "A", &["p3"]),
        object("b1", "B", &["p4"]),
        object("c1", "C", &["p5"]),
        object("d1", "D", &["p6"]),
    ])
    .unwrap();
    snapshot.sinks = vec![SinkRecord {
        prefix: StorageUrl::parse("file:///demo/outputs/uni/").unwrap(),
        owner: UNI.to_owned(),
        country: "FI".to_owned(),
        secure: false,
        group: None,
        project: None,
    }];
    snapshot.groups = vec![GroupRecord {
        id: "team".to_owned(),
        members: vec![identity("ada"), identity("tom")],
        within: None,
        shares_tasks: true,
        shares_logs: false,
        admins: None,
    }];
    let role = |person: &str, grant: RoleGrant| RoleRecord {
        person: identity(person),
        grant,
        until: at("2027-11-22T00:00:00Z"),
    };
    snapshot.roles = vec![role("dan", RoleGrant::Committee(DAC.to_owned()))];
    for given in ["administrator", "operator", "auditor"] {
        snapshot.roles.push(role("noor", RoleGrant::Role(given.to_owned())));
    }
    snapshot
}

pub(crate) fn engine() -> Engine {
    Engine::load(snapshot()).unwrap()
}

pub(crate) fn session(authn: u8) -> Session {
    Session {
        authn,
        identity: 2,
        authenticated: Some(at("2026-11-22T11:50:00Z")),
        ..Session::unknown(IpAddr::from([192, 0, 2, 10]), at("2026-11-22T13:00:00Z"))
    }
}

/// A visa of any kind; the digest is made from what it says.
pub(crate) fn visa(kind: VisaType, issuer: &str, value: &str, source: &str, by: VouchedBy) -> Held {
    Held {
        let_by: Vec::new(),
        digest: format!("{kind}|{issuer}|{value}|{source}"),
        kind,
        issuer: issuer.to_owned(),
        value: value.to_owned(),
        source: source.to_owned(),
        by: Some(by),
        asserted: at("2026-10-01T00:00:00Z"),
        expires: at("2027-06-01T00:00:00Z"),
        jti: Some(format!("jti:{value}")),
        purpose: None,
        institution: None,
    }
}

pub(crate) fn affiliation(institution: &str, scope: &str) -> Held {
    let kind = VisaType::AffiliationAndRole;
    let mut held = visa(
        kind,
        BROKER,
        &format!("faculty@{scope}"),
        institution,
        VouchedBy::System,
    );
    held.institution = Some(institution.to_owned());
    held.expires = at("2027-03-01T00:00:00Z");
    held
}

pub(crate) fn grant(letter: &str, issuer: &str, source: &str) -> Held {
    visa(
        VisaType::ControlledAccessGrants,
        issuer,
        &dataset_id(letter),
        source,
        VouchedBy::Dac,
    )
}

/// Breast cancer, not commercial, project P1, for the university.
pub(crate) fn breast_cancer() -> Value {
    json!({"project": "P1", "institution": UNI,
           "purpose": {"categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false}})
}

/// The purpose visa that goes with a grant: bound if the committee speaks, attested if the person does.
pub(crate) fn purpose_visa(grant: &Held, by: VouchedBy, claim: Value) -> Held {
    let kind = VisaType::named(&format!("{BROKER}/visas/purpose/v1"));
    let mut held = visa(kind, BROKER, &grant.value, &grant.source, by);
    held.asserted = grant.asserted;
    held.purpose = Some(claim);
    held
}

pub(crate) fn person(sub: &str, visas: Vec<Held>, session: Session, engine: &Engine) -> Facts {
    let holder = identity(sub);
    let presented = Presented {
        identities: vec![holder.clone()],
        holder,
        visas,
    };
    Facts::person(presented, session, engine.snapshot())
}

/// Ada's visas at the start of the demo: A bound, B and D foreign without a purpose.
pub(crate) fn ada_visas() -> Vec<Held> {
    let a = grant("A", BROKER, DAC);
    vec![
        affiliation(UNI, "uni.example.org"),
        purpose_visa(&a, VouchedBy::Dac, breast_cancer()),
        a,
        grant("B", FOREIGN, FOREIGN_DAC),
        grant("D", FOREIGN, FOREIGN_DAC),
    ]
}

pub(crate) fn ada(engine: &Engine) -> Facts {
    person("ada", ada_visas(), session(1), engine)
}

pub(crate) fn dan(engine: &Engine) -> Facts {
    person(
        "dan",
        vec![affiliation(BIOBANK, "biobank.example.org")],
        session(2),
        engine,
    )
}

pub(crate) fn local(id: &str) -> DataRef {
    DataRef::local(DrsId::decoded(id).unwrap())
}

pub(crate) fn read(id: &str) -> Intent {
    let mut intent = Intent::new(Action::DrsAccessUrl);
    intent.read(local(id), "").unwrap();
    intent
}

pub(crate) fn pinned() -> Image {
    Image::parse(&format!("sample/count@sha256:{}", "0a".repeat(32))).unwrap()
}

/// A task that counts over these objects and writes to a place.
pub(crate) fn task(ids: &[&str], output: &str) -> Intent {
    let mut intent = Intent::new(Action::TesCreate);
    for (position, id) in ids.iter().enumerate() {
        intent.read(local(id), format!("inputs[{position}].url")).unwrap();
    }
    intent.run(pinned()).unwrap();
    intent
        .write(StorageUrl::parse(output).unwrap(), "outputs[0].url")
        .unwrap();
    intent
}

pub(crate) const OUTPUT: &str = "file:///demo/outputs/uni/count.txt";
