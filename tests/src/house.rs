//! A whole house by `visum init` and `visum up`: the sample institution logs people in, and the backends are the
//! sample's or whatever a test puts in their place (a dead port, a listener that never answers).

use std::path::PathBuf;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sample_node::{SampleNode, Settings, StoreSettings};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use crate::{
    binary,
    node::{Addresses, Node},
};

/// The house.
pub const HOUSE: &str = "https://biobank.example.org";
/// Its one dataset.
pub const DATASET: &str = "https://data.biobank.example.org/datasets/A";
/// A service next door that asks whether Passports count, and its secret.
pub const SERVICE: (&str, &str) = ("drs-server", "a service's secret");
/// A consent service, and its secret.
pub const CONSENT_SERVICE: (&str, &str) = ("consent-1", "the consent service's secret");
/// What that service is to brokers.
pub const SERVICE_AUDIENCE: &str = "https://drs.example.net";
/// The researcher's institution.
pub const UNI: &str = "https://uni.example.org";
const COMMITTEE: &str = "https://biobank.example.org/dac";

/// What a test wants otherwise than usual.
#[derive(Clone, Debug, Default)]
pub struct Wants {
    /// The TES behind the gate instead of the sample's: an address without path.
    pub tes: Option<String>,
    /// Further TES behind the gate: each address with the lines of its table.
    pub more_tes: Vec<(String, String)>,
    /// Further WES, likewise.
    pub more_wes: Vec<(String, String)>,
    /// A WES behind the gate, an address without path; it takes CWL and VISUM-TASKS.
    pub wes: Option<String>,
    /// Further lines of `[proxy.tes]`.
    pub tes_lines: Option<String>,
    /// Further lines of `[proxy.wes]`; `{proxy}` in them is the address of the gate.
    pub wes_lines: Option<String>,
    /// Further lines of `[broker]`.
    pub broker_lines: Option<String>,
    /// Further lines of `[proxy]`.
    pub proxy_lines: Option<String>,
    /// Noor is an administrator, too, and publishes policies.
    pub administrator: bool,
    /// A TRS behind the gate instead of the sample's, likewise.
    pub trs: Option<String>,
    /// Further lines of `[proxy.trs]`.
    pub trs_lines: Option<String>,
    /// The DRS behind the gate, likewise.
    pub drs: Option<String>,
    /// The DRS behind the gate asks for no credential.
    pub open_drs: bool,
    /// Further lines of `[proxy.drs]`.
    pub drs_lines: Option<String>,
    /// The bucket that holds the bytes of the sample's DRS, instead of its folder.
    pub store: Option<StoreSettings>,
    /// A folder that the sample's TES takes as an image that holds all that its tasks see.
    pub image: Option<PathBuf>,
    /// The network of the sample's tasks is closed, but for the storage door.
    pub closed_network: bool,
    /// Votes that its dataset asks for; then Eve sits in the committee beside Dan.
    pub votes: Option<u32>,
    /// Its dataset is compute-only, its node and its outputs are a secure environment.
    pub compute_only: bool,
    /// Further lines of `[storage_door]`.
    pub door: Option<String>,
    /// Further members of facts, before the node starts.
    pub facts: Option<fn(&mut Value)>,
    /// The database of broker and proxy, as a URL.
    pub database: Option<String>,
    /// Dan and Noor are both in the committee and both administrators: what opens something needs the other one.
    pub dual: bool,
    /// Further tables of the configuration.
    pub tables: Option<String>,
    /// Further clients of the OpenID Provider.
    pub clients: Vec<Value>,
}

/// A running house; ended when dropped.
#[derive(Debug)]
pub struct House {
    /// The node.
    pub node: Node,
    /// The institution and the backends.
    pub sample: SampleNode,
    credential: String,
    _files: tempfile::TempDir,
}

