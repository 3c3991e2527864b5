//! What is good once is good once at all replicas together: each thing is used at one, and offered again at another
//! (`specs/trust.md` C.4, C.8, C.13, C.15, C.16, C.18, C.36).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tests::{
    binary,
    house::{House, Wants},
    key::Key,
    node::{Addresses, Node},
    outside::{Answer, client, read},
    postgres::Fresh,
    replica,
    surfer::{Surfer, hidden, parameter},
};

const CALLBACK: &str = "http://127.0.0.1:9/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const SECRET: &str = "the portal's secret";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A node of three replicas.
struct Three {
    house: House,
    more: [Node; 2],
    database: String,
}

impl Three {
    async fn start(database: String, machine: &Key) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, SECRET.as_bytes());
        let digest = URL_SAFE_NO_PAD.encode(digest);
        let mut jwk = machine.jwk();
        if let Some(members) = jwk.as_object_mut() {
            members.insert("kid".to_owned(), json!("machine"));
        }
        let portal = json!({
            "id": "portal", "name": "Portal", "kind": "browser",
            "auth": { "client_secret_basic": { "digest": digest } }, "redirect_uris": [CALLBACK],
            "scopes": ["openid", "offline_access"],
            "grant_types": ["authorization_code", "refresh_token", DEVICE],
        });
        let machine = json!({
            "id": "machine", "name": "Machine", "kind": "service", "scopes": ["visum:verify"],
            "auth": { "private_key_jwt": { "jwks": { "keys": [jwk] } } }, "redirect_uris": [],
            "audiences": ["https://gate.example.net"], "exchange_audiences": ["https://machine.example.net"],
            "grant_types": ["client_credentials"],
        });
        let mut house = House::start(Wants {
            database: Some(database.clone()),
            clients: vec![portal, machine],
            ..Wants::default()
        })
        .await;
        let mut second = tokio::task::block_in_place(|| replica::add(&mut [&mut house.node], "b"));
        let third = tokio::task::block_in_place(|| replica::add(&mut [&mut house.node, &mut second], "c"));
        Self {
            house,
            more: [second, third],
            database,
        }
    }

    /// Makes rows older, as time would.
    async fn age(&self, sql: &'static str) {
        sqlx::any::install_default_drivers();
        let pool = sqlx::AnyPool::connect(&self.database).await.unwrap();
        assert!(sqlx::query(sql).execute(&pool).await.unwrap().rows_affected() > 0);
        pool.close().await;
    }

    fn at(&self) -> [Addresses; 3] {
        let [second, third] = &self.more;
        [self.house.node.at.clone(), second.at.clone(), third.at.clone()]
    }

    fn surfer(&self) -> Surfer {
        Surfer::new(&self.house.node.at)
    }

    /// A form of a program, at one replica.
    async fn form(
        &self,
        at: &Addresses,
        path: &str,
        basic: bool,
        proof: Option<&str>,
        fields: &[(&str, &str)],
    ) -> Answer {
        let mut request = client()
            .post(format!("{}{path}", at.broker))
            .header("host", self.house.node.at.broker.trim_start_matches("http://"))
            .form(fields);
        if basic {
            request = request.basic_auth(
                "portal",
                Some(url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect::<String>()),
            );
        }
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        read(request.send().await.unwrap()).await
    }

    async fn redeem(&self, at: &Addresses, code: &str, proof: Option<&str>) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.form(at, "/token", true, proof, &fields).await
    }

    /// Whether an access token opens anything.
    async fn lives(&self, at: &Addresses, access: &str) -> bool {
        let request = client()
            .get(format!("{}/userinfo", at.broker))
            .header("host", self.house.node.at.broker.trim_start_matches("http://"))
            .bearer_auth(access);
        read(request.send().await.unwrap()).await.status == 200
    }

    /// A person signs in at the portal: the release page, and the way there.
    async fn asked(&self, surfer: &mut Surfer, at: &Addresses, start: &str) -> (Answer, Vec<String>) {
        let (page, way) = surfer.follow(at, start, CALLBACK).await;
        assert!(
            page.status == 200 || page.status == 0,
            "{} {}",
            page.status,
            page.text()
        );
        (page, way)
    }

    async fn code(&self, surfer: &mut Surfer, at: &Addresses, scope: &str) -> String {
        let (page, _) = self.asked(surfer, at, &self.authorize(scope)).await;
        let back = self.allow(surfer, at, &page, scope).await;
        parameter(&back.header("location"), "code").unwrap()
    }

    fn authorize(&self, scope: &str) -> String {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("response_type", "code"),
                ("client_id", "portal"),
                ("redirect_uri", CALLBACK),
                ("scope", scope),
                ("state", "s"),
                ("nonce", "n"),
                ("login_hint", "ada"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        format!("{}/authorize?{query}", self.house.node.at.broker)
    }

    async fn allow(&self, surfer: &mut Surfer, at: &Addresses, page: &Answer, scope: &str) -> Answer {
        let text = page.text();
        let (csrf, request) = (hidden(&text, "/consent", "csrf"), hidden(&text, "/consent", "request"));
        let ticks: Vec<String> = scope.split(' ').map(|word| format!("release-{word}")).collect();
        let mut fields = vec![
            ("csrf", csrf.as_str()),
            ("request", request.as_str()),
            ("decision", "allow"),
        ];
        fields.extend(ticks.iter().map(|tick| (tick.as_str(), "yes")));
        let back = surfer.one(at, "/consent", Some(&fields)).await;
        assert!(
            back.header("location").starts_with(CALLBACK),
            "{} {}",
            back.status,
            back.text()
        );
        back
    }
}

