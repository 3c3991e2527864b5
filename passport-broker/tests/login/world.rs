//! A broker behind its router, a home institution, a browser.

use std::collections::BTreeMap;
use std::sync::Arc;

use audit_log::{Keystore, LogKey, Settings, Source, Writer};
use axum::Router;
use axum::body::{Body, to_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Method, Request, StatusCode, header};
use passport_broker::bootstrap::{self, Bootstrap};
use passport_broker::store::clients::{ClientAuth, ClientKind, ClientRow};
use passport_broker::store::register::UpstreamRow;
use passport_broker::{Audit, Broker, Config, Seams};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::Url;
use visa_verifier::seam::{Clock, FetchSettings, FixedClock, HttpsFetch, Random as _, Secret, SystemRandom, Timestamp};
use visa_verifier::trust::{Role, TrustEntry};

use crate::home::{self, COLLECTOR, Home};
use crate::key::TestKey;

pub(crate) const ISSUER: &str = "https://broker.example.org";
pub(crate) const PROXY: &str = "https://proxy.example.org";
pub(crate) const REDIRECT: &str = "https://app.example.org/cb";
pub(crate) const SECRET: &str = "the app's secret";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const DAC: &str = "https://uni.example.org/dac";
const NODE: &str = "https://node.example.org";
const START: i64 = 1_795_000_000;

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

pub(crate) struct World {
    router: Router,
    pub(crate) home: Arc<Home>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) writer: Writer,
    pub(crate) proxy_key: TestKey,
    _dir: tempfile::TempDir,
}

/// What came back, read to its end.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.body))
    }

    pub(crate) fn location(&self) -> Url {
        let text = self
            .headers
            .get(header::LOCATION)
            .unwrap_or_else(|| panic!("{} {}", self.status, self.body));
        Url::parse(ISSUER).unwrap().join(text.to_str().unwrap()).unwrap()
    }

    pub(crate) fn query(&self) -> BTreeMap<String, String> {
        self.location().query_pairs().into_owned().collect()
    }
}

pub(crate) async fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::at(Timestamp::from_unix(START)));
    let home = home::start(clock.clone()).await;
    let source: Arc<dyn Source> = Arc::new(NodeSource(clock.clone()));
    let keystore = Keystore::open(&dir.path().join("keystore"), [9; 32], source.clone()).unwrap();
    let (key, _) = LogKey::generate(source.as_ref()).unwrap();
    let origin = "node.example.org/audit/test";
    let salt = keystore.salt(origin).unwrap();
    let writer = Writer::open(Settings::new(
        dir.path().join("audit"),
        origin,
        "test",
        key,
        salt,
        source,
    ))
    .unwrap();
    let database = format!("sqlite://{}?mode=rwc", dir.path().join("broker.db").display());
    let mut config = Config::new(ISSUER.parse().unwrap(), database, Secret::new(vec![7; 32]));
    config.node = NODE.to_owned();
    config.proxy_audience = Some(PROXY.to_owned());
    config
        .upstream_secrets
        .insert("home".to_owned(), Secret::from("s3cret".to_owned()));
    config
        .upstream_secrets
        .insert(home.visa_endpoint(), Secret::from(COLLECTOR.to_owned()));
    config.banner = Some("All people and data here are fictional.".to_owned());
    let fetch = HttpsFetch::new(FetchSettings {
        allow_loopback_http: true,
        ..FetchSettings::default()
    })
    .unwrap();
    let seams = Seams {
        clock: clock.clone(),
        random: Arc::new(SystemRandom::new()),
        fetch: Arc::new(fetch),
    };
    let broker = Broker::open(
        config,
        seams,
        Audit {
            writer: writer.clone(),
            keystore,
        },
    )
    .await
    .unwrap();
    let proxy_key = TestKey::new();
    bootstrap::apply(&broker, parties(&home, &proxy_key)).await.unwrap();
    let router = passport_broker::router(broker);
    World {
        router,
        home,
        clock,
        writer,
        proxy_key,
        _dir: dir,
    }
}

