//! The poller against a table of answers: who is called, with what, how often, and what follows for a Passport.

use std::sync::Arc;
use std::time::Duration;

use super::sources_table::Table;
use super::support::{A, NOW, World, codes, grant, now, visa_of, with};
use serde_json::{Value, json};
use visa_verifier::seam::{FixedClock, SeededRandom};
use visa_verifier::source::{Poller, PollerSettings};
use visa_verifier::token::TokenDigest;
use visa_verifier::verify::Request;
use visa_verifier::{KeyStore, KeyStoreSettings, Passport, Timestamp, TrustPolicy, VerifiedPassport};

const USERINFO: &str = "https://visas.example.org/userinfo";
const HOUR: u64 = 3_600;

/// A world whose issuer A still issues access-token visas, and a poller in it.
struct Scene {
    world: World,
    table: Arc<Table>,
    clock: Arc<FixedClock>,
    keys: KeyStore,
    poller: Poller,
}

impl Scene {
    fn new() -> Self {
        let (table, clock) = (Arc::new(Table::default()), Arc::new(FixedClock::at(now())));
        table.discovery(A);
        table.json(USERINFO, 200, &json!({"sub": "u1"}));
        let keys = KeyStore::new(table.clone(), clock.clone(), KeyStoreSettings::default());
        let random = Arc::new(SeededRandom::new(1));
        let poller = Poller::new(PollerSettings::default(), table.clone(), clock.clone(), random);
        Self {
            world: World::new(),
            table,
            clock,
            keys,
            poller,
        }
    }

    /// An access-token visa of this age in seconds.
    fn visa(&self, age: i64) -> String {
        self.visa_with(age, |_| {})
    }

    fn visa_with(&self, age: i64, change: impl FnOnce(&mut Value)) -> String {
        visa_of(&self.world.a, A, "-", "u1", grant(), |h, c| {
            h["typ"] = json!("at+jwt");
            c["scope"] = json!("openid ga4gh_passport_v1");
            c["iat"] = json!(NOW - age);
            change(c);
        })
    }

    async fn judged_by(&self, visas: &[String], trust: &TrustPolicy) -> VerifiedPassport {
        let now = visa_verifier::Clock::now(&*self.clock);
        // the Passport is always fresh: only its visas age here
        let passport = self
            .world
            .passport_with(visas, |_, c| c["exp"] = json!(NOW + 1_000_000));
        let passport = Passport::parse(&passport).unwrap();
        let needed = now.plus(Duration::from_secs(10 * HOUR));
        self.poller
            .drive(passport, trust, &self.keys, now, needed)
            .await
            .unwrap()
    }

    async fn codes(&self, visas: &[String]) -> Vec<&'static str> {
        codes(&self.judged_by(visas, &self.world.policy()).await)
    }

    fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn polls(&self) -> usize {
        self.table.sent(USERINFO).len()
    }
}

/// CLH-11, CLH-12, VIS-33: an old visa counts after a confirmed poll at its issuer's UserInfo endpoint, with itself as
/// bearer.
#[tokio::test]
async fn clh_12_an_old_access_token_visa_counts_once_its_issuer_confirms_it() {
    let scene = Scene::new();
    let visa = scene.visa(7_200);
    let passport = scene
        .judged_by(std::slice::from_ref(&visa), &scene.world.policy())
        .await;
    assert_eq!(codes(&passport), ["OK"]);
    assert_eq!(scene.table.sent(USERINFO), [(format!("Bearer {visa}"), String::new())]);
    // the result stands for the poll's hour and no longer
    assert_eq!(passport.valid_until(), Timestamp::from_unix(NOW + 3_601));
    assert_eq!(
        passport.visas()[0].poll_before(),
        Some(Timestamp::from_unix(NOW + 3_601))
    );
    assert_eq!(passport.visas()[0].expires(), Timestamp::from_unix(NOW + 86_400));
}

/// CLH-12: to the second, and a document token of any age is never polled (EXP-21).
#[tokio::test]
async fn clh_12_a_visa_of_an_hour_needs_no_poll() {
    let scene = Scene::new();
    for (age, polls) in [(0, 0), (3_600, 0), (3_601, 1)] {
        let passport = scene.judged_by(&[scene.visa(age)], &scene.world.policy()).await;
        assert_eq!(codes(&passport), ["OK"], "{age}");
        assert_eq!(scene.polls(), polls, "{age}");
    }
    let document = scene.world.visa_with(grant(), |_, c| c["iat"] = json!(NOW - 100_000));
    assert_eq!(scene.codes(&[document]).await, ["OK"]);
    assert_eq!(scene.polls(), 1);
}

/// EXP-10: verified every minute for four hours, a visa is polled four times and always counts.
#[tokio::test]
async fn exp_10_a_visa_in_steady_use_is_polled_once_an_hour() {
    let scene = Scene::new();
    let visas = [scene.visa(7_200)];
    for minute in 0..240 {
        assert_eq!(scene.codes(&visas).await, ["OK"], "minute {minute}");
        scene.later(60);
    }
    // an instant after the hour is over, at minutes 0, 61, 122, 183
    assert_eq!(scene.polls(), 4);
}

