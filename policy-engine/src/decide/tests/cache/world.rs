//! All that goes into a decision as one JSON value, so that each leaf of it can be changed, whatever it is.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use visa_verifier::{VisaType, seam::Timestamp};

use super::super::node::{
    BIOBANK, BROKER, DAC, FOREIGN, FOREIGN_DAC, NODE, UNI, ada_visas, affiliation, at, dataset_id, identity, name, now,
    session, snapshot, term, visa,
};
pub(crate) use crate::decide::facts::REGISTERED;
use crate::{
    catalogue::{PrefixMap, PrefixRecord},
    consent::{Access, ConsentHold, HoldKind, HoldScope, Narrowing, ResearchPurpose, VouchedBy},
    decide::{Client, DutyKind, Facts, MEMBERSHIP, Session, presented::Presented},
    entity::EntityName,
    intent::{Action, Intent},
    snapshot::{
        Bar, BarKind, GroupRecord, HoldOrigin, HoldRecord, ObserveRow, PolicyText, RoleGrant, RoleRecord,
        ServiceRecord, Snapshot, TemplateLink,
    },
};

/// What goes into one decision beside the snapshot and the moment.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Asking {
    presented: Presented,
    session: Circumstances,
    pub(super) intent: Intent,
}

/// A [`Session`], which is never stored otherwise.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Circumstances {
    authn: u8,
    identity: u8,
    authenticated: Option<Timestamp>,
    client: Client,
    token_expires: Timestamp,
    default_purpose: Option<ResearchPurpose>,
    token_purpose: Option<ResearchPurpose>,
    /// A [`Narrowing`] as a door reads it; what cannot be read is none.
    narrow: Option<Value>,
    address: std::net::IpAddr,
    country: Option<String>,
    internal: bool,
    affiliation_fresh: bool,
}

impl From<Session> for Circumstances {
    fn from(session: Session) -> Self {
        let Session {
            authn,
            identity,
            authenticated,
            client,
            token_expires,
            default_purpose,
            token_purpose,
            narrow,
            address,
            country,
            internal,
            affiliation_fresh,
        } = session;
        assert_eq!(narrow, None, "it cannot be written");
        Self {
            authn,
            identity,
            authenticated,
            client,
            token_expires,
            default_purpose,
            token_purpose,
            narrow: None,
            address,
            country,
            internal,
            affiliation_fresh,
        }
    }
}

impl From<Circumstances> for Session {
    fn from(one: Circumstances) -> Self {
        Self {
            authn: one.authn,
            identity: one.identity,
            authenticated: one.authenticated,
            client: one.client,
            token_expires: one.token_expires,
            default_purpose: one.default_purpose,
            token_purpose: one.token_purpose,
            narrow: one
                .narrow
                .and_then(|value| serde_json::from_value::<Narrowing>(value).ok()),
            address: one.address,
            country: one.country,
            internal: one.internal,
            affiliation_fresh: one.affiliation_fresh,
        }
    }
}

impl Asking {
    pub(super) fn facts(&self, snapshot: &Snapshot) -> Facts {
        Facts::person(self.presented.clone(), self.session.clone().into(), snapshot)
    }
}

fn purpose(text: &str) -> ResearchPurpose {
    serde_json::from_str(text).unwrap()
}

pub(crate) fn held(id: &str, letter: &str, scope: HoldScope, target: Option<&str>, from: Timestamp) -> HoldRecord {
    let hold = ConsentHold::new(name(id), HoldKind::Withdrawn, scope, target.map(name), from, None);
    HoldRecord {
        dataset: dataset_id(letter),
        hold: hold.unwrap(),
        origin: HoldOrigin::Committee(DAC.to_owned()),
    }
}

/// A policy of the node's own.
pub(super) fn own(id: &str, text: &str) -> PolicyText {
    PolicyText {
        name: format!("{id}.cedar"),
        text: format!("@id(\"{id}\") @reason(\"r\") @remedy(\"m\") @code(\"node.own\")\n{text}"),
    }
}