impl House {
    /// Starts one.
    ///
    /// # Panics
    /// If a part does not come up.
    #[expect(clippy::expect_used, reason = "a test without its house fails")]
    pub async fn start(wants: Wants) -> Self {
        let at = Addresses::free();
        let files = tempfile::tempdir().expect("a temporary folder");
        let redirect = format!("{}/login/callback/home", at.broker);
        let mut settings = Settings::new(files.path().join("sample"), &redirect, Vec::new()).expect("settings");
        settings.store.clone_from(&wants.store);
        settings.tes.images = wants.image.iter().cloned().collect();
        if wants.closed_network {
            settings.tes.closed_network = Some(Addresses::listen(&at.door).parse().expect("the door's address"));
        }
        let (credential, client) = (settings.credential.expose().to_owned(), settings.home.client_id.clone());
        let sample = SampleNode::start(settings).await.expect("the sample node starts");
        let keep = |name: &str, text: &str| {
            let path = files.path().join(name);
            std::fs::write(&path, text).expect("a secret's file");
            path.display().to_string()
        };
        let (backend, login) = (
            keep("backend", &credential),
            keep("login", sample.client_secret().expose()),
        );
        let database = wants
            .database
            .map(|url| format!("database = \"{url}\"\n"))
            .unwrap_or_default();
        let broker = format!(
            "{database}{}upstream_secret_files = {{ home = \"{login}\" }}",
            wants.broker_lines.unwrap_or_default()
        );
        let tes = wants.tes.unwrap_or_else(|| sample.tes().to_owned());
        let drs = wants.drs.unwrap_or_else(|| sample.drs().to_owned());
        let drs_lines = wants.drs_lines.unwrap_or_default();
        let table = |api: &str, more: usize| {
            if more == 0 {
                format!("[proxy.{api}]")
            } else {
                format!("[[proxy.{api}]]")
            }
        };
        let further = |api: &str, more: &[(String, String)]| -> String {
            let one = |(base, lines): &(String, String)| {
                let credential = format!("credential_file = \"{backend}\"");
                format!("[[proxy.{api}]]\nbase = \"{base}/ga4gh/{api}/v1\"\n{credential}\n{lines}\n")
            };
            more.iter().map(one).collect()
        };
        let (tes_table, wes_table) = (table("tes", wants.more_tes.len()), table("wes", wants.more_wes.len()));
        let (more_tes, more_wes) = (further("tes", &wants.more_tes), further("wes", &wants.more_wes));
        let drs_credential = if wants.open_drs {
            String::new()
        } else {
            format!("credential_file = \"{backend}\"")
        };
        let more = format!(
            "{database}{}
[proxy.drs]
base = \"{drs}/ga4gh/drs/v1\"
{drs_credential}
{drs_lines}
\
             {tes_table}
base = \"{tes}/ga4gh/tes/v1\"
credential_file = \"{backend}\"
",
            wants.proxy_lines.unwrap_or_default(),
        );
        let tes_lines = wants.tes_lines.unwrap_or_default();
        let trs = wants.trs.unwrap_or_else(|| sample.trs().to_owned());
        let trs = format!(
            "[proxy.trs]\nbase = \"{trs}/ga4gh/trs/v2\"\ncredential_file = \"{backend}\"\n{}\n",
            wants.trs_lines.unwrap_or_default()
        );
        let wes = wants.wes.map(|wes| {
            format!(
                "{wes_table}\nbase = \"{wes}/ga4gh/wes/v1\"\n{}\n[[proxy.wes.types]]\nname = \"CWL\"\nversions = [\"v1.2\"]\n\
                 [[proxy.wes.types]]\nname = \"VISUM-TASKS\"\nversions = [\"1.0\"]\nreading = \"tasks\"\n{more_wes}",
                wants.wes_lines.unwrap_or_default().replace("{proxy}", &at.proxy)
            )
        });
        let tables = wants.tables.unwrap_or_default();
        let more = format!(
            "{more}{tes_lines}\n{more_tes}\n{}\n{trs}\n{tables}",
            wes.unwrap_or_default()
        );
        let mut facts = facts(&sample, &at, &client);
        if let Some(clients) = facts.get_mut("clients").and_then(Value::as_array_mut) {
            clients.extend(wants.clients);
        }
        if let Some(votes) = wants.votes {
            second_member(&mut facts, &sample, votes);
        }
        if wants.dual {
            second_person(&mut facts, &sample);
        }
        if wants.administrator {
            let row = json!({ "person": identity(&sample, "noor"), "role": { "role": "administrator" }, "until": "2030-12-31T00:00:00Z" });
            if let Some(roles) = facts.get_mut("roles").and_then(Value::as_array_mut) {
                roles.push(row);
            }
        }
        if wants.compute_only {
            secure(&mut facts);
        }
        if let Some(change) = wants.facts {
            change(&mut facts);
        }
        let door = wants.door.unwrap_or_default();
        let node = tokio::task::spawn_blocking(move || Node::start_with_door(at, &facts, &broker, &door, &more))
            .await
            .expect("the node starts");
        let addresses = json!({ "broker": { "issuer": node.at.broker }, "proxy": { "url": node.at.proxy } });
        std::fs::write(node.data().join("demo.json"), addresses.to_string()).expect("the addresses");
        Self {
            node,
            sample,
            credential,
            _files: files,
        }
    }