/// EXP-10: many requests at one time make one call.
#[tokio::test]
async fn exp_10_requests_at_one_time_share_one_poll() {
    let scene = Scene::new();
    let visas = [scene.visa(7_200)];
    let all = futures::future::join_all((0..20).map(|_| scene.codes(&visas))).await;
    assert!(all.iter().all(|codes| codes == &["OK"]));
    assert_eq!(scene.polls(), 1);
}

/// EXP-15, VIS-35: a status that no retry can change ends polling, and the visa, however young.
#[tokio::test]
async fn exp_15_a_refused_visa_is_withdrawn_and_never_asked_about_again() {
    for status in [400, 401, 403, 404] {
        let scene = Scene::new();
        scene.table.json(USERINFO, status, &json!({"error": "invalid_token"}));
        let visas = [scene.visa(7_200)];
        assert_eq!(scene.codes(&visas).await, ["WITHDRAWN"], "{status}");
        scene.later(2 * HOUR);
        scene.table.json(USERINFO, 200, &json!({"sub": "u1"}));
        assert_eq!(scene.codes(&visas).await, ["WITHDRAWN"], "{status}");
        assert_eq!(scene.polls(), 1, "{status}");
    }
}

/// EXP-11, EXP-15: an issuer that is out of order is asked again after a while, and until then the visa does not count.
#[tokio::test]
async fn exp_15_an_issuer_out_of_order_is_asked_again_later() {
    let scene = Scene::new();
    let visas = [scene.visa(7_200)];
    scene.table.later(USERINFO, 40);
    assert_eq!(scene.codes(&visas).await, ["STALE_ACCESS_TOKEN_VISA"]);
    scene.later(39);
    scene.table.json(USERINFO, 200, &json!({"sub": "u1"}));
    assert_eq!(scene.codes(&visas).await, ["STALE_ACCESS_TOKEN_VISA"]);
    assert_eq!(scene.polls(), 1, "Retry-After holds");
    scene.later(1);
    assert_eq!(scene.codes(&visas).await, ["OK"]);
    assert_eq!(scene.polls(), 2);
    scene.later(HOUR - 40);
    scene.table.gone(USERINFO);
    assert_eq!(scene.codes(&visas).await, ["OK"], "confirmed within the hour");
    scene.later(41);
    assert_eq!(
        scene.codes(&visas).await,
        ["STALE_ACCESS_TOKEN_VISA"],
        "unreachable, and the hour is over"
    );
}

/// EXP-16: an updated visa takes the old one's place; fewer of them shrink access.
#[tokio::test]
async fn exp_16_an_updated_visa_takes_the_place_of_the_old_one() {
    let scene = Scene::new();
    let old = scene.visa(7_200);
    let new = scene.visa_with(0, |c| {
        c["ga4gh_visa_v1"]["value"] = json!("https://data.example.org/ds/2")
    });
    let list = |visas: &[&String]| json!({"sub": "u1", "ga4gh_passport_v1": visas});
    scene.table.json(USERINFO, 200, &list(&[&new]));
    let passport = scene.judged_by(std::slice::from_ref(&old), &scene.world.policy()).await;
    let values: Vec<_> = passport.visas().iter().map(|v| v.object().value()).collect();
    assert_eq!(values, ["https://data.example.org/ds/2"]);
    assert_eq!(scene.polls(), 1);
    // the new one is polled in its turn, an hour after it came; the old one never again
    scene.later(HOUR + 1);
    scene.table.json(USERINFO, 200, &list(&[]));
    scene.poller.poll_due(&scene.world.policy()).await;
    assert_eq!(scene.table.sent(USERINFO)[1].0, format!("Bearer {new}"));
    assert_eq!(scene.codes(&[old]).await, ["WITHDRAWN"]);
    assert_eq!(scene.codes(&[new]).await, ["WITHDRAWN"]);
    assert_eq!(scene.polls(), 2);
}

/// EXP-16: what cannot be used in the old one's place revokes it: here a visa that another key signed.
#[tokio::test]
async fn exp_16_an_update_that_does_not_count_is_as_good_as_a_revocation() {
    let scene = Scene::new();
    let old = scene.visa(7_200);
    let forged = visa_of(&scene.world.b, A, "-", "u1", grant(), |_, c| {
        c["scope"] = json!("openid")
    });
    let answer = json!({"sub": "u1", "ga4gh_passport_v1": [forged]});
    scene.table.json(USERINFO, 200, &answer);
    assert_eq!(scene.codes(&[old]).await, ["BAD_SIGNATURE"]);
}