/// A snapshot with something in every section, some of it near to the question and some of it beside it.
pub(crate) fn full() -> Snapshot {
    let mut s = snapshot();
    let digest = |s: &Snapshot, sub: &str| s.person(&identity(sub));
    let a = &mut s.datasets[0];
    a.consent.expires = Some(at("2027-05-01T00:00:00Z"));
    a.consent.agreements = vec![name("https://terms.example.org/1")];
    a.consent.uses[0].terms.push(term("DUO:0000018", &[]));
    let mut moratorium = term("DUO:0000024", &[]);
    moratorium.date = Some(name("2026-11-23"));
    a.consent.uses[0].terms.push(moratorium);
    a.consent.holds = vec![
        ConsentHold::new(
            name("h-in"),
            HoldKind::Disputed,
            HoldScope::Participant,
            Some(name("p8")),
            now(),
            None,
        )
        .unwrap(),
    ];
    a.allowed_regions = Some(BTreeSet::from(["EU".to_owned()]));
    a.collections = BTreeSet::from(["col".to_owned()]);
    a.duties = BTreeSet::from([DutyKind::MaxView]);
    a.discoverable = false;
    let b = &mut s.datasets[1];
    b.consent.access = Access::Registered;
    b.project = Some("team".to_owned());
    let c = &mut s.datasets[2];
    c.consent.access = Access::Open;
    c.consent.uses[0].terms = vec![term("DUO:0000042", &[])];
    c.consent.expires = Some(now().plus(std::time::Duration::from_secs(31)));
    s.prefixes = PrefixMap::new(vec![PrefixRecord {
        prefix: "s3://bucket/c".to_owned(),
        dataset: name(&dataset_id("C")),
        groups: None,
    }])
    .unwrap();
    s.services.push(ServiceRecord {
        id: "https://other.example.org".to_owned(),
        ..s.services[0].clone()
    });
    s.groups.push(GroupRecord {
        id: "wide".to_owned(),
        members: vec![identity("tom")],
        ..s.groups[0].clone()
    });
    s.groups[0].within = Some("wide".to_owned());
    s.holds = vec![
        held("h-a", "A", HoldScope::Participant, Some("p9"), now()),
        held("h-a2", "A", HoldScope::Object, Some("a2"), now()),
        held("h-b", "B", HoldScope::Participant, Some("p9"), now()),
        held(
            "h-c",
            "C",
            HoldScope::Participant,
            Some("p5"),
            at("2026-11-22T12:00:29Z"),
        ),
        held("h-d", "D", HoldScope::Dataset, None, now()),
    ];
    s.persons = vec![
        BTreeSet::from([digest(&s, "ada"), digest(&s, "ada-2")]),
        BTreeSet::from([digest(&s, "eve"), digest(&s, "mal")]),
    ];
    s.bars = vec![
        Bar {
            person: digest(&s, "eve"),
            kind: BarKind::Suspended,
            until: None,
        },
        Bar {
            person: digest(&s, "ada-2"),
            kind: BarKind::Suspended,
            until: Some(now()),
        },
    ];
    s.changed = [(digest(&s, "ada"), at("2026-11-22T11:00:00Z"))].into();
    s.revocations.visas = BTreeSet::from(["jti:other".to_owned()]);
    s.revocations.digests = BTreeSet::from(["other".to_owned()]);
    s.roles.push(RoleRecord {
        person: identity("ada"),
        grant: RoleGrant::Role("auditor".to_owned()),
        until: at("2026-11-22T12:00:40Z"),
    });
    s.stop.datasets = BTreeSet::from([dataset_id("D")]);
    s.stop.persons = BTreeSet::from([digest(&s, "eve")]);
    s.stop.issuers = BTreeSet::from(["https://stopped.example.org".to_owned()]);
    s.policies = vec![own(
        "own.low",
        "forbid (principal is Visum::Researcher, action in Visum::Action::\"data\", resource) \
             when { context.assurance.identity < 1 };",
    )];
    s.links = vec![TemplateLink {
        template: "visum.template.no-commercial".to_owned(),
        id: "own.link".to_owned(),
        principal: None,
        resource: Some(EntityName {
            kind: "Visum::Dataset".to_owned(),
            id: dataset_id("A"),
        }),
        reason: None,
    }];
    s
}

/// The same with a policy in observe mode.
pub(super) fn observed() -> Snapshot {
    let mut s = full();
    s.policies.push(own(
        "own.try",
        "forbid (principal is Visum::Researcher, action in Visum::Action::\"data\", resource) \
             unless { context.network.internal };",
    ));
    s.observe = vec![ObserveRow {
        policy: "own.try".to_owned(),
        until: now().plus(std::time::Duration::from_secs(50)),
        reason: "a try".to_owned(),
    }];
    s
}

