//! A whole gate in one process: a played broker, a real engine, log and index, and the sample backends on loopback.

use std::{net::SocketAddr, sync::Arc};

use audit_log::{EventType, Keystore, LogKey, Settings, Source, StoredEntry, Writer};
use axum::{Router, body::Body, extract::ConnectInfo};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use policy_engine::{
    catalogue::{ObjectMap, ObjectRecord},
    decide::Current,
    snapshot::Snapshot,
};
use sample_node::SampleNode;
use serde_json::{Value, json};
use tes_proxy::{
    Audit, BackendConfig, BrokerLink, Chores, ComputeMount, Config, Credential, DoorRules, DrsMount, NodeSecret,
    Organisation, Proxy, Reading, Seams, WesMount, WorkflowType,
};
use tower::ServiceExt;
use url::Url;
use visa_verifier::{
    KeySet, TrustEntry, TrustPolicy,
    seam::{Clock, SystemClock, SystemRandom, Timestamp},
    trust::{Keys, Role},
};

use crate::{
    broker::{AUDIENCE, ISSUER, TestBroker},
    steps::{SteppedClock, SteppedRandom},
    tries::Counting,
};

pub(crate) const A: &str = "https://data.example.org/a";
pub(crate) const C: &str = "https://data.example.org/c";
const NODE: &str = "urn:example:node";

pub(crate) struct World {
    pub(crate) broker: TestBroker,
    pub(crate) node: SampleNode,
    pub(crate) current: Arc<Current>,
    pub(crate) writer: Writer,
    pub(crate) proxy: Proxy,
    pub(crate) config: Config,
    pub(crate) counting: Arc<Counting>,
    pub(crate) clock: Arc<SteppedClock>,
    router: Router,
    opened: Opened,
    _chores: Chores,
    _folder: tempfile::TempDir,
}

struct Opened {
    seams: Seams,
    audit: Audit,
    link: BrokerLink,
}

impl Opened {
    async fn open(&self, config: &Config, current: &Arc<Current>) -> Proxy {
        Proxy::open(
            config.clone(),
            self.seams.clone(),
            self.audit.clone(),
            Arc::clone(current),
            self.link.clone(),
        )
        .await
        .unwrap()
    }
}

#[derive(Debug)]
struct TestSource;

impl Source for TestSource {
    fn micros(&self) -> i64 {
        SystemClock.now_micros()
    }

    fn fill(&self, bytes: &mut [u8]) {
        visa_verifier::seam::Random::fill(&SystemRandom::new(), bytes);
    }
}