fn parties(home: &Home, proxy_key: &TestKey) -> Bootstrap {
    let client = |id: &str, kind, auth| ClientRow {
        id: id.to_owned(),
        name: format!("The {id}"),
        kind,
        auth,
        redirect_uris: vec![REDIRECT.to_owned(), "http://127.0.0.1/callback".to_owned()],
        post_logout_redirect_uris: Vec::new(),
        scopes: [
            "openid",
            "profile",
            "email",
            "ga4gh_passport_v1",
            "offline_access",
            "visum:self",
        ]
        .map(str::to_owned)
        .to_vec(),
        audiences: vec![ISSUER.to_owned(), PROXY.to_owned()],
        grant_types: ["authorization_code", "refresh_token", EXCHANGE]
            .map(str::to_owned)
            .to_vec(),
        exchange_audiences: Vec::new(),
        first_party: false,
        removed: None,
    };
    let digest = URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, SECRET.as_bytes()));
    let mut proxy = client(
        "visum-proxy",
        ClientKind::Service,
        ClientAuth::PrivateKeyJwt { jwks: proxy_key.jwks() },
    );
    proxy.exchange_audiences = vec![PROXY.to_owned()];
    proxy.audiences = Vec::new();
    let secret = ClientAuth::ClientSecretBasic { digest: digest.clone() };
    let mut drs = client("drs", ClientKind::Service, secret.clone());
    drs.scopes = vec!["visum:verify".to_owned()];
    drs.grant_types = vec!["client_credentials".to_owned()];
    drs.audiences = vec![PROXY.to_owned()];
    drs.exchange_audiences = vec!["https://drs.example.net".to_owned()];
    let mut portal = client("portal", ClientKind::Browser, secret);
    portal.scopes.push("visum:verify".to_owned());
    portal.grant_types.push("client_credentials".to_owned());
    let mut own = TrustEntry::new(Role::VisaIssuer, ISSUER.parse().unwrap());
    own.jku = vec![format!("{ISSUER}/jwks")];
    own.visa_types = vec!["*".to_owned()];
    own.sources = vec!["*".to_owned()];
    own.may_link = vec![home.visa_issuer()];
    let mut foreign = TrustEntry::new(Role::VisaIssuer, home.visa_issuer().parse().unwrap());
    foreign.jku = vec![home.visa_jku()];
    foreign.visa_types = vec!["ControlledAccessGrants".to_owned()];
    foreign.sources = vec!["https://foreign.example.org/dac".to_owned()];
    let institution =
        json!({ "id": "https://uni.example.org", "scopes": ["uni.example.org"], "country": "FI", "nonprofit": true });
    let dataset = json!({
        "consent": {
            "id": "https://data.example.org/b", "access": "controlled", "dac": [DAC, "https://foreign.example.org/dac"],
            "uses": [{ "group": "all", "terms": [{ "id": "DUO:0000006" }] }],
        },
        "title": "Genomes", "short_name": "B", "dac": DAC, "custodian": "https://uni.example.org", "mode": "download",
        "discoverable": true, "min_identity": 1, "min_authn": 1, "quorum": 1,
    });
    let service = json!({ "id": NODE, "operator": "https://uni.example.org", "country": "FI", "certified": ["open"] });
    Bootstrap {
        institutions: vec![serde_json::from_value(institution).unwrap()],
        dacs: vec![
            serde_json::from_value(
                json!({ "id": DAC, "institution": "https://uni.example.org", "title": "Committee" }),
            )
            .unwrap(),
        ],
        datasets: vec![serde_json::from_value(dataset).unwrap()],
        services: vec![serde_json::from_value(service).unwrap()],
        trust: vec![own, foreign],
        clients: vec![
            client("app", ClientKind::Browser, ClientAuth::ClientSecretBasic { digest }),
            ClientRow {
                grant_types: vec![
                    "authorization_code".to_owned(),
                    "urn:ietf:params:oauth:grant-type:device_code".to_owned(),
                    EXCHANGE.to_owned(),
                ],
                ..client("cli", ClientKind::Cli, ClientAuth::PersonKeys)
            },
            proxy,
            drs,
            portal,
        ],
        upstreams: vec![upstream("home", &home.issuer, home)],
        ..Bootstrap::default()
    }
}

pub(crate) fn upstream(id: &str, issuer: &str, home: &Home) -> UpstreamRow {
    UpstreamRow {
        id: id.to_owned(),
        name: "Sample University".to_owned(),
        issuer: issuer.to_owned(),
        client_id: "broker".to_owned(),
        secret: Some("home".to_owned()),
        scopes: vec!["openid".to_owned(), "profile".to_owned(), "email".to_owned()],
        preset: None,
        speaks_for: vec!["https://uni.example.org".to_owned()],
        assurance_cap: 2,
        unique_ids: true,
        mfa: true,
        admin: true,
        sample: false,
        visa_sources: vec![home.visa_endpoint()],
    }
}

pub(crate) const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

impl World {
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    pub(crate) async fn form(&self, path: &str, basic: Option<(&str, &str)>, fields: &[(&str, &str)]) -> Reply {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some((id, secret)) = basic {
            let text = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
            request = request.header(
                header::AUTHORIZATION,
                format!("Basic {}", STANDARD.encode(format!("{id}:{text}"))),
            );
        }
        self.send(request.body(Body::from(encoded(fields))).unwrap()).await
    }

