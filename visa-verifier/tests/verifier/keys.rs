//! The key store against a table of answers: what is asked, how often, and for how long keys stay good.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use visa_verifier::keys::KeyRequest;
use visa_verifier::seam::{FixedClock, SeededRandom};
use visa_verifier::{Code, KeyServer, KeyStore, KeyStoreSettings, Passport, Verification, drive};

use super::support::{self, A, A_JKU, B, BROKER, BROKER_JKU, Signer, World, grant};
use super::table::Table;

/// A store over a table, with a clock that moves when told.
pub(crate) struct Setting {
    pub(crate) table: Arc<Table>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) store: KeyStore,
    pub(crate) key: Signer,
}

impl Setting {
    pub(crate) fn new() -> Self {
        let (table, clock) = (Arc::new(Table::default()), Arc::new(FixedClock::at(support::now())));
        let settings = KeyStoreSettings {
            random: Arc::new(SeededRandom::new(7)),
            ..KeyStoreSettings::default()
        };
        let store = KeyStore::new(table.clone(), clock.clone(), settings);
        let key = Signer::new("k1");
        table.answer(A_JKU, &key.jwks());
        Self {
            table,
            clock,
            store,
            key,
        }
    }

    pub(crate) fn request(&self, kid: &str, grace_hours: u64) -> KeyRequest {
        self.request_at(A_JKU, kid, grace_hours)
    }

    pub(crate) fn request_at(&self, jku: &str, kid: &str, grace_hours: u64) -> KeyRequest {
        KeyRequest {
            server: KeyServer::Jku {
                issuer: A.parse().unwrap(),
                url: jku.to_owned(),
            },
            kid: Some(kid.to_owned()),
            grace: Duration::from_secs(grace_hours * 3_600),
        }
    }

    pub(crate) fn pass(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
    }
}

/// CLH-16.
#[tokio::test]
async fn fresh_keys_are_not_asked_for_again() {
    let s = Setting::new();
    for _ in 0..5 {
        s.store.get(&s.request("k1", 1)).await.unwrap();
    }
    assert_eq!(s.table.asked(), 1);
    s.pass(16);
    s.store.get(&s.request("k1", 1)).await.unwrap();
    assert_eq!(s.table.asked(), 2);
}

/// CLH-16.
#[tokio::test]
async fn unknown_names_are_asked_for_once_a_minute_at_most() {
    let s = Setting::new();
    s.store.get(&s.request("k1", 1)).await.unwrap();
    for n in 0..100 {
        assert!(
            !s.store
                .get(&s.request(&format!("x{n}"), 1))
                .await
                .unwrap()
                .keys
                .has("x")
        );
    }
    assert_eq!(s.table.asked(), 1, "within the pause");
    s.pass(1);
    for n in 0..100 {
        s.store.get(&s.request(&format!("x{n}"), 1)).await.unwrap();
    }
    assert_eq!(s.table.asked(), 2);
    s.table
        .answer(A_JKU, &json!({"keys": [s.key.jwk(), Signer::new("k2").jwk()]}));
    s.pass(1);
    assert!(
        s.store.get(&s.request("k2", 1)).await.unwrap().keys.has("k2"),
        "a rotated key is found"
    );
}

