//! A whole broker in a temporary folder, for tests: real database, real audit log, a clock that stands still.

use std::sync::Arc;

use audit_log::{Keystore, LogKey, Settings, Source, Writer};
use futures::future::BoxFuture;
use policy_engine::decide::ClientKind;
use policy_engine::snapshot::{DatasetRecord, RoleGrant, ServiceRecord};
use serde_json::json;
use tempfile::TempDir;
use visa_verifier::VisaIdentity;
use visa_verifier::seam::{
    Clock, Fetch, FetchError, Fetched, FixedClock, Limit, Random, Secret, SystemRandom, Timestamp, token,
};
use visa_verifier::trust::{Role, TrustEntry};

use crate::bootstrap::{self, Bootstrap};
use crate::broker::{Audit, Broker, BrokerError, Seams};
use crate::caller::{Caller, REFEDS_MFA};
use crate::config::Config;
use crate::provider::Scopes;
use crate::provider::access_token;
use crate::provider::details::Details;
use crate::store::clients::{ClientAuth, ClientKind as Kind, ClientOptions, ClientRow};
use crate::store::people::{self, Fact, FactKind, PersonId};
use crate::store::roles::RoleRow;
use crate::store::tokens::{self, Family, LoginFacts};

pub(crate) const ISSUER: &str = "https://broker.example.org";
pub(crate) const HOME: &str = "https://home.example.org";
pub(crate) const DAC: &str = "https://biobank.example.org/dac";
pub(crate) const A: &str = "https://data.example.org/a";
pub(crate) const START: i64 = 1_795_000_000;

#[derive(Debug)]
struct NodeSource(Arc<FixedClock>);

impl Source for NodeSource {
    fn micros(&self) -> i64 {
        self.0.now_micros()
    }

    fn fill(&self, bytes: &mut [u8]) {
        SystemRandom::new().fill(bytes);
    }
}

/// Nobody may be called.
#[derive(Debug)]
struct NoNetwork;

impl Fetch for NoNetwork {
    fn send(&self, request: http::Request<bytes::Bytes>, _: Limit) -> BoxFuture<'_, Result<Fetched, FetchError>> {
        let host = request.uri().to_string();
        Box::pin(async move { Err(FetchError::Slow { host }) })
    }
}

/// A node that can be stopped and started again on the same folder.
pub(crate) struct Node {
    pub(crate) broker: Broker,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) dir: TempDir,
    pub(crate) writer: Writer,
    keystore: Keystore,
}

pub(crate) fn config(dir: &TempDir) -> Config {
    let database = format!("sqlite://{}?mode=rwc", dir.path().join("broker.db").display());
    Config {
        node: "https://node.example.org".to_owned(),
        proxy_audience: Some("https://proxy.example.org".to_owned()),
        sample_upstreams: true,
        ..Config::new(ISSUER.parse().unwrap(), database, Secret::new(vec![7; 32]))
    }
}

/// A new node, with the sample catalogue.
pub(crate) async fn node() -> Node {
    let node = bare().await;
    bootstrap::apply(&node.broker, catalogue()).await.unwrap();
    node
}

/// A new node that was told nothing.
pub(crate) async fn bare() -> Node {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::at(Timestamp::from_unix(START)));
    let source: Arc<dyn Source> = Arc::new(NodeSource(clock.clone()));
    let keystore = Keystore::open(&dir.path().join("keystore"), [9; 32], source.clone()).unwrap();
    let (key, _) = LogKey::generate(source.as_ref()).unwrap();
    let origin = "node.example.org/audit/test";
    let salt = keystore.salt(origin).unwrap();
    let settings = Settings::new(dir.path().join("audit"), origin, "test", key, salt, source);
    let writer = Writer::open(settings).unwrap();
    let broker = open(config(&dir), &clock, &writer, &keystore).await.unwrap();
    Node {
        broker,
        clock,
        dir,
        writer,
        keystore,
    }
}