    pub(crate) async fn bearer(&self, path: &str, token: &str) -> Reply {
        let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A client assertion of the proxy.
    pub(crate) fn assertion(&self, jti: &str) -> String {
        let now = self.clock.now().unix();
        let claims = json!({ "iss": "visum-proxy", "sub": "visum-proxy", "aud": ISSUER, "iat": now, "exp": now + 60, "jti": jti });
        self.proxy_key.sign("JWT", None, &claims)
    }

    /// The types of the log's events.
    pub(crate) fn events(&self) -> Vec<String> {
        let entries = self.writer.events(0..self.writer.size()).unwrap();
        entries.iter().map(|entry| entry.entry.kind.to_string()).collect()
    }
}

pub(crate) fn encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// A browser: its cookies at the broker, and redirects between the parties.
#[derive(Default)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) async fn get(&mut self, world: &World, path: &str) -> Reply {
        self.send(world, Method::GET, path, String::new()).await
    }

    pub(crate) async fn post(&mut self, world: &World, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.send(world, Method::POST, path, encoded(fields)).await
    }

    async fn send(&mut self, world: &World, method: Method, path: &str, body: String) -> Reply {
        let line: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(header::COOKIE, line.join("; "));
        if method == Method::POST {
            request = request
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header("sec-fetch-site", "same-origin")
                .header(header::ORIGIN, "null");
        }
        let reply = world.send(request.body(Body::from(body)).unwrap()).await;
        for set in reply.headers.get_all(header::SET_COOKIE) {
            let text = set.to_str().unwrap();
            assert!(
                text.contains("; Secure") && text.contains("HttpOnly") && text.starts_with("__Host-"),
                "{text}"
            );
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    /// Goes to the institution and comes back to the callback; the answer of the callback.
    pub(crate) async fn through_home(&mut self, world: &World, first: &Reply) -> Reply {
        let callback = at_home(&first.location()).await;
        self.get(world, &path_of(&callback)).await
    }

    /// From a path to the first page that is no redirect of ours, through the institution if it leads there.
    pub(crate) async fn follow(&mut self, world: &World, path: &str) -> Reply {
        let mut reply = self.get(world, path).await;
        for _ in 0..6 {
            if !reply.status.is_redirection() {
                break;
            }
            let to = reply.location();
            reply = if to.as_str().starts_with(ISSUER) {
                self.get(world, &path_of(&to)).await
            } else if to.as_str().starts_with(&world.home.issuer) {
                self.through_home(world, &reply).await
            } else {
                break;
            };
        }
        reply
    }

    /// The whole login of `person` at `client`: the code.
    pub(crate) async fn code(&mut self, world: &World, client: &str, person: &str, scope: &str) -> String {
        let page = self.follow(world, &ask(client, scope, &[("login_hint", person)])).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let reply = self.post(world, "/consent", &allow(&page.body, scope)).await;
        reply
            .query()
            .get("code")
            .unwrap_or_else(|| panic!("{:?} {}", reply.headers, reply.body))
            .clone()
    }
}

/// Where the institution sends the browser.
pub(crate) async fn at_home(url: &Url) -> Url {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET {}?{} HTTP/1.1\r\nHost: home\r\nConnection: close\r\n\r\n",
        url.path(),
        url.query().unwrap()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).await.unwrap();
    let location = text
        .lines()
        .find_map(|line| line.strip_prefix("location: "))
        .unwrap_or_else(|| panic!("{text}"));
    Url::parse(location.trim()).unwrap()
}

pub(crate) fn path_of(url: &Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

/// An authorization request.
pub(crate) fn ask(client: &str, scope: &str, more: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", REDIRECT),
        ("scope", scope),
        ("state", "the state"),
        ("nonce", "the nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    fields.extend_from_slice(more);
    format!("/authorize?{}", encoded(&fields))
}

/// The value of a hidden field of a page.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let front = format!("name=\"{name}\" value=\"");
    let rest = page
        .split(&front)
        .nth(1)
        .unwrap_or_else(|| panic!("no field {name} in {page}"));
    rest.split('"').next().unwrap().to_owned()
}

/// The fields of the release form, with every scope ticked and `Allow` pressed. Leaks nothing but test memory.
pub(crate) fn allow(page: &str, scope: &str) -> Vec<(&'static str, &'static str)> {
    let keep = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let mut fields = vec![
        ("csrf", keep(hidden(page, "csrf"))),
        ("request", keep(hidden(page, "request"))),
        ("decision", "allow"),
    ];
    fields.extend(scope.split(' ').map(|word| (keep(format!("release-{word}")), "yes")));
    fields
}