#[tokio::test]
async fn many_at_once_ask_once() {
    let s = Setting::new();
    let request = s.request("k1", 1);
    let all = futures::future::join_all((0..50).map(|_| s.store.get(&request))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(s.table.asked(), 1);
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_the_keys_to_the_next() {
    let s = Setting::new();
    let (store, request) = (s.store.clone(), s.request("k1", 1));
    // spawned: what the servers do with it demands that it may move between threads
    let caller = tokio::spawn(async move { store.get(&request).await.map(|k| k.keys.len()) });
    tokio::task::yield_now().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    assert!(s.store.get(&s.request("k1", 1)).await.is_ok());
    assert_eq!(s.table.asked(), 1);
}

#[tokio::test]
async fn the_grace_of_an_unreachable_server_ends() {
    for (minutes, hours, good) in [
        (59, 1, true),
        (61, 1, false),
        (61, 24, true),
        (23 * 60, 24, true),
        (25 * 60, 24, false),
    ] {
        let s = Setting::new();
        s.store.get(&s.request("k1", hours)).await.unwrap();
        s.table.down();
        s.pass(minutes);
        let keys = s.store.get(&s.request("k1", hours)).await;
        assert_eq!(
            keys.as_ref().is_ok_and(|k| k.stale.is_some() && k.keys.has("k1")),
            good,
            "{minutes} min, grace {hours} h"
        );
    }
}

#[tokio::test]
async fn a_server_that_failed_rests_for_a_minute() {
    let s = Setting::new();
    s.table.down();
    for _ in 0..10 {
        assert_eq!(
            s.store.get(&s.request("k1", 1)).await.unwrap_err().code(),
            "fetch.unreachable"
        );
    }
    assert_eq!(s.table.asked(), 1);
    s.table.answer(A_JKU, &s.key.jwks());
    s.pass(1);
    assert!(s.store.get(&s.request("k1", 1)).await.is_ok());
}

#[tokio::test]
async fn a_document_that_is_no_key_set_is_an_error() {
    for (name, body, code) in [
        ("not a set", json!({"key": []}), "fetch.document"),
        ("too many keys", json!({"keys": vec![json!({}); 65]}), "fetch.document"),
    ] {
        let s = Setting::new();
        s.table.answer(A_JKU, &body);
        assert_eq!(
            s.store.get(&s.request("k1", 1)).await.unwrap_err().code(),
            code,
            "{name}"
        );
    }
    let s = Setting::new();
    s.table
        .answer_with(A_JKU, 302, &[("location", "https://keys.a.example.org/")], "");
    assert_eq!(
        s.store.get(&s.request("k1", 1)).await.unwrap_err().code(),
        "fetch.status"
    );
}

#[tokio::test]
async fn discovery_must_name_the_very_issuer() {
    let well_known = "https://broker.example.org/.well-known/openid-configuration";
    for (issuer, named, good) in [
        (BROKER, BROKER, true),
        ("https://broker.example.org/", "https://broker.example.org/", true),
        ("https://broker.example.org/", BROKER, false),
        (BROKER, "https://evil.example", false),
    ] {
        let s = Setting::new();
        s.table
            .answer(well_known, &json!({"issuer": named, "jwks_uri": BROKER_JKU}));
        s.table.answer(BROKER_JKU, &s.key.jwks());
        let server = KeyServer::Discovery {
            issuer: issuer.parse().unwrap(),
        };
        let request = KeyRequest {
            server,
            ..s.request("k1", 1)
        };
        assert_eq!(s.store.get(&request).await.is_ok(), good, "{issuer} named {named}");
    }
}

/// CLH-14, CLH-15.
#[tokio::test]
async fn nothing_is_fetched_for_what_is_not_trusted_and_one_document_for_what_is() {
    let s = Setting::new();
    let mut world = World::new();
    world.set(A, "keys", Value::Null);
    s.table.answer(A_JKU, &world.a.jwks());
    let judged = async |visas: &[String]| {
        let trust = world.policy();
        let passport = Passport::parse(&world.passport(visas)).unwrap();
        let verified = drive(Verification::begin(passport, &trust, support::now()), &s.store)
            .await
            .unwrap();
        support::codes(&verified)
    };
    let untrusted = world.visa_with(grant(), |_, c| c["iss"] = json!("https://evil.example"));
    let foreign_jku = world.visa_with(grant(), |h, _| h["jku"] = json!("https://evil.example/jwks"));
    let others_jku = world.visa_with(grant(), |h, _| h["jku"] = json!(format!("{B}/keys")));
    assert_eq!(
        judged(&[untrusted, foreign_jku, others_jku]).await,
        ["UNTRUSTED_ISSUER", "UNTRUSTED_JKU", "UNTRUSTED_JKU"]
    );
    assert_eq!(s.table.asked(), 0);
    let visas = [world.visa(grant()), world.visa(support::faculty())];
    assert_eq!(judged(&visas).await, ["OK", "OK"]);
    assert_eq!(s.table.asked(), 1);
    s.table.down();
    s.pass(120);
    assert_eq!(judged(&visas).await, ["KEYS_UNAVAILABLE", "KEYS_UNAVAILABLE"]);
}

/// ERR-05.
#[tokio::test]
async fn a_broker_whose_keys_are_not_to_be_had_rejects_without_an_answer() {
    let s = Setting::new();
    s.table.down();
    let mut world = World::new();
    world.trust["trusted_brokers"][0]
        .as_object_mut()
        .unwrap()
        .remove("jwks");
    let trust = world.policy();
    let passport = Passport::parse(&world.passport(&[])).unwrap();
    let result = drive(Verification::begin(passport, &trust, support::now()), &s.store).await;
    assert_eq!(result.unwrap_err().code(), Code::KeysUnavailable);
}