async fn open(
    config: Config,
    clock: &Arc<FixedClock>,
    writer: &Writer,
    keystore: &Keystore,
) -> Result<Broker, BrokerError> {
    let seams = Seams {
        clock: clock.clone(),
        random: Arc::new(SystemRandom::new()),
        fetch: Arc::new(NoNetwork),
    };
    Broker::open(
        config,
        seams,
        Audit {
            writer: writer.clone(),
            keystore: keystore.clone(),
        },
    )
    .await
}

impl Node {
    /// Another start on the same folder and log: what a crash left is found by it.
    pub(crate) async fn again(&self) -> Result<Broker, BrokerError> {
        self.again_with(config(&self.dir)).await
    }

    /// Another start with a changed configuration.
    pub(crate) async fn again_with(&self, config: Config) -> Result<Broker, BrokerError> {
        open(config, &self.clock, &self.writer, &self.keystore).await
    }

    /// The same node, started again in `dual` governance.
    pub(crate) async fn dual(mut self) -> Self {
        let config = Config {
            governance: policy_engine::snapshot::Governance::Dual,
            ..config(&self.dir)
        };
        self.broker = self.again_with(config).await.unwrap();
        self
    }

    /// Somebody of the home institution who has logged in: with a second factor, just now.
    pub(crate) async fn person(&self, sub: &str, affiliation: &str) -> Caller {
        let (person, identity) = (PersonId::from_text(format!("p-{sub}")), home(sub));
        let now = self.broker.now();
        let mut tx = self.broker.db().begin().await.unwrap();
        people::create(&mut tx, &person, now).await.unwrap();
        people::attach(&mut tx, &person, &identity, true, now).await.unwrap();
        tx.commit().await.unwrap();
        self.affirm(sub, affiliation).await;
        self.caller(sub).await
    }

    /// What the institution says of a person, as of now and for a day.
    pub(crate) async fn affirm(&self, sub: &str, affiliation: &str) {
        let (person, identity, now) = (PersonId::from_text(format!("p-{sub}")), home(sub), self.broker.now());
        let fact = Fact {
            kind: FactKind::Affiliation,
            value: affiliation.to_owned(),
            source: HOME.to_owned(),
            by: "so".to_owned(),
            identity: identity.clone(),
            asserted: now,
            expires: now.plus(std::time::Duration::from_secs(86_400)),
        };
        let mut tx = self.broker.db().begin().await.unwrap();
        people::assert_facts(&mut tx, &person, &identity, &[fact])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        self.broker.publish().await.unwrap();
    }

    /// The same person again, with a login of just now.
    pub(crate) async fn caller(&self, sub: &str) -> Caller {
        let (person, identity) = (PersonId::from_text(format!("p-{sub}")), home(sub));
        let now = self.broker.now();
        Caller {
            identity: self.broker.identity_of(&person).unwrap(),
            person,
            login: Some(identity),
            client: "visum-cli".to_owned(),
            client_kind: ClientKind::Cli,
            scope: vec!["visum:admin".to_owned(), "visum:self".to_owned()],
            auth_time: Some(now),
            acr: Some(REFEDS_MFA.to_owned()),
            amr: Vec::new(),
            assurance: 2,
            expires: now.plus(std::time::Duration::from_secs(86_400)),
            jti: "jti".to_owned(),
            token_digest: [0; 32],
            address: None,
        }
    }

    /// A live access token of ours for a caller.
    pub(crate) async fn token(&self, caller: &Caller, scope: &str) -> String {
        let now = self.broker.now();
        let family = Family {
            id: token(self.broker.random(), 9),
            person: caller.person.clone(),
            client: caller.client.clone(),
            sid: None,
            code: None,
            scope: scope.to_owned(),
            audience: vec![ISSUER.to_owned()],
            login: LoginFacts {
                identity: caller.login.clone().unwrap(),
                auth_time: caller.auth_time.unwrap(),
                acr: caller.acr.clone(),
                amr: Vec::new(),
                assurance: caller.assurance,
                name: None,
                email: None,
            },
            details: None,
            jkt: None,
            created: now,
            expires: Timestamp::from_unix(START + 86_400),
            revoked: None,
        };
        let mut db = self.broker.db();
        tokens::begin_family(&mut db, &family).await.unwrap();
        let scopes = Scopes::parse(scope);
        access_token::issue(&self.broker, &mut db, &family, &scopes, &Details::default(), None, now)
            .await
            .unwrap()
            .token
    }

