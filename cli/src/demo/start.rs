//! Starts the demo's node: sample institution and backends, broker, proxy, and what Dan and Ada did before the tour.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use policy_engine::snapshot::Governance;
use sample_node::{SampleNode, Settings};
use serde_json::{Value, json};
use tes_proxy::{
    BackendConfig, ComputeMount, Credential, DoorRules, DrsMount, Network, NodeSecret, Organisation, Reading, TrsMount,
    WesMount, WorkflowType,
};
use url::Url;
use visa_verifier::seam::Secret;

use super::{
    facts,
    people::{Person, UNTIL, purpose},
    world,
};
use crate::{
    client::session::demo_file,
    commands::{grant::issue, purpose::attest},
    error::CommandError,
    node::{
        facts::Facts,
        folder::Folder,
        parts::{Node, Plan},
        serve::{Served, Sockets, address},
    },
};

/// The ports of broker, proxy and storage door; a taken one is replaced by a free one, and told.
pub(crate) const PORTS: [u16; 3] = [8410, 8420, 8421];
/// Marks a folder as the demo's: only such a one is emptied for a new start.
const MARK: &str = "THIS-IS-A-VISUM-DEMO";

/// A demo that runs.
#[derive(Debug)]
pub(crate) struct Running {
    /// The node.
    pub(crate) served: Served,
    sample: SampleNode,
    /// What `demo.json` says.
    pub(crate) facts: Value,
    data: PathBuf,
}

impl Running {
    /// Starts all parts in `data`, on its usual ports or free ones.
    ///
    /// # Errors
    /// What could not be started.
    pub(crate) async fn start(data: &Path) -> Result<Self, CommandError> {
        let folder = fresh(data)?;
        let loopback = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let sockets = Sockets::bind(PORTS.map(loopback), true).await?;
        let (broker, proxy, door) = (
            address(&sockets.broker),
            address(&sockets.proxy),
            address(&sockets.door),
        );

        let sample_failed = |wrong: sample_node::SampleError| {
            CommandError::unknown("demo.sample", format!("the sample node did not start: {wrong}"))
        };
        let redirect = format!("{broker}/login/callback/sample");
        let mut settings = Settings::new(
            data.join("sample"),
            &redirect,
            vec![facts::B.to_owned(), facts::D.to_owned()],
        )
        .map_err(sample_failed)?;
        settings.home.grants.source = facts::ARCHIVE.to_owned();
        let (credential, collector) = (settings.credential.clone(), settings.home.collector.clone());
        let client_id = settings.home.client_id.clone();
        let sample = SampleNode::start(settings).await.map_err(sample_failed)?;
        let uni = sample.outputs_dir().join("uni");
        fs::create_dir_all(&uni).map_err(|source| file(&uni, &source))?;

        let entered = world::facts(&sample, &broker, &client_id);
        let entered = Facts::read(entered.to_string().as_bytes(), "the demo's facts")?;
        let plan = Plan {
            name: "demo".to_owned(),
            log_name: "demo".to_owned(),
            host: host(&broker),
            broker: broker_config(&folder, &broker, &proxy, &sample, collector.expose())?,
            proxy: proxy_config(&folder, &proxy, &door, &broker, &sample, credential.expose())?,
            facts: Some(entered),
            ca_file: None,
            loopback_http: true,
            private_addresses: false,
            way_out: None,
            folder,
        };
        let node = Node::open(plan).await?;
        let vkey = node.writer.vkey().to_string();
        let served = Served::start(node, sockets, None, None);
        let facts = addresses(&sample, &broker, &proxy, &door, data, &vkey);
        before_the_tour(&facts).await?;
        let text = serde_json::to_vec_pretty(&facts).unwrap_or_default();
        let (ready, new) = (demo_file(data), data.join("demo.json.new"));
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, &ready))
            .map_err(|source| file(&ready, &source))?;
        Ok(Self {
            served,
            sample,
            facts,
            data: data.to_owned(),
        })
    }

    /// Stops everything calmly.
    pub(crate) async fn stop(self) {
        let _ = fs::remove_file(demo_file(&self.data));
        self.served.stop().await;
        self.sample.stop().await;
    }
}

