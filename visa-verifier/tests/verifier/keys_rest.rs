//! How long keys are fresh, whom the store leaves alone after a failure, and what a key server may answer.

use std::time::Duration;

use serde_json::json;
use visa_verifier::keys::Stale;
use visa_verifier::{KeyServer, Timestamp};

use super::keys::Setting;
use super::support::{A, A_JKU, B, Signer, now};

/// Two more addresses: one on the host of `A_JKU`, one elsewhere.
const NEIGHBOUR: &str = "https://visas.example.org/other.json";
const ELSEWHERE: &str = "https://keys.example.net/jwks";

/// CLH-16: the server's word on caching is followed inside of our bounds, and never beyond half of the grace.
#[tokio::test]
async fn a_set_is_fresh_as_long_as_its_server_says_within_bounds() {
    for (name, said, grace_hours, minutes, asked) in [
        ("15 min if it says nothing: before", "", 1, 14, 1),
        ("15 min if it says nothing: after", "", 1, 15, 2),
        ("5 min: before", "max-age=300", 1, 4, 1),
        ("5 min: after", "max-age=300", 1, 5, 2),
        ("no-store is a minute", "no-store", 1, 1, 2),
        ("a second is a minute", "max-age=1", 1, 1, 2),
        ("a year is half of the grace: before", "max-age=31536000", 1, 29, 1),
        ("a year is half of the grace: after", "max-age=31536000", 1, 30, 2),
        ("half of a longer grace: before", "max-age=31536000", 24, 12 * 60 - 1, 1),
        ("half of a longer grace: after", "max-age=31536000", 24, 12 * 60, 2),
        ("what cannot be read is a minute", "max-age=forever", 1, 1, 2),
    ] {
        let s = Setting::new();
        if !said.is_empty() {
            s.table.say(A_JKU, "cache-control", said);
        }
        s.store.get(&s.request("k1", grace_hours)).await.unwrap();
        s.clock.advance(Duration::from_secs(59));
        s.store.get(&s.request("k1", grace_hours)).await.unwrap();
        assert_eq!(s.table.asked(), 1, "{name}: never within a minute");
        s.clock.advance(Duration::from_secs(minutes * 60 - 59));
        s.store.get(&s.request("k1", grace_hours)).await.unwrap();
        assert_eq!(s.table.asked(), asked, "{name}");
    }
}

/// A `max-age` of a day does not stretch the hour: the last good fetch counts, not the server's word.
#[tokio::test]
async fn the_grace_ends_an_hour_after_the_last_good_fetch_whatever_the_server_said() {
    for (minutes, hours, told) in [
        (29, 1, Some(None)),
        (31, 1, Some(Some(60))),
        (59, 1, Some(Some(60))),
        (60, 1, None),
        (61, 24, Some(None)),
        (13 * 60, 24, Some(Some(24 * 60))),
        (24 * 60, 24, None),
    ] {
        let s = Setting::new();
        s.table.say(A_JKU, "cache-control", "max-age=86400");
        s.store.get(&s.request("k1", hours)).await.unwrap();
        s.table.down();
        s.pass(minutes);
        let told = told.map(|end: Option<u64>| {
            end.map(|minutes| Stale {
                since: now(),
                until: now().plus(Duration::from_secs(minutes * 60)),
            })
        });
        let supplied = s.store.get(&s.request("k1", hours)).await;
        assert_eq!(supplied.map(|k| k.stale).ok(), told, "{minutes} min of {hours} h");
    }
}

/// CLH-16 (a): the bound is the issuer's, not the address's.
#[tokio::test]
async fn an_unknown_name_is_looked_for_once_a_minute_per_issuer_over_all_its_addresses() {
    let s = Setting::new();
    s.table.answer(NEIGHBOUR, &s.key.jwks());
    s.table.answer(ELSEWHERE, &s.key.jwks());
    let addresses = [A_JKU, NEIGHBOUR, ELSEWHERE];
    for jku in addresses {
        s.store.get(&s.request_at(jku, "k1", 24)).await.unwrap();
    }
    assert_eq!(s.table.asked(), 3);
    for minute in 1..=10 {
        s.pass(1);
        for n in 0..30 {
            let request = s.request_at(addresses[n % 3], &format!("unknown-{minute}-{n}"), 24);
            assert!(s.store.get(&request).await.is_ok());
        }
        assert_eq!(s.table.asked(), 3 + minute, "in minute {minute}");
    }
}

