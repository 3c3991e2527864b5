//! Who is registered in the test's world: clients, institution, committee, dataset, upstream.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use passport_broker::bootstrap::Bootstrap;
use passport_broker::keys::SigningAlg;
use passport_broker::store::clients::{ClientAuth, ClientKind, ClientOptions, ClientRow};
use passport_broker::store::register::UpstreamRow;
use serde_json::json;
use visa_verifier::trust::{Role, TrustEntry};

use crate::home::Home;
use crate::key::TestKey;
use crate::world::{EXCHANGE, ISSUER, NODE, PROXY, REDIRECT, SECRET};

const DAC: &str = "https://uni.example.org/dac";

pub(crate) fn parties(home: &Home, proxy_key: &TestKey) -> Bootstrap {
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
        options: ClientOptions::default(),
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
    let basic = ClientAuth::ClientSecretBasic { digest: digest.clone() };
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
            ClientRow {
                post_logout_redirect_uris: vec!["https://app.example.org/bye".to_owned()],
                options: ClientOptions {
                    backchannel_logout_uri: Some(home.program()),
                    ..ClientOptions::default()
                },
                ..client("app", ClientKind::Browser, basic.clone())
            },
            client("public", ClientKind::Browser, ClientAuth::None),
            ClientRow {
                options: ClientOptions {
                    dpop_bound_access_tokens: true,
                    ..ClientOptions::default()
                },
                ..client("bound", ClientKind::Browser, basic.clone())
            },
            ClientRow {
                exchange_audiences: vec![PROXY.to_owned()],
                ..client("server", ClientKind::Service, basic.clone())
            },
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
            ClientRow {
                options: ClientOptions {
                    require_pushed_authorization_requests: true,
                    authorization_details_types: vec!["visum_purpose".to_owned()],
                    ..ClientOptions::default()
                },
                ..client(
                    "pushy",
                    ClientKind::Browser,
                    ClientAuth::ClientSecretBasic { digest: digest.clone() },
                )
            },
            ClientRow {
                options: ClientOptions {
                    id_token_signed_response_alg: SigningAlg::ES256,
                    ..ClientOptions::default()
                },
                ..client(
                    "es",
                    ClientKind::Browser,
                    ClientAuth::ClientSecretBasic { digest: digest.clone() },
                )
            },
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
        claims: passport_broker::store::claim_map::ClaimMap::default(),
        groups: Vec::new(),
        visa_sources: vec![home.visa_endpoint()],
    }
}