/// CLH-15, CLH-18: nobody is asked about a visa that would not count anyway, and no issuer that is not trusted.
#[tokio::test]
async fn clh_15_only_issuers_of_visas_that_would_count_are_called() {
    let scene = Scene::new();
    let forged = visa_of(&scene.world.b, A, "-", "u1", grant(), |_, c| {
        c["scope"] = json!("openid");
        c["iat"] = json!(NOW - 7_200);
    });
    let untrusted = scene.visa_with(7_200, |c| c["iss"] = json!("https://unknown.example.net"));
    let bad_object = scene.visa_with(7_200, |c| c["ga4gh_visa_v1"] = with(grant(), "source", json!("x")));
    let expired = scene.visa_with(7_200, |c| c["exp"] = json!(NOW - 1));
    let visas = [forged, untrusted, bad_object, expired, "x".to_owned()];
    let want = [
        "BAD_SIGNATURE",
        "UNTRUSTED_ISSUER",
        "STALE_ACCESS_TOKEN_VISA",
        "EXPIRED",
        "MALFORMED_VISA",
    ];
    assert_eq!(scene.codes(&visas).await, want);
    assert_eq!(scene.table.count(), 0, "not one call");
}

/// CLH-15, VIS-33: the endpoint is the one that the issuer's own discovery document names, over https.
#[tokio::test]
async fn vis_33_the_endpoint_is_what_the_issuers_discovery_names() {
    for (name, document) in [
        (
            "another issuer's document",
            json!({"issuer": "https://other.example.org", "userinfo_endpoint": USERINFO}),
        ),
        ("no endpoint", json!({"issuer": A})),
        (
            "plain http",
            json!({"issuer": A, "userinfo_endpoint": "http://visas.example.org/userinfo"}),
        ),
        (
            "user information",
            json!({"issuer": A, "userinfo_endpoint": "https://u:p@visas.example.org/userinfo"}),
        ),
    ] {
        let scene = Scene::new();
        scene
            .table
            .json(&format!("{A}/.well-known/openid-configuration"), 200, &document);
        assert_eq!(
            scene.codes(&[scene.visa(7_200)]).await,
            ["STALE_ACCESS_TOKEN_VISA"],
            "{name}"
        );
        assert_eq!(scene.table.count(), 1, "{name}: the discovery document alone");
    }
}

/// EXP-09, EXP-12, EXP-13, EXP-14: polls by the clock, while somebody needs them.
#[tokio::test]
async fn exp_12_polls_by_the_clock_end_with_the_need() {
    let trust = World::new();
    for (name, polls) in [
        ("needed", 2),
        ("released", 1),
        ("revoked", 1),
        ("untrusted", 1),
        ("expired", 1),
    ] {
        let scene = Scene::new();
        let visa = scene.visa_with(7_200, |c| {
            if name == "expired" {
                c["exp"] = json!(NOW + 3_000);
            }
        });
        let policy = scene.world.policy();
        assert_eq!(scene.codes(std::slice::from_ref(&visa)).await, ["OK"], "{name}");
        assert_eq!(scene.poller.poll_due(&policy).await, 0, "{name}: its hour runs");
        let mut refusing = trust.policy();
        refusing.refuse(A.parse().unwrap());
        match name {
            "released" => scene.poller.release(&TokenDigest::of(&visa)),
            "revoked" => scene.poller.revoked(&TokenDigest::of(&visa)),
            _ => {}
        }
        scene.later(HOUR);
        let used = if name == "untrusted" { &refusing } else { &policy };
        scene.poller.poll_due(used).await;
        assert_eq!(scene.polls(), polls, "{name}");
        if name == "revoked" {
            assert_eq!(scene.codes(&[visa]).await, ["WITHDRAWN"]);
        }
    }
}

/// EXP-09: `run` makes what polls are due, and ends when it is told.
#[tokio::test]
async fn exp_09_the_poller_runs_by_itself_until_its_end() {
    let scene = Scene::new();
    assert_eq!(scene.codes(&[scene.visa(7_200)]).await, ["OK"]);
    scene.later(HOUR);
    let trust = scene.world.policy();
    scene.poller.run(|| trust.clone(), std::future::ready(())).await;
    assert_eq!(scene.polls(), 2);
}

/// Names of visas are shown, never visas.
#[tokio::test]
async fn no_token_is_shown() {
    let scene = Scene::new();
    let visa = scene.visa(7_200);
    scene.codes(std::slice::from_ref(&visa)).await;
    let shown = format!("{:?} {:?}", scene.poller, scene.poller.polled());
    assert!(!shown.contains(&visa[..20]), "{shown}");
}

/// A request of several carriers is polled like each of them, and one that fails still rejects it (CLH-17).
#[tokio::test]
async fn a_whole_request_is_judged_with_polls() {
    let scene = Scene::new();
    let passport = scene.world.passport(&[scene.visa(7_200)]);
    let judge = async |request: Request| {
        let (trust, until) = (scene.world.policy(), now().plus(Duration::from_secs(HOUR)));
        scene.poller.judge(request, &trust, &scene.keys, now(), until).await
    };
    let judged = judge(Request::new().passport(&passport).visa(&scene.visa(7_201))).await;
    let all: Vec<_> = judged.accepted().unwrap().map(codes).collect();
    assert_eq!(all, [["OK"], ["OK"]]);
    assert_eq!(scene.polls(), 2);
    let judged = judge(Request::new().passport(&passport).passport("a.b.c")).await;
    assert_eq!(judged.rejection().unwrap().code().as_str(), "MALFORMED_PASSPORT");
}