/// Ada with a bit of everything, in a session with all its members set.
pub(super) fn ada(intent: Intent) -> Asking {
    let mut visas = ada_visas();
    visas.push(affiliation(BIOBANK, "biobank.example.org"));
    let status = visa(
        VisaType::ResearcherStatus,
        BROKER,
        REGISTERED,
        UNI,
        VouchedBy::SigningOfficial,
    );
    let terms = |value: &str| visa(VisaType::AcceptedTermsAndPolicies, BROKER, value, UNI, VouchedBy::Own);
    visas.extend([status, terms(REGISTERED), terms("https://terms.example.org/1")]);
    let seat = VisaType::named(&format!("{BROKER}{MEMBERSHIP}"));
    visas.push(visa(seat, BROKER, DAC, DAC, VouchedBy::Dac));
    let linked = visa(VisaType::LinkedIdentities, BROKER, "ada-2,x", BROKER, VouchedBy::System);
    visas.push(linked);
    visas[0].let_by = vec!["stale_keys".to_owned()];
    let mut session = session(1);
    session.token_expires = at("2026-11-23T13:00:00Z");
    session.client.id = "client".to_owned();
    session.country = Some("FI".to_owned());
    session.default_purpose = Some(purpose(
        r#"{"categories":["biomedical"],"commercial":false,
            "ethics":[{"id":"e1","institution":"https://uni.example.org","starts":"2026-11-22T12:00:20Z",
                       "expires":"2026-11-22T12:00:45Z","verified_by":"dac"}]}"#,
    ));
    let holder = identity("ada");
    Asking {
        presented: Presented {
            identities: vec![holder.clone(), identity("ada-2")],
            holder,
            visas,
        },
        session: session.into(),
        intent,
    }
}

/// Questions that come to different parts of the snapshot.
pub(super) fn questions() -> Vec<Asking> {
    let of = |json: Value| ada(serde_json::from_value(json).unwrap());
    let read = |data: Value| json!([{"data": data, "place": ""}]);
    let local = |id: &str| {
        let intent = super::super::node::read(id);
        serde_json::to_value(&intent.reads).unwrap()
    };
    let access = Action::DrsAccessUrl;
    let whole = |id: &str| serde_json::to_value(crate::intent::DataRef::Dataset(dataset_id(id))).unwrap();
    let url = crate::intent::DataRef::Storage(crate::intent::StorageUrl::parse("s3://bucket/c/x").unwrap());
    let commercial = r#"{"categories":["disease"],"diseases":["MONDO:0007254"],"commercial":true}"#;
    vec![
        of(json!({"action": access, "reads": local("a1"), "body_seen": true})),
        of(json!({"action": Action::DrsDescribe, "reads": read(whole("A"))})),
        of(json!({"action": Action::DrsStream, "reads": local("b1"), "project": "wide", "body_seen": true})),
        of(
            json!({"action": Action::DrsStream, "reads": read(serde_json::to_value(url).unwrap()),
            "session": {"kind": "session", "id": "s", "datasets": [dataset_id("C")],
                        "expires": "2026-11-22T12:00:35Z", "running": true}}),
        ),
        of(
            json!({"action": access, "reads": local("d1"), "service": "https://other.example.org",
            "purpose": serde_json::from_str::<Value>(commercial).unwrap()}),
        ),
    ]
}

/// What a text may be changed to: what stands for something else in the same world.
pub(crate) fn texts(snapshot: &Snapshot) -> Vec<String> {
    let mut texts: Vec<String> = ["A", "B", "C", "D"].into_iter().map(dataset_id).collect();
    texts.extend(
        [
            UNI,
            BIOBANK,
            BROKER,
            FOREIGN,
            DAC,
            FOREIGN_DAC,
            NODE,
            REGISTERED,
            "https://other.example.org",
            "https://terms.example.org/1",
            "a1",
            "b1",
            "c1",
            "p1",
            "p4",
            "p5",
            "team",
            "wide",
            "col",
            "FI",
            "US",
            "EU",
            "open",
            "controlled",
            "download",
            "compute-only",
            "suspended",
            "active",
            "withdrawn",
            "dataset",
            "participant",
            "object",
            "dac",
            "own",
            "so",
            "drs:describe",
            "drs:access-url",
            "DUO:0000011",
            "DUO:0000007",
            "2026-11-23",
            "ancestry",
            "biomedical",
            "other",
            "service",
            "cli",
            "run",
            "single",
            "2026-11-22T11:59:59Z",
            "2026-11-22T12:00:00Z",
            "2026-11-22T12:00:01Z",
            "2026-11-22T12:00:30Z",
            "2027-01-01T00:00:00Z",
            "198.51.100.1",
        ]
        .map(str::to_owned),
    );
    texts.extend(["ada", "eve", "ada-2"].map(|sub| snapshot.person(&identity(sub)).as_str().to_owned()));
    texts.extend(["ada", "eve"].map(str::to_owned));
    let visas = ada(super::super::node::read("a1")).presented.visas;
    texts.extend(
        visas
            .iter()
            .flat_map(|visa| [Some(visa.digest.clone()), visa.jti.clone()])
            .flatten(),
    );
    texts
}