/// An answer, whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) phrase: Option<String>,
    pub(crate) bytes: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {:?}", self.bytes))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A world whose settings are changed before the start.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = sample_node::Settings::new(
            folder.path().join("sample"),
            "https://broker.example.org/callback",
            Vec::new(),
        )
        .unwrap();
        let credential = settings.credential.expose().to_owned();
        let node = SampleNode::start(settings).await.unwrap();
        let now = SystemClock.now();
        let broker = TestBroker::new(now.unix());
        let current = Arc::new(Current::open(snapshot(&node, &broker, now)).unwrap());
        let keystore = Keystore::open(&folder.path().join("people"), [3; 32], Arc::new(TestSource)).unwrap();
        let (key, _) = LogKey::generate(&TestSource).unwrap();
        let origin = "127.0.0.1/audit/test";
        let log = Settings::new(
            folder.path().join("audit"),
            origin,
            "test",
            key,
            keystore.salt(origin).unwrap(),
            Arc::new(TestSource),
        );
        let writer = Writer::open(log).unwrap();
        let door = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut config = config(
            &node,
            &credential,
            &folder.path().join("index.db"),
            door.local_addr().unwrap(),
        );
        change(&mut config);
        let clock = Arc::new(SteppedClock::default());
        let seams = Seams {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            random: Arc::new(SteppedRandom(SystemRandom::new())),
            fetch: Arc::new(broker.clone()),
        };
        let link = BrokerLink {
            issuer: ISSUER.to_owned(),
            token_endpoint: Url::parse("https://broker.example.org/token").unwrap(),
            client_id: "visum-proxy".to_owned(),
            key_id: "k1".to_owned(),
            private_key: broker.key.pkcs8.clone(),
        };
        let audit = Audit {
            writer: writer.clone(),
            keystore,
        };
        let opened = Opened { seams, audit, link };
        let proxy = opened.open(&config, &current).await;
        let counting = Arc::new(Counting::default());
        proxy.wire_tries(Arc::clone(&counting) as Arc<dyn tes_proxy::Tries>);
        let storage = tes_proxy::storage_router(proxy.clone()).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(door, storage).await });
        let chores = proxy.start_chores();
        let router = tes_proxy::router(proxy.clone());
        Self {
            broker,
            node,
            current,
            writer,
            proxy,
            config,
            counting,
            clock,
            router,
            opened,
            _chores: chores,
            _folder: folder,
        }
    }

    /// Another process on the same index, log and snapshot.
    pub(crate) async fn again(&self) -> Proxy {
        self.opened.open(&self.config, &self.current).await
    }

    /// Sends a request to the public listener's router.
    pub(crate) async fn send(&self, request: http::request::Builder, body: impl Into<Body>) -> Answer {
        let mut request = request.header("host", "127.0.0.1:8081").body(body.into()).unwrap();
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 9], 4_000))));
        whole(self.router.clone().oneshot(request).await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        let mut request = Request::get(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.send(request, Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        let mut request = Request::post(path).header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.send(request, body.to_string()).await
    }

    /// The snapshot in force, changed, one version on.
    pub(crate) fn publish(&self, change: impl FnOnce(&mut Snapshot)) {
        let mut snapshot = self.current.load().snapshot().clone();
        snapshot.version += 1;
        change(&mut snapshot);
        self.current.replace(snapshot).unwrap();
    }

    /// The events of a kind so far.
    pub(crate) fn events(&self, kind: EventType) -> Vec<StoredEntry> {
        self.writer.find(&[kind], 0, 1_000).unwrap()
    }

    /// Waits until `is` holds, at most five seconds.
    pub(crate) async fn within_five_seconds<F: Future<Output = bool>>(&self, what: &str, mut is: impl FnMut() -> F) {
        let until = tokio::time::Instant::now() + std::time::Duration::from_secs(5);
        while !is().await {
            assert!(tokio::time::Instant::now() < until, "not within five seconds: {what}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// A task that counts the lines of an object.
    pub(crate) fn count(&self, objects: &[&str]) -> Value {
        let inputs: Vec<Value> = objects
            .iter()
            .enumerate()
            .map(|(at, id)| json!({"url": format!("drs://drs.example.org/{id}"), "path": format!("/in/{at}")}))
            .collect();
        let mut command = vec!["wc".to_owned(), "-c".to_owned()];
        command.extend((0..objects.len()).map(|at| format!("/in/{at}")));
        json!({
            "name": "count", "inputs": inputs,
            "outputs": [{"url": format!("file://{}/uni/out.txt", self.node.outputs_dir().display()), "path": "/out/result"}],
            "executors": [{"image": self.node.image("wc").unwrap(), "command": command, "stdout": "/out/result"}],
            "tags": {"project": "P1"},
        })
    }

    pub(crate) async fn state(&self, id: &str, token: &str) -> String {
        self.get(&format!("/ga4gh/tes/v1/tasks/{id}"), Some(token)).await.json()["state"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

pub(crate) async fn whole(response: Response<Body>) -> Answer {
    let phrase = response
        .extensions()
        .get::<hyper::ext::ReasonPhrase>()
        .map(|phrase| String::from_utf8(phrase.as_bytes().to_vec()).unwrap());
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.map(|all| all.to_bytes()).unwrap_or_default();
    Answer {
        status: parts.status,
        headers: parts.headers,
        phrase,
        bytes,
    }
}

fn config(node: &SampleNode, credential: &str, index: &std::path::Path, door: SocketAddr) -> Config {
    let backend = |base: &str, path: &str| BackendConfig {
        base: Url::parse(&format!("{base}{path}")).unwrap(),
        credential: Some(Credential::new(credential.to_owned())),
    };
    let compute = |base: &str, path: &str, service: &str| ComputeMount {
        name: String::new(),
        may_hold: None,
        backend: backend(base, path),
        service: service.to_owned(),
        id: format!("org.example.{}", service.rsplit(':').next().unwrap_or_default()),
        backend_parameters: Vec::new(),
        zones: Vec::new(),
        rules: tes_proxy::rules::ComputeRules::default(),
    };
    Config {
        public_url: Url::parse(AUDIENCE).unwrap(),
        audience: AUDIENCE.to_owned(),
        hosts: Vec::new(),
        door_url: Url::parse(&format!("http://{door}")).unwrap(),
        node: NODE.to_owned(),
        database: format!("sqlite://{}?mode=rwc", index.display()),
        secret: NodeSecret::new([9; 32]),
        organisation: Organisation {
            name: "Biobank".to_owned(),
            url: "https://biobank.example.org".to_owned(),
        },
        basic_password: true,
        requests_at_once: 512,
        drs: Some(DrsMount {
            backend: backend(node.drs(), "/ga4gh/drs/v1"),
            uri_host: "drs.example.org".to_owned(),
            uri_aliases: Vec::new(),
            byte_hosts: Vec::new(),
            visa_issuers: vec![ISSUER.to_owned()],
            id: "org.example.drs".to_owned(),
            slash_ids: false,
            accept_passport_bearer: false,
        }),
        tes: vec![compute(node.tes(), "/ga4gh/tes/v1", "urn:example:tes")],
        wes: vec![WesMount {
            compute: compute(node.wes(), "/ga4gh/wes/v1", "urn:example:wes"),
            workflows: Vec::new(),
            types: vec![WorkflowType {
                name: "VISUM-TASKS".to_owned(),
                versions: vec!["1.0".to_owned()],
                reading: Reading::Tasks,
                engine_parameters: std::collections::BTreeMap::new(),
                engine: None,
                run_token: None,
            }],
            run_bytes: 1 << 20,
            auth_instructions: Url::parse("https://broker.example.org/account").unwrap(),
        }],
        trs: None,
        door_networks: Vec::new(),
        door: DoorRules {
            scratch: Some(index.with_file_name("scratch")),
            ..DoorRules::default()
        },
        internal_networks: Vec::new(),
        trusted_proxies: Vec::new(),
        registries: Vec::new(),
        ca_file: None,
        client_certificate: None,
        connection_per_request: false,
        allow_loopback_http: true,
    }
}

fn snapshot(node: &SampleNode, broker: &TestBroker, now: Timestamp) -> Snapshot {
    let keys = || KeySet::from_slice(broker.key.jwks().to_string().as_bytes()).unwrap();
    let entry = |role| {
        let mut entry = TrustEntry::new(role, ISSUER.parse().unwrap());
        entry.keys = Keys::Pinned(keys());
        entry.visa_types = vec!["*".to_owned()];
        entry.sources = vec!["*".to_owned()];
        entry.datasets = Some(vec!["https://data.example.org/*".to_owned()]);
        entry.speaks_for = vec!["https://uni.example.org".to_owned()];
        entry.scopes = vec!["uni.example.org".to_owned()];
        entry.data_classes = ["open", "registered", "controlled"].map(str::to_owned).to_vec();
        entry
    };
    let mut trust = TrustPolicy::new(
        vec![AUDIENCE.to_owned()],
        vec![entry(Role::Broker), entry(Role::VisaIssuer)],
    )
    .unwrap();
    trust.support(&visa_verifier::VisaType::named(&format!("{ISSUER}/visas/purpose/v1")));
    let mut snapshot = Snapshot::empty(1, now, NODE, trust);
    snapshot.drs_hosts.insert("drs.example.org".to_owned());
    let dataset = |cohort: &str, discoverable: bool| {
        json!({
            "consent": {
                "id": format!("https://data.example.org/{cohort}"), "access": "controlled", "dac": ["https://biobank.example.org"],
                "bound_purpose": true, "uses": [{"group": "all", "terms": [{"id": "DUO:0000042"}]}],
            },
            "title": format!("Cohort {cohort}"), "short_name": cohort.to_uppercase(), "dac": "dac", "custodian": "https://biobank.example.org",
            "mode": "download", "discoverable": discoverable, "min_identity": 1, "min_authn": 1,
        })
    };
    let service = |id: &str| json!({"id": id, "operator": "https://biobank.example.org", "country": "FI", "certified": ["open", "registered", "controlled"]});
    snapshot.datasets = serde_json::from_value(json!([
        dataset("a", true),
        dataset("b", false),
        dataset("c", true),
        dataset("d", true)
    ]))
    .unwrap();
    snapshot.services = serde_json::from_value(json!([
        service(NODE),
        service("urn:example:tes"),
        service("urn:example:wes")
    ]))
    .unwrap();
    snapshot.institutions = serde_json::from_value(json!([
        {"id": "https://uni.example.org", "scopes": ["uni.example.org"], "country": "FI", "nonprofit": true, "commercial": false},
        {"id": "https://biobank.example.org", "scopes": ["biobank.example.org"], "country": "FI", "nonprofit": true, "commercial": false},
    ]))
    .unwrap();
    snapshot.committees =
        serde_json::from_value(json!([{"id": "dac", "institution": "https://biobank.example.org"}])).unwrap();
    snapshot.sinks = serde_json::from_value(json!([{"prefix": format!("file://{}/uni/", node.outputs_dir().display()), "owner": "https://uni.example.org", "country": "FI"}])).unwrap();
    let name = |text: &str| policy_engine::consent::Name::try_from(text).unwrap();
    let objects = node.objects().iter().map(|object| ObjectRecord {
        id: name(&object.id),
        dataset: name(&format!("https://data.example.org/{}", object.cohort)),
        groups: None,
        participants: Some(object.participants.iter().map(|person| name(person)).collect()),
        urls: vec![format!("file://{}", object.file.display())],
    });
    snapshot.objects = ObjectMap::new(objects.collect()).unwrap();
    snapshot
}

/// A participant's withdrawal.
pub(crate) fn withdrawal(participant: &str, now: Timestamp) -> Value {
    json!({
        "dataset": A, "origin": {"committee": "dac"},
        "hold": {"id": "hold-1", "kind": "withdrawn", "scope": "participant", "target": participant, "from": now.to_string()},
    })
}