/// What happened before Ada sits down: Dan granted her dataset A, and she chose a default purpose and
/// attested one for dataset D.
async fn before_the_tour(addresses: &Value) -> Result<(), CommandError> {
    let ada = Person::login(addresses, "ada").await?;
    let dan = Person::login(addresses, "dan").await?;
    dan.broker(
        "admin/grants",
        &issue::body(facts::A, &ada.identity(), purpose(), UNTIL)?,
    )
    .await?
    .ok()?;
    ada.broker("purposes/default", &json!({ "purpose": purpose() }))
        .await?
        .ok()?;
    ada.broker("purposes", &attest::body(facts::D, "P1", purpose()))
        .await?
        .ok()?;
    Ok(())
}

/// The folder, emptied if an earlier demo left it, refused if it is something else.
fn fresh(data: &Path) -> Result<Folder, CommandError> {
    let occupied = fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        if !data.join(MARK).is_file() {
            return Err(CommandError::refused(
                "demo.folder",
                format!("{} is not empty, and no demo made it", data.display()),
            )
            .hint("choose another folder: visum demo --data DIR"));
        }
        // Held by a running demo: its lock refuses us before anything is removed.
        match Folder::open(data) {
            Err(wrong) if wrong.code() == "node.locked" => return Err(wrong),
            Ok(_) | Err(_) => {}
        }
        fs::remove_dir_all(data).map_err(|source| file(data, &source))?;
    }
    fs::create_dir_all(data).map_err(|source| file(data, &source))?;
    let data = data.canonicalize().map_err(|source| file(data, &source))?;
    fs::write(
        data.join(MARK),
        "Fictional people and data. `visum demo` empties this folder when it starts anew.\n",
    )
    .map_err(|source| file(&data, &source))?;
    Folder::create(&data)
}

fn broker_config(
    folder: &Folder,
    issuer: &str,
    proxy: &str,
    sample: &SampleNode,
    collector: &str,
) -> Result<passport_broker::Config, CommandError> {
    let named = issuer
        .parse()
        .map_err(|_| CommandError::unknown("demo.issuer", format!("{issuer} is no issuer")))?;
    let mut config = passport_broker::Config::new(named, folder.sqlite("broker.db"), folder.node_key().clone());
    config.governance = Governance::Single;
    config.proxy_audience = Some(proxy.to_owned());
    let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
    config
        .upstream_secrets
        .insert("sample".to_owned(), secret(sample.client_secret().expose()));
    config
        .upstream_secrets
        .insert(format!("{}/visas", sample.visa_issuer()), secret(collector));
    config.sample_upstreams = true;
    config.node = world::COMPUTE.to_owned();
    config.drs_hosts = vec![host_name(proxy)];
    config.banner = Some("Demonstration: all people, institutions and data here are fictional.".to_owned());
    Ok(config)
}

