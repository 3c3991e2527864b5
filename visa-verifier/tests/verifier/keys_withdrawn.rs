//! Floods of tokens, and keys that must not count any more: through the whole verification and the store.

use std::time::Duration;

use serde_json::{Value, json};
use visa_verifier::keys::{ProbeSource, probe};
use visa_verifier::seam::Clock as _;
use visa_verifier::{Passport, TrustPolicy, Verification, VerifiedPassport, drive};

use super::keys::Setting;
use super::support::{self, A, A_JKU, BROKER, BROKER_JKU, NOW, Signer, World, grant};

/// A world whose issuer A serves its keys, and does not pin them.
fn world(s: &Setting) -> World {
    let mut world = World::new();
    world.set(A, "keys", Value::Null);
    s.table.answer(A_JKU, &world.a.jwks());
    world
}

async fn judged(s: &Setting, trust: &TrustPolicy, visas: &[String]) -> VerifiedPassport {
    let answer = json!({"iss": BROKER, "sub": "b-1", "ga4gh_passport_v1": visas});
    let passport = Passport::from_userinfo(&answer).unwrap();
    drive(Verification::begin(passport, trust, s.clock.now()), &s.store)
        .await
        .unwrap()
}

/// CLH-14, CLH-15, CLH-16: 100,000 tokens, one fetch a minute and nothing that grows.
#[tokio::test]
async fn a_flood_of_random_tokens_costs_one_fetch_a_minute_and_no_memory() {
    let s = Setting::new();
    let world = world(&s);
    let trust = world.policy();
    let good = world.visa(grant());
    // the claims are signed once; header and signature of the flood are garbage that looks right
    let (rest, signature) = good.split_once('.').unwrap().1.split_once('.').unwrap();
    let foreign = world.visa_with(grant(), |_, c| c["iss"] = json!("https://unknown.example"));
    let foreign = foreign.split('.').nth(1).unwrap();
    let flood = |n: usize| {
        let (header, claims) = match n % 3 {
            0 => (
                json!({"alg": "ES256", "typ": "JWT", "kid": format!("kid-{n}"), "jku": A_JKU}),
                rest,
            ),
            1 => (
                json!({"alg": "ES256", "typ": "JWT", "kid": "k1", "jku": format!("https://j{n}.example/jwks")}),
                rest,
            ),
            _ => (
                json!({"alg": "ES256", "typ": "JWT", "kid": format!("kid-{n}"), "jku": format!("https://i{n}.example/jwks")}),
                foreign,
            ),
        };
        format!("{}.{claims}.{signature}", support::encoded(&header))
    };
    assert_eq!(
        support::codes(&judged(&s, &trust, std::slice::from_ref(&good)).await),
        ["OK"]
    );
    assert_eq!(s.table.asked(), 1);
    let mut codes = std::collections::BTreeMap::<&str, usize>::new();
    for minute in 0..20 {
        for batch in 0..10 {
            let from = (minute * 10 + batch) * 500;
            let visas: Vec<String> = (from..from + 500).map(flood).collect();
            for rejected in judged(&s, &trust, &visas).await.rejected() {
                *codes.entry(rejected.code().as_str()).or_default() += 1;
            }
        }
        // the first minute's is the fetch that brought the keys
        assert_eq!(s.table.asked(), 1 + minute, "in minute {minute}");
        s.pass(1);
    }
    assert_eq!(codes.values().sum::<usize>(), 100_000);
    assert_eq!(
        codes.keys().copied().collect::<Vec<_>>(),
        ["BAD_SIGNATURE", "UNTRUSTED_ISSUER", "UNTRUSTED_JKU"]
    );
    let state = s.store.state();
    assert_eq!((state.servers, state.hosts, state.issuers), (1, 0, 1));
    assert_eq!(
        support::codes(&judged(&s, &trust, &[good]).await),
        ["OK"],
        "the good one still counts"
    );
}

/// CLH-16, ERR-05, trust.md part B rule 10.
#[tokio::test]
async fn with_the_key_server_cut_off_a_withdrawn_key_stops_counting_when_its_grace_ends() {
    for (grace, ends) in [(None, 60), (Some(86_400), 24 * 60)] {
        let s = Setting::new();
        let mut world = world(&s);
        if let Some(grace) = grace {
            world.set(A, "stale_grace", json!(grace));
        }
        let trust = world.policy();
        let visa = world.visa_with(grant(), |_, c| c["exp"] = json!(NOW + 90 * 86_400));
        let first = judged(&s, &trust, std::slice::from_ref(&visa)).await;
        assert!(!first.visas()[0].evidence().stale_keys());
        assert_eq!(
            first.valid_until(),
            support::now().plus(Duration::from_secs(ends * 60)),
            "a result that is kept ends with the grace too"
        );
        // the issuer withdraws the key, and somebody sees to it that we do not hear of it
        s.table.down();
        let mut minutes = 0;
        for (at, want) in [
            (20, "OK"),
            (ends - 1, "OK"),
            (ends, "KEYS_UNAVAILABLE"),
            (ends + 90, "KEYS_UNAVAILABLE"),
        ] {
            s.pass(at - minutes);
            minutes = at;
            let verified = judged(&s, &trust, std::slice::from_ref(&visa)).await;
            assert_eq!(support::codes(&verified), [want], "after {at} min");
            if let Some(visa) = verified.visas().first() {
                let stale = visa.evidence().stale().expect("it is told");
                assert_eq!(stale.since, support::now());
                assert_eq!(stale.until, support::now().plus(Duration::from_secs(ends * 60)));
                assert_eq!(verified.valid_until(), stale.until);
            }
        }
        // and when the server is heard again, it has another key
        s.table.answer(A_JKU, &Signer::new("k9").jwks());
        s.pass(16);
        assert_eq!(support::codes(&judged(&s, &trust, &[visa]).await), ["BAD_SIGNATURE"]);
    }
}