    /// The types of all events so far.
    pub(crate) fn events(&self) -> Vec<String> {
        let entries = self.writer.events(0..self.writer.size()).unwrap();
        entries
            .iter()
            .map(|entry| format!("{} {}", entry.entry.kind, entry.entry.outcome))
            .collect()
    }
}

pub(crate) fn home(sub: &str) -> VisaIdentity {
    VisaIdentity::new(HOME.parse().unwrap(), sub.parse().unwrap())
}

/// Two houses, a committee with Dan in it, Noor as auditor and administrator, one dataset with two objects.
pub(crate) fn catalogue() -> Bootstrap {
    let until = Timestamp::from_unix(START + 365 * 86_400);
    let role = |sub, role| RoleRow {
        person: home(sub),
        role,
        until,
        revoked: None,
    };
    let institution = |host: &str| {
        serde_json::from_value(json!({
            "id": format!("https://{host}"), "scopes": [host], "country": "FI", "nonprofit": true, "commercial": false,
        }))
        .unwrap()
    };
    let object = |id: &str, participants: serde_json::Value| {
        serde_json::from_value(json!({ "id": id, "dataset": A, "participants": participants })).unwrap()
    };
    Bootstrap {
        institutions: vec![institution("uni.example.org"), institution("biobank.example.org")],
        dacs: vec![
            serde_json::from_value(
                json!({ "id": DAC, "institution": "https://biobank.example.org", "title": "Biobank" }),
            )
            .unwrap(),
        ],
        datasets: vec![dataset(1)],
        objects: vec![object("a-1", json!(["p-17", "p-18"])), object("a-2", json!(["p-18"]))],
        services: vec![node_service()],
        roles: vec![
            role("dan", RoleGrant::Committee(DAC.to_owned())),
            role("eve", RoleGrant::Committee(DAC.to_owned())),
            role("noor", RoleGrant::Role("auditor".to_owned())),
            role("noor", RoleGrant::Role("administrator".to_owned())),
        ],
        trust: vec![own_issuer()],
        clients: vec![ClientRow {
            id: "visum-cli".to_owned(),
            name: "visum".to_owned(),
            kind: Kind::Cli,
            auth: ClientAuth::PersonKeys,
            redirect_uris: vec!["http://127.0.0.1/callback".to_owned()],
            post_logout_redirect_uris: Vec::new(),
            scopes: vec!["openid".to_owned(), "visum:self".to_owned(), "visum:admin".to_owned()],
            audiences: Vec::new(),
            grant_types: vec!["authorization_code".to_owned()],
            exchange_audiences: Vec::new(),
            first_party: true,
            options: ClientOptions::default(),
            removed: None,
        }],
        ..Bootstrap::default()
    }
}

fn own_issuer() -> TrustEntry {
    TrustEntry {
        visa_types: vec!["*".to_owned()],
        sources: vec!["*".to_owned()],
        ..TrustEntry::new(Role::VisaIssuer, ISSUER.parse().unwrap())
    }
}

pub(crate) fn dataset(quorum: u32) -> DatasetRecord {
    serde_json::from_value(json!({
        "consent": {
            "id": A, "access": "controlled", "dac": [DAC], "bound_purpose": true,
            "uses": [{ "group": "all", "terms": [{ "id": "DUO:0000007", "values": ["MONDO:0004992"] }] }],
        },
        "title": "Cancer genomes", "short_name": "A", "dac": DAC, "custodian": "https://biobank.example.org",
        "mode": "download", "discoverable": true, "min_identity": 1, "min_authn": 1, "quorum": quorum,
    }))
    .unwrap()
}

fn node_service() -> ServiceRecord {
    serde_json::from_value(json!({
        "id": "https://node.example.org", "operator": "https://biobank.example.org", "country": "FI",
        "certified": ["open", "registered", "controlled"],
    }))
    .unwrap()
}