fn proxy_config(
    folder: &Folder,
    proxy: &str,
    door: &str,
    broker: &str,
    sample: &SampleNode,
    credential: &str,
) -> Result<tes_proxy::Config, CommandError> {
    let url = |text: String| {
        Url::parse(&text).map_err(|source| CommandError::unknown("demo.url", format!("{text}: {source}")))
    };
    let backend = |base: String| -> Result<BackendConfig, CommandError> {
        Ok(BackendConfig {
            base: url(base)?,
            credential: Some(Credential::new(credential.to_owned())),
        })
    };
    let compute = |base: String, id: &str| -> Result<ComputeMount, CommandError> {
        Ok(ComputeMount {
            name: String::new(),
            may_hold: None,
            backend: backend(base)?,
            service: world::COMPUTE.to_owned(),
            id: id.to_owned(),
            backend_parameters: Vec::new(),
            zones: Vec::new(),
            rules: tes_proxy::rules::ComputeRules::default(),
        })
    };
    Ok(tes_proxy::Config {
        public_url: url(proxy.to_owned())?,
        audience: proxy.to_owned(),
        hosts: Vec::new(),
        door_url: url(door.to_owned())?,
        node: "demo".to_owned(),
        database: folder.sqlite("proxy.db"),
        secret: NodeSecret::new(folder.derived("proxy")?),
        organisation: Organisation {
            name: "Example Biobank".to_owned(),
            url: facts::BIOBANK.to_owned(),
        },
        basic_password: true,
        requests_at_once: tes_proxy::REQUESTS_AT_ONCE,
        drs: Some(DrsMount {
            backend: backend(format!("{}/ga4gh/drs/v1", sample.drs()))?,
            uri_host: host_name(proxy),
            uri_aliases: vec![host(proxy)],
            byte_hosts: Vec::new(),
            visa_issuers: vec![broker.to_owned(), sample.visa_issuer().to_owned()],
            id: "org.example.biobank.drs".to_owned(),
            slash_ids: false,
            accept_passport_bearer: false,
        }),
        tes: vec![compute(
            format!("{}/ga4gh/tes/v1", sample.tes()),
            "org.example.biobank.tes",
        )?],
        wes: vec![WesMount {
            compute: compute(format!("{}/ga4gh/wes/v1", sample.wes()), "org.example.biobank.wes")?,
            workflows: Vec::new(),
            types: vec![WorkflowType {
                name: "VISUM-TASKS".to_owned(),
                versions: vec!["1.0".to_owned()],
                reading: Reading::Tasks,
                engine_parameters: std::collections::BTreeMap::new(),
                engine: None,
                run_token: None,
            }],
            run_bytes: 4 << 20,
            auth_instructions: url(format!("{broker}/account"))?,
        }],
        trs: Some(TrsMount {
            backend: backend(format!("{}/ga4gh/trs/v2", sample.trs()))?,
            id: "org.example.biobank.trs".to_owned(),
            uri_host: host_name(proxy),
            uri_aliases: Vec::new(),
            public: true,
            approved: Vec::new(),
            tools: Vec::new(),
            shelf: tes_proxy::rules::Shelf::default(),
        }),
        door_networks: vec![Network {
            address: Ipv4Addr::LOCALHOST.into(),
            prefix: 8,
        }],
        door: DoorRules {
            scratch: Some(folder.path().join("scratch")),
            ..DoorRules::default()
        },
        internal_networks: Vec::new(),
        trusted_proxies: Vec::new(),
        registries: Vec::new(),
        ca_file: None,
        client_certificate: None,
        connection_per_request: false,
        allow_loopback_http: true,
    })
}

/// `demo.json`.
fn addresses(sample: &SampleNode, broker: &str, proxy: &str, door: &str, data: &Path, vkey: &str) -> Value {
    let outputs = sample.outputs_dir().join("uni");
    let images: serde_json::Map<String, Value> = sample
        .tools()
        .iter()
        .map(|tool| (tool.name.clone(), Value::from(tool.image.clone())))
        .collect();
    let datasets: Vec<Value> = [("a", facts::A), ("b", facts::B), ("c", facts::C), ("d", facts::D)]
        .iter()
        .map(|(cohort, id)| {
            let objects: Vec<&str> = sample
                .objects()
                .iter()
                .filter(|object| object.cohort == *cohort)
                .map(|object| object.id.as_str())
                .collect();
            json!({ "id": id, "short_name": cohort, "objects": objects,
                "storage": format!("file://{}/{cohort}/", sample.data_dir().display()) })
        })
        .collect();
    json!({
        "banner": "All people, institutions and data are fictional. A second factor is asserted by the sample institution, not checked.",
        "broker": { "issuer": broker, "account": format!("{broker}/account"), "admin": format!("{broker}/visum/v1/admin") },
        "proxy": { "url": proxy, "drs": format!("{proxy}/ga4gh/drs/v1"), "tes": format!("{proxy}/ga4gh/tes/v1"),
            "wes": format!("{proxy}/ga4gh/wes/v1"), "trs": format!("{proxy}/ga4gh/trs/v2"), "drs_uri": format!("drs://{}/", host_name(proxy)) },
        "door": { "url": door },
        "home": { "issuer": sample.issuer(), "people": ["ada", "dan", "noor"] },
        "audit": { "folder": data.join("audit").display().to_string(), "vkey": vkey },
        "clients": { "cli": crate::client::login::CLIENT },
        "datasets": datasets,
        "images": images,
        "outputs": { "url": format!("file://{}/", outputs.display()), "folder": outputs.display().to_string() },
        "sample": { "data": sample.data_dir().display().to_string(), "note": "a sample: it isolates nothing" }
    })
}

/// `host:port` of an address.
fn host(url: &str) -> String {
    url.trim_start_matches("http://").trim_end_matches('/').to_owned()
}

/// The host alone.
fn host_name(url: &str) -> String {
    host(url)
        .rsplit_once(':')
        .map_or_else(|| host(url), |(name, _)| name.to_owned())
}

fn file(path: &Path, source: &std::io::Error) -> CommandError {
    CommandError::unknown("demo.file", format!("{}: {source}", path.display()))
}