/// trust.md part B rule 10: `revoked_keys` beats caches, pins and the grace.
#[tokio::test]
async fn a_revoked_key_stops_counting_at_once_whether_cached_stale_or_pinned() {
    let s = Setting::new();
    let world = world(&s);
    let trust = world.policy();
    let visa = world.visa(grant());
    let before = judged(&s, &trust, std::slice::from_ref(&visa)).await;
    let thumbprint = before.visas()[0].evidence().thumbprint().to_owned();
    let mut revoking = trust.clone();
    revoking.revoke_key(thumbprint);
    assert!(
        before.rests_on(revoking.revoked_keys()),
        "a result that is kept can be found by it"
    );
    assert!(!before.rests_on(trust.revoked_keys()));
    let one = std::slice::from_ref(&visa);
    assert_eq!(
        support::codes(&judged(&s, &revoking, one).await),
        ["REVOKED_KEY"],
        "cached"
    );
    s.table.down();
    s.pass(30);
    assert_eq!(support::codes(&judged(&s, &trust, one).await), ["OK"], "by the grace");
    assert_eq!(
        support::codes(&judged(&s, &revoking, one).await),
        ["REVOKED_KEY"],
        "in the grace"
    );
    let mut pinned = World {
        a: world.a,
        ..World::new()
    };
    pinned.set(A, "keys", json!({"pinned": pinned.a.jwks()}));
    let mut pinned = pinned.policy();
    assert_eq!(support::codes(&judged(&s, &pinned, one).await), ["OK"], "pinned");
    for key in revoking.revoked_keys() {
        pinned.revoke_key(key.clone());
    }
    assert_eq!(
        support::codes(&judged(&s, &pinned, one).await),
        ["REVOKED_KEY"],
        "pinned, revoked"
    );
}

#[tokio::test]
async fn a_probe_looks_at_every_key_of_the_policy() {
    let s = Setting::new();
    let mut world = World::new();
    world.trust["trusted_brokers"][0]
        .as_object_mut()
        .unwrap()
        .remove("jwks");
    let gone = "https://gone.example.org/jwks";
    world.set(A, "keys", Value::Null);
    world.set(A, "jku", json!([A_JKU, gone]));
    let weak = json!({"kty": "RSA", "kid": "weak", "n": "AQAB", "e": "AQAB"});
    s.table.answer(A_JKU, &json!({"keys": [world.a.jwk(), weak]}));
    s.table.say(A_JKU, "date", "Tue, 14 Nov 2023 22:15:20 GMT");
    s.table.answer(
        "https://broker.example.org/.well-known/openid-configuration",
        &json!({"issuer": BROKER, "jwks_uri": BROKER_JKU}),
    );
    s.table.answer(BROKER_JKU, &world.broker.jwks());
    let mut trust = world.policy();
    let found = probe(&trust, s.table.as_ref(), s.clock.as_ref()).await;
    let by = |source: &ProbeSource| found.iter().find(|p| p.source == *source).unwrap();
    let discovered = by(&ProbeSource::Discovery).found.as_ref().unwrap();
    assert_eq!(discovered.address.as_deref(), Some(BROKER_JKU));
    let served = by(&ProbeSource::Jku(A_JKU.to_owned())).found.as_ref().unwrap();
    assert_eq!(
        (served.keys.len(), served.keys[0].bits, served.clock_ahead),
        (1, 256, Some(120))
    );
    assert_eq!(served.odd[0].kid.as_deref(), Some("weak"));
    assert_eq!(served.odd[0].why, "its modulus is not of 2048 to 8192 bits");
    let silent = by(&ProbeSource::Jku(gone.to_owned())).found.as_ref().unwrap_err();
    assert_eq!(silent.code(), "fetch.unreachable");
    let pinned = found.iter().filter(|p| matches!(p.source, ProbeSource::PinnedFor(_)));
    assert!(
        pinned.clone().count() == 2
            && pinned
                .clone()
                .all(|p| p.found.as_ref().is_ok_and(|f| f.address.is_none()))
    );
    assert_eq!(s.table.asked(), 4, "two addresses, and a discovery of two documents");
    trust.revoke_key(served.keys[0].thumbprint.clone());
    let again = probe(&trust, s.table.as_ref(), s.clock.as_ref()).await;
    let revoked = again
        .iter()
        .filter_map(|p| p.found.as_ref().ok())
        .flat_map(|f| &f.revoked);
    assert_eq!(revoked.count(), 1);
}
