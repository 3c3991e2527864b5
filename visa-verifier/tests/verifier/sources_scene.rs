//! A broker with its endpoints, and a node that asks it.

use std::sync::Arc;

use super::sources_table::Table;
use super::support::{BROKER, NOW, US, World, faculty, grant, now, tidy};
use serde_json::{Value, json};
use visa_verifier::seam::{FixedClock, Secret, SeededRandom};
use visa_verifier::source::{
    Asked, ClientAuthentication, Endpoint, ExchangeSettings, Fallback, SourceError, TokenMode, TokenSource,
    TokenSourceSettings,
};
use visa_verifier::{AccessTokenRules, KeyStore, KeyStoreSettings};

pub(crate) const TOKEN: &str = "https://broker.example.org/token";
pub(crate) const USERINFO: &str = "https://broker.example.org/userinfo";
pub(crate) const PASSPORT: &str = "urn:ga4gh:params:oauth:token-type:passport";

/// A world with its broker's endpoints.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) table: Arc<Table>,
    pub(crate) clock: Arc<FixedClock>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let scene = Self {
            world: World::new(),
            table: Arc::default(),
            clock: Arc::new(FixedClock::at(now())),
        };
        scene.table.discovery(BROKER);
        scene
            .table
            .json(&format!("{BROKER}/jwks"), 200, &scene.world.broker.jwks());
        scene.gives(scene.passport());
        let visas = [scene.world.visa(faculty())];
        scene
            .table
            .json(USERINFO, 200, &json!({"sub": "b-1", "ga4gh_passport_v1": visas}));
        scene
    }

    pub(crate) fn passport(&self) -> String {
        let visas = [self.world.visa(grant())];
        self.world.passport_with(&visas, |_, c| {
            c["aud"] = json!(US);
            c["exp"] = json!(NOW + 50_000);
        })
    }

    pub(crate) fn gives(&self, passport: String) {
        let answer =
            json!({"access_token": passport, "issued_token_type": PASSPORT, "token_type": "Bearer", "expires_in": 600});
        self.table.json(TOKEN, 200, &answer);
    }

    /// A Passport-scoped access token.
    pub(crate) fn token(&self, change: impl FnOnce(&mut Value, &mut Value)) -> String {
        let mut header = json!({"alg": "ES256", "typ": "at+jwt", "kid": "b1"});
        let mut claims = json!({"iss": BROKER, "sub": "b-1", "aud": [US], "client_id": "c", "jti": "j", "iat": NOW - 60,
            "exp": NOW + 100_000, "scope": "openid ga4gh_passport_v1"});
        change(&mut header, &mut claims);
        tidy(&mut header);
        tidy(&mut claims);
        self.world.broker.sign(&header, &claims)
    }

    pub(crate) fn source(&self, change: impl FnOnce(&mut TokenSourceSettings)) -> TokenSource {
        let mut settings = TokenSourceSettings {
            mode: TokenMode::Check(AccessTokenRules::passport_scoped(
                BROKER.parse().unwrap(),
                vec![US.to_owned()],
            )),
            exchange: Some((exchange(basic()), Endpoint::Discovered)),
            userinfo: Some(Endpoint::Discovered),
            fallback: Fallback::default(),
            loopback_http: false,
        };
        change(&mut settings);
        let keys = KeyStore::new(self.table.clone(), self.clock.clone(), KeyStoreSettings::default());
        let random = Arc::new(SeededRandom::new(1));
        TokenSource::new(settings, self.table.clone(), self.clock.clone(), random, keys).unwrap()
    }

    pub(crate) async fn ask(&self, source: &TokenSource, token: &str) -> Result<Asked, SourceError> {
        source.verified(token, &self.world.policy()).await
    }

    pub(crate) fn form(&self) -> Vec<(String, String)> {
        let sent = self.table.sent(TOKEN);
        url::form_urlencoded::parse(sent.last().unwrap().1.as_bytes())
            .into_owned()
            .collect()
    }
}

pub(crate) fn basic() -> ClientAuthentication {
    ClientAuthentication::basic("drs:node".to_owned(), Secret::from("p ss%wörd".to_owned()))
}

pub(crate) fn exchange(client: ClientAuthentication) -> ExchangeSettings {
    ExchangeSettings {
        issuer: BROKER.to_owned(),
        client,
        audience: vec![US.to_owned()],
        resource: vec![format!("{US}/ga4gh/drs/v1").parse().unwrap()],
    }
}

pub(crate) fn code(result: &Result<Asked, SourceError>) -> &'static str {
    result.as_ref().map_or_else(SourceError::code, |_| "OK")
}