    /// An access token of a person, by the scripted login of `visum demo token`, which needs the addresses only.
    ///
    /// # Panics
    /// If the login fails.
    #[must_use]
    pub fn token(&self, person: &str) -> String {
        let data = self.node.data();
        let said = binary::run(&["demo", "token", person, "--data", data.to_str().unwrap_or_default()]);
        assert_eq!(said.code, 0, "{}\n{}", said.err, self.node.words());
        said.out.trim().to_owned()
    }

    /// An address of the proxy.
    #[must_use]
    pub fn proxy(&self, path: &str) -> String {
        format!("{}{path}", self.node.at.proxy)
    }

    /// All tasks of the sample's TES as it has them, in the order in which they came.
    ///
    /// # Panics
    /// If it does not answer.
    pub async fn backend_tasks(&self) -> Vec<Value> {
        let (mut tasks, mut page) = (Vec::new(), String::new());
        loop {
            let url = format!("{}/ga4gh/tes/v1/tasks?view=FULL&page_size=256{page}", self.sample.tes());
            let answer = crate::outside::get(&url, Some(&self.credential)).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let told = answer.json();
            tasks.extend(told.get("tasks").and_then(Value::as_array).cloned().unwrap_or_default());
            match told.get("next_page_token").and_then(Value::as_str) {
                Some(next) if !next.is_empty() => page = format!("&page_token={next}"),
                _ => break,
            }
        }
        tasks.reverse();
        tasks
    }

    /// An address of the broker.
    #[must_use]
    pub fn broker(&self, path: &str) -> String {
        format!("{}{path}", self.node.at.broker)
    }

    /// Puts policies in force, and links of templates, by Noor as the one administrator ([`Wants::administrator`]). The
    /// shipped cases of `denied` are denied by them on purpose.
    ///
    /// # Panics
    /// If they are refused.
    pub async fn publish(&self, policies: &str, links: Option<Value>, denied: &[&str]) {
        let noor = self.token("noor");
        let meant: std::collections::BTreeMap<&str, &str> = denied.iter().map(|case| (*case, "deny")).collect();
        let cases = json!({ "format": "visum-policy-test/1", "shipped": meant }).to_string();
        let files = json!({
            "manifest": "id = \"own\"\nauthor = \"Noor\"\n", "policies": [{ "name": "own.cedar", "text": policies }],
            "links": links.map(|links| links.to_string()), "tests": [{ "name": "own.json", "text": cases }],
        });
        let at = |rest: &str| self.broker(&format!("/visum/v1/admin/policies{rest}"));
        let body = json!({ "files": files, "reason": "a test", "require_proof": false });
        let draft = crate::outside::post(&at(""), Some(&noor), &body).await;
        assert!(matches!(draft.status, 200 | 201), "{}", draft.text());
        let told = draft.json();
        let head = told.get("draft").unwrap_or(&told);
        let text = |name: &str| head.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if text("state") == "draft" {
            let yes = json!({ "digest": text("digest") });
            let approved = crate::outside::post(&at(&format!("/{}/approve", text("id"))), Some(&noor), &yes).await;
            assert_eq!(approved.status, 200, "{}", approved.text());
        }
        let body = json!({ "require_proof": false });
        let out = crate::outside::post(&at(&format!("/{}/publish", text("id"))), Some(&noor), &body).await;
        assert_eq!(out.status, 200, "{}", out.text());
    }

