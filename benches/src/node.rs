//! A node with datasets, people with many visas, and as many policies as a bench wants.

use std::{collections::BTreeSet, error::Error, net::IpAddr};

use policy_engine::{
    catalogue::{ObjectMap, ObjectRecord},
    consent::{Access, Dataset, Name, ResearchPurpose, Term, UseGroup},
    decide::{Engine, Facts, Session},
    intent::{Action, DataRef, DrsId, Intent},
    snapshot::{
        CommitteeRecord, DatasetMode, DatasetRecord, InstitutionRecord, PersonKey, PolicyText, ServiceRecord, Snapshot,
    },
};
use serde_json::json;
use visa_verifier::{Passport, TrustPolicy, Verification, VisaType, seam::Timestamp, verify::Step};

use crate::world::{Algorithm, NOW, US, World, now};

/// The source of all grants of a [`World`].
const DAC: &str = "https://dac.example.org";
/// Who keeps the data.
const HOUSE: &str = "https://biobank.example.org";
/// The dataset that is controlled and granted; the others are for registered researchers.
const GRANTED: usize = 5;

/// A node and somebody who asks it.
#[derive(Debug)]
pub struct Node {
    /// The engine on its snapshot.
    pub engine: Engine,
    /// Who asks.
    pub facts: Facts,
}

/// How large a node is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Datasets.
    pub datasets: usize,
    /// Policies of the node's own: none of them can apply to what is asked here.
    pub further: usize,
    /// Visas of who asks.
    pub visas: usize,
}

impl Node {
    /// A node of this size, with a person whose signed visas were verified.
    ///
    /// # Errors
    /// If anything in it is refused.
    pub fn new(size: Size) -> Result<Self, Box<dyn Error>> {
        let mut world = World::new(Algorithm::Es256)?;
        let mut trust = world.trust()?;
        if let Some(kind) = world.purposes() {
            trust.support(&VisaType::named(&kind));
        }
        let passport = world.opening(u64::try_from(GRANTED)?, size.visas)?;
        let engine = Engine::load(snapshot(size, trust.clone())?)?;
        let begun = Verification::begin(Passport::parse(&passport.text)?, &trust, now()).step();
        let Step::Done(verified) = begun else {
            return Err("a key was asked for".into());
        };
        let mut session = Session::unknown(IpAddr::from([192, 0, 2, 10]), Timestamp::from_unix(NOW + 80_000));
        session.authn = 1;
        session.identity = 2;
        session.authenticated = Some(Timestamp::from_unix(NOW - 600));
        session.country = Some("FI".to_owned());
        session.token_purpose = Some(purpose()?);
        let facts = Facts::of(&(*verified)?, &session, engine.snapshot());
        Ok(Self { engine, facts })
    }
}

fn purpose() -> Result<ResearchPurpose, serde_json::Error> {
    serde_json::from_value(json!({"categories": ["genetic", "biomedical"], "commercial": false, "project": "P1"}))
}

/// A read of so many datasets, one object each; the first needs a grant, the others a registered researcher.
///
/// # Errors
/// If it names more than an intent may.
pub fn read(datasets: usize) -> Result<Intent, Box<dyn Error>> {
    let mut intent = Intent::new(Action::DrsAccessUrl);
    for number in 0..datasets {
        intent.read(DataRef::local(DrsId::decoded(&object_id(GRANTED + number))?), "")?;
    }
    Ok(intent)
}

fn object_id(dataset: usize) -> String {
    format!("EGAF{dataset:011}")
}

/// The id of the dataset of this number, counted from 0.
///
/// # Errors
/// Never, while ids are short.
pub fn dataset_name(number: usize) -> Result<Name, Box<dyn Error>> {
    Ok(Name::try_from(dataset_id(GRANTED + number))?)
}

fn dataset_id(number: usize) -> String {
    format!("https://data.example.org/datasets/EGAD{number:08}")
}