fn text(answer: &Answer, name: &str) -> String {
    let body = answer.json();
    let found = body.get(name).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("{name}: {} {}", answer.status, answer.text()))
        .to_owned()
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn proof(key: &Key, issuer: &str, jti: &str) -> String {
    let header = json!({ "typ": "dpop+jwt", "jwk": key.jwk() });
    let claims = json!({ "jti": jti, "htm": "POST", "htu": format!("{issuer}/token"), "iat": now() });
    key.sign(header, &claims)
}

/// A code: a second use at another replica is refused, and ends what came of the first.
async fn codes(three: &Three) {
    let [a, b, c] = three.at();
    let mut surfer = three.surfer();
    let code = three.code(&mut surfer, &a, "openid offline_access").await;
    let first = three.redeem(&b, &code, None).await;
    let access = text(&first, "access_token");
    assert!(
        three.lives(&a, &access).await,
        "a token of one replica is good at another"
    );
    let again = three.redeem(&c, &code, None).await;
    assert_eq!(text(&again, "error"), "invalid_grant");
    assert!(
        !three.lives(&b, &access).await,
        "a stolen code: what came of it is over everywhere"
    );
    let refresh = text(&first, "refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(
        text(&three.form(&a, "/token", true, None, &fields).await, "error"),
        "invalid_grant"
    );
}

/// A refresh token: one that comes back at another replica after the grace ends its family.
async fn refresh_tokens(three: &Three) {
    let [a, b, c] = three.at();
    let code = three.code(&mut three.surfer(), &b, "openid offline_access").await;
    let first = text(&three.redeem(&a, &code, None).await, "refresh_token");
    let fields = |token: &str| {
        vec![
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", token.to_owned()),
        ]
    };
    let send = async |at: &Addresses, token: &str| {
        let fields = fields(token);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        three.form(at, "/token", true, None, &fields).await
    };
    let renewed = send(&b, &first).await;
    let (second, access) = (text(&renewed, "refresh_token"), text(&renewed, "access_token"));
    assert!(three.lives(&c, &access).await);
    // within ten seconds it would be a client that lost the answer: the use is made older than that
    three
        .age("UPDATE refresh_tokens SET used_at = used_at - 60 WHERE used_at IS NOT NULL")
        .await;
    assert_eq!(text(&send(&c, &first).await, "error"), "invalid_grant");
    assert_eq!(
        text(&send(&a, &second).await, "error"),
        "invalid_grant",
        "the whole family"
    );
    assert!(!three.lives(&b, &access).await);
}

