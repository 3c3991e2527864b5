//! A broker behind its router, a home institution, a browser.

use std::collections::BTreeMap;
use std::sync::Arc;

use audit_log::{Keystore, LogKey, Settings, Source, Writer};
use axum::Router;
use axum::body::{Body, to_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request, StatusCode, header};
use passport_broker::bootstrap::{self, Bootstrap};
use passport_broker::{Audit, Broker, Config, Seams};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::Url;
use visa_verifier::seam::{Clock, FetchSettings, FixedClock, HttpsFetch, Random as _, Secret, SystemRandom, Timestamp};

use crate::home::{self, COLLECTOR, Home};
use crate::key::TestKey;
use crate::parties::{parties, upstream};
use crate::schema;

pub(crate) const ISSUER: &str = "https://broker.example.org";
pub(crate) const PROXY: &str = "https://proxy.example.org";
pub(crate) const REDIRECT: &str = "https://app.example.org/cb";
pub(crate) const SECRET: &str = "the app's secret";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const NODE: &str = "https://node.example.org";
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
    pub(crate) broker: Broker,
    config: Config,
    seams: Seams,
    audit: Audit,
    pub(crate) home: Arc<Home>,
    /// A second provider, of which the broker knows in [`two_homes`].
    pub(crate) other: Option<Arc<Home>>,
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
    world_of(|_, _| {}, false).await
}

/// A world with a second provider, `orcid`, whose people have the same `sub`s.
pub(crate) async fn two_homes() -> World {
    world_of(|_, _| {}, true).await
}

/// A world whose start `change` has changed.
pub(crate) async fn world_of(change: impl FnOnce(&mut Bootstrap, &Home), two: bool) -> World {
    world_with(change, two, |_, _| {}).await
}

/// The same, with other settings.
/// SQLite; where `VISUM_LOGIN_PG` is set, a schema in the PostgreSQL of `VISUM_TEST_PG`, for the same tests once more.
async fn database(folder: &std::path::Path) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "which database these tests run on is told by their environment"
    )]
    let (wanted, server) = (std::env::var("VISUM_LOGIN_PG"), std::env::var("VISUM_TEST_PG"));
    match wanted {
        Ok(_) => schema::fresh(&server.expect("VISUM_TEST_PG names a PostgreSQL")).await,
        Err(_) => format!("sqlite://{}?mode=rwc", folder.join("broker.db").display()),
    }
}

pub(crate) async fn world_with(
    change: impl FnOnce(&mut Bootstrap, &Home),
    two: bool,
    set: impl FnOnce(&mut Config, &Home),
) -> World {
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
    let database = database(dir.path()).await;
    let mut config = Config::new(ISSUER.parse().unwrap(), database, Secret::new(vec![7; 32]));
    config.node = NODE.to_owned();
    config.proxy_audience = Some(PROXY.to_owned());
    config
        .upstream_secrets
        .insert("home".to_owned(), Secret::from("s3cret".to_owned()));
    config
        .upstream_secrets
        .insert(home.visa_endpoint(), Secret::from(COLLECTOR.to_owned()));
    config
        .upstream_secrets
        .insert("webhook:desk".to_owned(), Secret::from("the desk's secret".to_owned()));
    config.banner = Some("All people and data here are fictional.".to_owned());
    set(&mut config, &home);
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
    let audit = Audit {
        writer: writer.clone(),
        keystore,
    };
    let broker = Broker::open(config.clone(), seams.clone(), audit.clone())
        .await
        .unwrap();
    let proxy_key = TestKey::new();
    let mut all = parties(&home, &proxy_key);
    let other = if two {
        Some(home::start(clock.clone()).await)
    } else {
        None
    };
    if let Some(other) = &other {
        let mut row = upstream("orcid", &other.issuer, other);
        row.name = "Open Researchers".to_owned();
        row.speaks_for = Vec::new();
        row.visa_sources = Vec::new();
        row.admin = false;
        all.upstreams.push(row);
    }
    change(&mut all, &home);
    bootstrap::apply(&broker, all).await.unwrap();
    let router = passport_broker::router(broker.clone());
    World {
        router,
        broker,
        config,
        seams,
        audit,
        home,
        other,
        clock,
        writer,
        proxy_key,
        _dir: dir,
    }
}

pub(crate) const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

impl World {
    /// Another replica over the same database: from now on requests go there.
    pub(crate) async fn turn_to_another_replica(&mut self) {
        let (config, seams, audit) = (self.config.clone(), self.seams.clone(), self.audit.clone());
        self.broker = Broker::open(config, seams, audit).await.unwrap();
        self.router = passport_broker::router(self.broker.clone());
    }

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

    /// The same with a DPoP proof, or several.
    pub(crate) async fn proven(
        &self,
        path: &str,
        basic: Option<&str>,
        fields: &[(&str, &str)],
        proofs: &[&str],
    ) -> Reply {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(id) = basic {
            let text = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect::<String>();
            request = request.header(
                header::AUTHORIZATION,
                format!("Basic {}", STANDARD.encode(format!("{id}:{text}"))),
            );
        }
        for proof in proofs {
            request = request.header("dpop", *proof);
        }
        self.send(request.body(Body::from(encoded(fields))).unwrap()).await
    }

    /// UserInfo with this `Authorization` and these proofs.
    pub(crate) async fn userinfo(&self, authorization: &str, proofs: &[&str]) -> Reply {
        let mut request = Request::get("/userinfo").header(header::AUTHORIZATION, authorization);
        for proof in proofs {
            request = request.header("dpop", *proof);
        }
        self.send(request.body(Body::empty()).unwrap()).await
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

    pub(crate) fn clock_unix(&self) -> i64 {
        self.clock.now().unix()
    }

    fn homes(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.home.issuer.as_str()).chain(self.other.as_deref().map(|home| home.issuer.as_str()))
    }

    /// The second provider.
    pub(crate) fn orcid(&self) -> &Home {
        self.other.as_deref().unwrap()
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
            } else if world.homes().any(|issuer| to.as_str().starts_with(issuer)) {
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