#[tokio::test]
async fn a_server_that_fails_again_and_again_is_asked_ever_less() {
    let s = Setting::new();
    s.table.down();
    let mut tries = Vec::new();
    for second in 0..4 * 3_600 {
        let before = s.table.asked();
        assert!(s.store.get(&s.request("k1", 1)).await.is_err());
        if s.table.asked() > before {
            tries.push(second);
        }
        s.clock.advance(Duration::from_secs(1));
    }
    let rests: Vec<i32> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(rests.len() > 10 && rests.len() < 40, "{rests:?}");
    assert!(rests[0] >= 60 && rests.iter().all(|rest| *rest <= 961), "{rests:?}");
    assert!(rests.iter().skip(4).all(|rest| *rest >= 450), "{rests:?}");
    s.table.answer(A_JKU, &s.key.jwks());
    s.pass(16);
    assert!(s.store.get(&s.request("k1", 1)).await.is_ok(), "it comes back");
}

#[tokio::test]
async fn servers_of_one_host_share_its_rest_and_others_do_not() {
    let s = Setting::new();
    s.table.answer(NEIGHBOUR, &s.key.jwks());
    s.table.answer(ELSEWHERE, &s.key.jwks());
    s.table.answer_with(A_JKU, 503, &[], "");
    let at = |jku: &str| s.request_at(jku, "k1", 1);
    assert_eq!(s.store.get(&at(A_JKU)).await.unwrap_err().code(), "fetch.status");
    assert_eq!(s.store.get(&at(NEIGHBOUR)).await.unwrap_err().code(), "fetch.resting");
    assert_eq!(s.table.asked_of(NEIGHBOUR), 0);
    assert!(s.store.get(&at(ELSEWHERE)).await.is_ok());
    s.pass(1);
    assert!(s.store.get(&at(NEIGHBOUR)).await.is_ok());
    // what is wrong with one document is not its host's fault
    s.table.answer_with(A_JKU, 404, &[], "");
    let third = "https://visas.example.org/third.json";
    s.table.answer(third, &s.key.jwks());
    s.pass(2);
    assert_eq!(s.store.get(&at(A_JKU)).await.unwrap_err().code(), "fetch.status");
    assert!(s.store.get(&at(third)).await.is_ok());
}

#[tokio::test]
async fn a_clock_that_was_set_back_keeps_nothing_alive() {
    let s = Setting::new();
    s.store.get(&s.request("k1", 1)).await.unwrap();
    s.table.down();
    s.clock.set(Timestamp::from_unix(now().unix() - 7_200));
    assert!(s.store.get(&s.request("k1", 1)).await.is_err());
}

/// VIS-06: what does not say that it is JSON is no key set, even if it looks like one.
#[tokio::test]
async fn keys_are_json_by_their_content_type() {
    for (kind, code) in [
        (Some("application/json"), None),
        (Some("application/jwk-set+json; charset=utf-8"), None),
        (Some("text/plain"), Some("fetch.content_type")),
        (Some("text/html"), Some("fetch.content_type")),
        (None, Some("fetch.content_type")),
    ] {
        let s = Setting::new();
        let headers: Vec<_> = kind.map(|kind| ("content-type", kind)).into_iter().collect();
        s.table.answer_with(A_JKU, 200, &headers, &s.key.jwks().to_string());
        let result = s.store.get(&s.request("k1", 1)).await;
        assert_eq!(result.as_ref().err().map(|e| e.code()), code, "{kind:?}");
    }
}

#[tokio::test]
async fn what_a_store_remembers_is_bounded_even_if_its_requests_are_not() {
    let s = Setting::new();
    s.table.down();
    for n in 0..5_000 {
        let mut request = s.request_at(&format!("https://h{n}.example/jwks"), "k", 1);
        if n % 2 == 0 {
            request.server = KeyServer::Discovery {
                issuer: format!("https://i{n}.example").parse().unwrap(),
            };
        }
        assert!(s.store.get(&request).await.is_err());
    }
    let state = s.store.state();
    assert!(
        state.servers <= 1_000 && state.hosts <= 1_000 && state.issuers <= 1_000,
        "{state:?}"
    );
}

/// Two issuers at one address are two servers: the keys of one never verify for the other.
#[tokio::test]
async fn a_shared_address_is_asked_for_each_issuer() {
    let s = Setting::new();
    s.store.get(&s.request("k1", 1)).await.unwrap();
    let mut other = s.request("k1", 1);
    other.server = KeyServer::Jku {
        issuer: B.parse().unwrap(),
        url: A_JKU.to_owned(),
    };
    s.table.answer(A_JKU, &json!({"keys": [Signer::new("k2").jwk()]}));
    assert!(!s.store.get(&other).await.unwrap().keys.has("k1"));
    assert!(s.store.get(&s.request("k1", 1)).await.unwrap().keys.has("k1"));
    assert_eq!(s.request("k1", 1).server.issuer().as_str(), A);
}