/// A pushed request is one browser's: at another replica it is unknown.
async fn pushed_requests(three: &Three) {
    let [a, b, c] = three.at();
    let fields = [
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid"),
        ("login_hint", "ada"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let pushed = three.form(&a, "/par", true, None, &fields).await;
    assert_eq!(pushed.status, 201, "{}", pushed.text());
    let uri = text(&pushed, "request_uri");
    let uri: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
    let start = format!(
        "{}/authorize?client_id=portal&request_uri={uri}",
        three.house.node.at.broker
    );
    let first = three.surfer().one(&b, &start, None).await;
    assert_eq!(first.status, 303, "{}", first.text());
    let again = three.surfer().one(&c, &start, None).await;
    assert_eq!(again.status, 400, "{}", again.text());
    assert!(again.header("location").is_empty());
}

/// A device's code: allowed at one replica, taken at a second, and no more at the third.
async fn device_codes(three: &Three) {
    let [a, b, c] = three.at();
    let begun = three
        .form(&a, "/device_authorization", true, None, &[("scope", "openid")])
        .await;
    let (device, user) = (text(&begun, "device_code"), text(&begun, "user_code"));
    let mut surfer = three.surfer();
    let start = format!("{}/account?login_hint=ada", three.house.node.at.broker);
    three.asked(&mut surfer, &b, &start).await;
    let address = format!("{}/device?user_code={user}", three.house.node.at.broker);
    let page = surfer.one(&b, &address, None).await;
    let csrf = hidden(&page.text(), "/device", "csrf");
    let form = [
        ("csrf", csrf.as_str()),
        ("user_code", user.as_str()),
        ("decision", "allow"),
    ];
    let allowed = surfer.one(&c, "/device", Some(&form)).await;
    assert!(
        matches!(allowed.status, 200 | 303),
        "{} {}",
        allowed.status,
        allowed.text()
    );
    let fields = [("grant_type", DEVICE), ("device_code", device.as_str())];
    let first = three.form(&c, "/token", true, None, &fields).await;
    assert_eq!(first.status, 200, "{}", first.text());
    for at in [&a, &b] {
        let again = three.form(at, "/token", true, None, &fields).await;
        assert_ne!(again.status, 200, "{}", again.text());
        assert!(again.json().get("access_token").is_none());
    }
    let decided = surfer.one(&a, "/device", Some(&form)).await;
    assert!(
        decided.text().contains("Nothing waits under this code"),
        "a decision is made once: {}",
        decided.text()
    );
}

/// The `jti` of a client's assertion.
async fn assertions(three: &Three, machine: &Key) {
    let [a, b, c] = three.at();
    let issuer = three.house.node.at.broker.as_str();
    let assertion = |jti: &str| {
        let claims =
            json!({ "iss": "machine", "sub": "machine", "aud": issuer, "iat": now(), "exp": now() + 50, "jti": jti });
        machine.sign(json!({ "typ": "JWT", "kid": "machine" }), &claims)
    };
    let send = async |at: &Addresses, assertion: &str| {
        let fields = [
            ("grant_type", "client_credentials"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion),
        ];
        three.form(at, "/token", false, None, &fields).await
    };
    let one = assertion("j-1");
    let first = send(&a, &one).await;
    assert_eq!(first.status, 200, "{}", first.text());
    for at in [&b, &c] {
        assert_eq!(text(&send(at, &one).await, "error"), "invalid_client");
    }
    assert_eq!(send(&b, &assertion("j-2")).await.status, 200, "another one is good");
}

/// The `jti` of a DPoP proof.
async fn proofs(three: &Three) {
    let [a, b, c] = three.at();
    let issuer = three.house.node.at.broker.as_str();
    let key = Key::default();
    let once = proof(&key, issuer, "p-1");
    let mut surfer = three.surfer();
    let first = three.code(&mut surfer, &a, "openid").await;
    let bound = three.redeem(&b, &first, Some(&once)).await;
    assert_eq!(
        (bound.status, text(&bound, "token_type").as_str()),
        (200, "DPoP"),
        "{}",
        bound.text()
    );
    let code = three.code(&mut three.surfer(), &a, "openid").await;
    let again = three.redeem(&c, &code, Some(&once)).await;
    assert_eq!(text(&again, "error"), "invalid_dpop_proof", "{}", again.text());
}

/// The answer of an institution: the same address loaded at another replica begins no second session.
async fn sign_ins(three: &Three) {
    let [a, b, c] = three.at();
    let mut surfer = three.surfer();
    let begin = surfer.one(&a, "/account?login_hint=ada", None).await;
    let callback = surfer.one(&a, &begin.header("location"), None).await.header("location");
    assert!(callback.contains("/login/callback/"), "{callback}");
    // the browser of the sign-in, and a copy of it that somebody made before
    let mut copy = three.surfer();
    copy.take(&surfer);
    let first = surfer.one(&b, &callback, None).await;
    assert_eq!(first.status, 303, "{}", first.text());
    let again = copy.one(&c, &callback, None).await;
    assert_eq!(again.status, 400, "{}", again.text());
    let account = copy.one(&c, "/account", None).await;
    assert_ne!(account.status, 200, "no session came of it");
}

/// The enrolment code of the first administrator.
async fn enrolment(three: &mut Three) {
    let data = three.house.node.data();
    three.house.node.stop();
    let said = binary::run(&["init", "--code", &data.display().to_string(), "--json"]);
    three.house.node.again();
    assert_eq!(said.code, 0, "{}", said.err);
    let made: Value = serde_json::from_str(&said.out).unwrap();
    let code = made.get("enrolment_code").and_then(Value::as_str).unwrap().to_owned();
    let [_, b, c] = three.at();
    let mut tried = Vec::new();
    for (person, at) in [("noor", &b), ("dan", &c)] {
        let mut surfer = three.surfer();
        let start = format!("{}/enrol?login_hint={person}", three.house.node.at.broker);
        // the sign-in page of the institution does not know whom `/enrol` means: the person is named there
        let first = surfer.one(at, &start, None).await.header("location");
        let (page, _) = surfer
            .follow(at, &format!("{first}&login_hint={person}"), CALLBACK)
            .await;
        let csrf = hidden(&page.text(), "/enrol", "csrf");
        let form = [("csrf", csrf.as_str()), ("code", code.as_str())];
        tried.push(surfer.one(at, "/enrol", Some(&form)).await);
    }
    let mut tried = tried.into_iter();
    let (first, second) = (tried.next().unwrap(), tried.next().unwrap());
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!(second.status, 403, "{}", second.text());
    assert!(second.text().contains("enrolment."), "{}", second.text());
}

async fn walk(database: String) {
    let machine = Key::default();
    let mut three = Three::start(database, &machine).await;
    codes(&three).await;
    refresh_tokens(&three).await;
    pushed_requests(&three).await;
    device_codes(&three).await;
    assertions(&three, &machine).await;
    proofs(&three).await;
    sign_ins(&three).await;
    enrolment(&mut three).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_at_one_replica_is_used_at_all_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shared.db");
    walk(format!("sqlite://{}?mode=rwc", file.display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_at_one_replica_is_used_at_all_on_postgresql() {
    let Some(database) = Fresh::of("once").await else {
        return;
    };
    walk(database.url.clone()).await;
    database.remove().await;
}