    /// Ada's grant for the dataset, by Dan. Gives both tokens.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn granted(&self) -> (String, String) {
        let (ada, dan) = (self.token("ada"), self.token("dan"));
        let me = crate::outside::get(&self.broker("/visum/v1/me"), Some(&ada))
            .await
            .json();
        let purpose = json!({ "categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false });
        let grant = json!({ "dataset": DATASET, "to": me.get("identity"), "purpose": purpose, "project": "P1",
            "institution": UNI, "until": "2030-12-31T00:00:00Z" });
        let issued = crate::outside::post(&self.broker("/visum/v1/admin/grants"), Some(&dan), &grant).await;
        assert!(matches!(issued.status, 200 | 201), "{}", issued.text());
        (ada, dan)
    }
}

/// The dataset is compute-only, and what works on it is a secure environment.
pub fn secure(facts: &mut Value) {
    let set = |facts: &mut Value, place: &str, name: &str, value: Value| {
        if let Some(row) = facts.pointer_mut(place).and_then(Value::as_object_mut) {
            row.insert(name.to_owned(), value);
        }
    };
    set(facts, "/datasets/0", "mode", json!("compute-only"));
    set(facts, "/datasets/0", "quorum", json!(1));
    set(facts, "/services/0", "secure_environment", json!(true));
    set(facts, "/sinks/0", "secure", json!(true));
}

/// Eve sits in the committee, and the dataset asks for as many votes.
fn second_member(facts: &mut Value, sample: &SampleNode, votes: u32) {
    let seat = json!({ "person": identity(sample, "eve"), "role": { "committee": COMMITTEE }, "until": "2030-12-31T00:00:00Z" });
    if let Some(roles) = facts.get_mut("roles").and_then(Value::as_array_mut) {
        roles.push(seat);
    }
    if let Some(dataset) = facts.pointer_mut("/datasets/0").and_then(Value::as_object_mut) {
        dataset.insert("quorum".to_owned(), json!(votes));
    }
}

fn second_person(facts: &mut Value, sample: &SampleNode) {
    let until = "2030-12-31T00:00:00Z";
    let row = |login: &str, role: Value| json!({ "person": identity(sample, login), "role": role, "until": until });
    let more = [
        row("noor", json!({ "committee": COMMITTEE })),
        row("noor", json!({ "role": "administrator" })),
        row("dan", json!({ "role": "administrator" })),
        row("noor", json!({ "role": "catalogue-editor" })),
        row("dan", json!({ "role": "catalogue-editor" })),
    ];
    if let Some(roles) = facts.get_mut("roles").and_then(Value::as_array_mut) {
        roles.extend(more);
    }
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

fn identity(sample: &SampleNode, login: &str) -> String {
    let people = sample.people();
    let sub = people
        .iter()
        .find(|person| person.login == login)
        .map(|person| person.sub.clone());
    format!("{},{}", encoded(&sub.unwrap_or_default()), encoded(sample.issuer()))
}

fn facts(sample: &SampleNode, at: &Addresses, client_id: &str) -> Value {
    let broker = at.broker.as_str();
    let digest = |secret: &str| {
        let digest = ring::digest::digest(&ring::digest::SHA256, secret.as_bytes());
        URL_SAFE_NO_PAD.encode(digest)
    };
    let identity = |login: &str| identity(sample, login);
    let (data, outputs) = (sample.data_dir().display(), sample.outputs_dir().display());
    let until = "2030-12-31T00:00:00Z";
    let prefixes: Vec<Value> = [
        "s3://cohort-bucket/",
        "gs://cohort-bucket/",
        "https://cohort.example.org/data/",
        "https://cohort.blob.core.windows.net/data/",
        &format!("file://{data}/a/"),
    ]
    .iter()
    .map(|prefix| json!({ "prefix": prefix, "dataset": DATASET }))
    .collect();
    json!({
        "institutions": [
            { "id": UNI, "scopes": ["uni.example.org"], "country": "FI", "nonprofit": true, "commercial": false },
            { "id": HOUSE, "scopes": ["biobank.example.org"], "country": "FI", "nonprofit": true, "commercial": false }
        ],
        "committees": [{ "id": COMMITTEE, "institution": HOUSE, "title": "Committee" }],
        "datasets": [{
            "consent": { "id": DATASET, "access": "controlled", "dac": [COMMITTEE], "bound_purpose": true,
                "uses": [{ "group": "all", "terms": [{ "id": "DUO:0000007", "values": ["MONDO:0004992"] }] }] },
            "title": "Cancer cohort A", "short_name": "a", "dac": COMMITTEE, "custodian": HOUSE, "mode": "download",
            "discoverable": true, "min_identity": 2, "min_authn": 1
        }],
        "objects": sample.objects().iter().filter(|object| object.cohort == "a").map(|object| json!({
            "id": object.id, "dataset": DATASET, "participants": object.participants,
            "urls": [object.file_url(), format!("s3://cohort-bucket/{}", object.id), format!("gs://cohort-bucket/{}", object.id),
                format!("https://cohort.example.org/data/{}", object.id),
                format!("https://cohort.blob.core.windows.net/data/{}", object.id)]
        })).collect::<Vec<_>>(),
        "prefixes": prefixes,
        "sinks": [{ "prefix": format!("file://{outputs}/uni/"), "owner": UNI, "country": "FI" },
            { "prefix": "s3://uni-bucket/out/", "owner": UNI, "country": "FI" },
            { "prefix": "s3://other-bucket/", "owner": HOUSE, "country": "FI" }],
        "services": [{ "id": "node-1", "operator": HOUSE, "country": "FI",
            "certified": ["open", "registered", "controlled"] },
            { "id": CONSENT_SERVICE.0, "operator": HOUSE, "country": "FI", "roles": ["consent-service"] }],
        "roles": [
            { "person": identity("dan"), "role": { "committee": COMMITTEE }, "until": until },
            { "person": identity("noor"), "role": { "role": "auditor" }, "until": until }
        ],
        "trust": {
            "trusted_brokers": [{ "iss": broker, "evidence": ["our own"] }],
            "trusted_visa_issuers": [{ "iss": broker, "types": ["*"], "sources": ["*"],
                "jku": [format!("{broker}/jwks")], "may_link": [sample.issuer()],
                "scopes": ["uni.example.org", "biobank.example.org"], "evidence": ["our own"] }]
        },
        "clients": [{
            "id": SERVICE.0, "name": "DRS server next door", "kind": "service",
            "auth": { "client_secret_basic": { "digest": digest(SERVICE.1) } }, "redirect_uris": [], "scopes": ["visum:verify"],
            "audiences": [at.proxy], "exchange_audiences": [SERVICE_AUDIENCE], "grant_types": ["client_credentials"]
        }, {
            "id": CONSENT_SERVICE.0, "name": "Consent service", "kind": "service",
            "auth": { "client_secret_basic": { "digest": digest(CONSENT_SERVICE.1) } }, "redirect_uris": [],
            "scopes": ["visum:consent"], "audiences": [at.broker], "grant_types": ["client_credentials"]
        }],
        "upstreams": [{
            "id": "home", "name": "Home institution", "issuer": sample.issuer(), "client_id": client_id,
            "secret": "home", "scopes": ["openid", "profile", "email"], "speaks_for": [UNI, HOUSE],
            "assurance_cap": 2, "unique_ids": true, "mfa": true, "admin": true, "sample": false, "visa_sources": []
        }]
    })
}