/// The snapshot of a node of this size.
///
/// # Errors
/// If a name in it is refused.
pub fn snapshot(size: Size, trust: TrustPolicy) -> Result<Snapshot, Box<dyn Error>> {
    let mut snapshot = Snapshot::empty(1, now(), US, trust);
    snapshot.person_key = PersonKey::new(&[7; 32]);
    snapshot.institutions = vec![InstitutionRecord {
        id: HOUSE.to_owned(),
        scopes: BTreeSet::from(["biobank.example.org".to_owned()]),
        country: "FI".to_owned(),
        nonprofit: Some(true),
        commercial: Some(false),
    }];
    snapshot.committees = vec![CommitteeRecord {
        id: DAC.to_owned(),
        institution: HOUSE.to_owned(),
        title: String::new(),
    }];
    snapshot.services = vec![ServiceRecord {
        id: US.to_owned(),
        operator: HOUSE.to_owned(),
        country: "FI".to_owned(),
        certified: BTreeSet::from([Access::Open, Access::Registered, Access::Controlled]),
        secure_environment: false,
        suspended: false,
        roles: BTreeSet::new(),
    }];
    let numbers = || GRANTED..GRANTED + size.datasets;
    snapshot.datasets = numbers().map(dataset).collect::<Result<_, _>>()?;
    snapshot.objects = ObjectMap::new(numbers().map(object).collect::<Result<_, _>>()?)?;
    snapshot.policies = vec![PolicyText {
        name: "further.cedar".to_owned(),
        text: (0..size.further).map(further).collect(),
    }];
    Ok(snapshot)
}

/// Policies that cannot apply to what is asked: of other data, or about other actions.
fn further(number: usize) -> String {
    if number.is_multiple_of(2) {
        format!(
            "@id(\"own.forbid-{number}\") @reason(\"Closed on Sundays.\") @remedy(\"Come again.\") @code(\"node.closed\")\n\
             forbid (principal, action in Visum::Action::\"data\", resource == Visum::Dataset::\"https://data.example.org/datasets/other-{number}\")\n\
             unless {{ context.network.internal }};\n"
        )
    } else {
        format!(
            "@id(\"own.permit-{number}\") @reason(\"Seen by the helpdesk.\") @needs(\"the role helpdesk-{number}\")\n\
             permit (principal is Visum::Researcher, action == Visum::Action::\"tes:read\", resource is Visum::Task)\n\
             when {{ principal in Visum::Role::\"helpdesk-{number}\" }};\n"
        )
    }
}

fn dataset(number: usize) -> Result<DatasetRecord, Box<dyn Error>> {
    let label = UseGroup {
        group: Name::try_from("all")?,
        terms: vec![Term::new(Name::try_from("DUO:0000042")?)],
    };
    let mut consent = Dataset::new(Name::try_from(dataset_id(number))?, vec![label]);
    consent.dac = vec![Name::try_from(DAC)?];
    if number != GRANTED {
        consent.access = Access::Registered;
    }
    Ok(DatasetRecord {
        consent,
        title: format!("Dataset {number}"),
        short_name: format!("D{number}"),
        dac: DAC.to_owned(),
        custodian: HOUSE.to_owned(),
        mode: DatasetMode::Download,
        discoverable: true,
        min_identity: 2,
        min_authn: 1,
        quorum: None,
        project: None,
        allowed_regions: None,
        collections: BTreeSet::new(),
        duties: BTreeSet::new(),
        participants: BTreeSet::new(),
        relabels: Vec::new(),
    })
}

fn object(dataset: usize) -> Result<ObjectRecord, Box<dyn Error>> {
    Ok(ObjectRecord {
        id: Name::try_from(object_id(dataset))?,
        dataset: Name::try_from(dataset_id(dataset))?,
        groups: None,
        participants: Some(vec![Name::try_from(format!("person-{dataset}"))?]),
        urls: Vec::new(),
    })
}
