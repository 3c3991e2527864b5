//! The book of polls (AAI 1.2, clearinghouses 5.2 and 6): when to ask, and when to stop. Every instant is an argument.

use std::time::Duration;

use super::support::{A, NOW, Signer, grant, tidy};
use serde_json::{Value, json};
use visa_verifier::Timestamp;
use visa_verifier::seam::SeededRandom;
use visa_verifier::token::TokenDigest;
use visa_verifier::verify::{Ended, PollAnswer, PollSettings, PolledVisa, Polls};

const HOUR: i64 = 3_600;

/// An access-token visa: no `jku`, scope `openid`.
fn compact(change: impl FnOnce(&mut Value, &mut Value)) -> String {
    let mut header = json!({"alg": "ES256", "typ": "JWT", "kid": "k1"});
    let mut claims = json!({"iss": A, "sub": "u1", "iat": NOW - 2 * HOUR, "exp": NOW + 100 * HOUR, "scope": "openid",
        "ga4gh_visa_v1": grant()});
    change(&mut header, &mut claims);
    tidy(&mut header);
    tidy(&mut claims);
    Signer::new("k1").sign(&header, &claims)
}

fn visa() -> PolledVisa {
    PolledVisa::read(&compact(|_, _| {})).unwrap()
}

fn at(offset: i64) -> Timestamp {
    Timestamp::from_unix(NOW + offset)
}

fn failed() -> PollAnswer {
    PollAnswer::Failed { retry_after: None }
}

/// A book that holds `visa` for a long time.
fn book(visa: &PolledVisa) -> Polls {
    let mut polls = Polls::new(PollSettings::default());
    assert!(polls.watch(visa.clone(), at(1_000 * HOUR), at(0)));
    polls
}

/// VIS-16, EXP-21: only access-token visas are polled; document tokens and other tokens never enter the book.
#[test]
fn exp_21_only_access_token_visas_are_polled() {
    type Change = fn(&mut Value, &mut Value);
    let cases: &[(&str, bool, Change)] = &[
        ("an access-token visa", true, |_, _| {}),
        ("more scopes", true, |_, c| c["scope"] = json!("email openid")),
        ("a document token", false, |h, c| {
            h["jku"] = json!("https://visas.example.org/jwks.json");
            c["scope"] = json!("-");
        }),
        ("both", false, |h, _| {
            h["jku"] = json!("https://visas.example.org/jwks.json")
        }),
        ("no scope", false, |_, c| c["scope"] = json!("-")),
        ("a longer word", false, |_, c| c["scope"] = json!("openid2 xopenid")),
        ("no visa object", false, |_, c| c["ga4gh_visa_v1"] = json!("-")),
    ];
    for (name, is, change) in cases {
        assert_eq!(PolledVisa::read(&compact(change)).is_some(), *is, "{name}");
    }
    assert!(PolledVisa::read("a.b.c").is_none());
    assert!(!format!("{:?}", visa()).contains("ey"), "no token is shown");
}

/// EXP-10, EXP-11: over two days of chance, first tries are an hour apart at least, and retries back off.
#[test]
fn exp_10_first_tries_are_an_hour_apart_whatever_the_issuer_answers() {
    for seed in 0..10_u64 {
        let random = SeededRandom::new(seed);
        let (visa, mut first_tries, mut retries) = (visa(), Vec::new(), 0);
        let mut polls = book(&visa);
        let mut tries_in_a_row = 0;
        for second in 0..48 * HOUR {
            // asked every second, as a busy node would
            if polls.take(&visa.digest(), at(second)).is_none() {
                continue;
            }
            if tries_in_a_row == 0 {
                first_tries.push(second);
            } else {
                retries += 1;
            }
            let mut dice = [0_u8; 1];
            visa_verifier::seam::Random::fill(&random, &mut dice);
            if dice[0] < 150 {
                tries_in_a_row = (tries_in_a_row + 1) % 6;
                polls.answered(&visa.digest(), failed(), at(second + 1), &random);
            } else {
                tries_in_a_row = 0;
                polls.answered(&visa.digest(), PollAnswer::Stands, at(second + 1), &random);
            }
        }
        let closest = first_tries.windows(2).map(|w| w[1] - w[0]).min().unwrap();
        assert!(closest >= HOUR, "seed {seed}: {closest} s");
        assert!(first_tries.len() >= 30 && retries > 0, "seed {seed}");
    }
}

/// EXP-10: less than an hour cannot be configured.
#[test]
fn exp_10_an_interval_under_an_hour_is_an_hour() {
    let settings = PollSettings {
        interval: Duration::from_secs(60),
        ..PollSettings::default()
    };
    let (visa, mut polls) = (visa(), Polls::new(settings));
    polls.watch(visa.clone(), at(1_000 * HOUR), at(0));
    assert!(polls.take(&visa.digest(), at(0)).is_some());
    polls.answered(&visa.digest(), PollAnswer::Stands, at(0), &SeededRandom::new(1));
    assert!(polls.take(&visa.digest(), at(HOUR - 1)).is_none());
    assert!(polls.take(&visa.digest(), at(HOUR)).is_some());
}

/// EXP-11: each wait is between half and all of a doubled one, and differs by chance.
#[test]
fn exp_11_retries_back_off_exponentially_with_jitter() {
    let waits = |seed: u64| {
        let random = SeededRandom::new(seed);
        let (visa, mut now) = (visa(), 0);
        let mut polls = book(&visa);
        let mut waits = Vec::new();
        for _ in 0..6 {
            while polls.take(&visa.digest(), at(now)).is_none() {
                now += 1;
            }
            polls.answered(&visa.digest(), failed(), at(now), &random);
            let next = polls.next().unwrap().unix() - NOW;
            waits.push(next - now);
        }
        waits
    };
    let (one, other) = (waits(1), waits(2));
    for (n, wait) in one.iter().take(5).enumerate() {
        let whole = 15 << n;
        assert!(
            (whole / 2..=whole).contains(wait),
            "retry {n} after {wait} s of {whole} s"
        );
    }
    let rest = HOUR - one.iter().take(5).sum::<i64>();
    assert_eq!(one[5], rest, "after five retries it rests until its hour is over");
    assert_ne!(one, other, "chance differs");
    assert_eq!(one, waits(1), "and is the same for the same seed");
}

/// EXP-11: an issuer may ask for more time, up to the interval; never for less.
#[test]
fn exp_11_retry_after_lengthens_the_wait() {
    for (told, least, most) in [(0, 7, 15), (500, 500, 500), (1_000_000, HOUR, HOUR)] {
        let (visa, random) = (visa(), SeededRandom::new(3));
        let mut polls = book(&visa);
        polls.take(&visa.digest(), at(0)).unwrap();
        let retry_after = Some(Duration::from_secs(told));
        polls.answered(&visa.digest(), PollAnswer::Failed { retry_after }, at(0), &random);
        let wait = polls.next().unwrap().unix() - NOW;
        assert!((least..=most).contains(&wait), "{told}: {wait}");
    }
}

/// EXP-12, EXP-13, EXP-14, EXP-15: what ends polling.
#[test]
fn exp_12_to_15_polling_stops() {
    type Stop = fn(&mut Polls, &TokenDigest);
    let answer = |polls: &mut Polls, digest: &TokenDigest, answer: PollAnswer| {
        polls.answered(digest, answer, at(1), &SeededRandom::new(1));
    };
    let cases: &[(&str, bool, Stop)] = &[
        ("nothing stops it", true, |_, _| {}),
        ("EXP-12: nobody needs it", false, |polls, digest| polls.release(digest)),
        ("CLH-15: its issuer is not trusted any more", false, |polls, _| {
            polls.release_where(|v| v.issuer().as_str() == A);
        }),
        ("EXP-14: its revocation was noticed", false, |polls, digest| {
            polls.revoked(digest)
        }),
    ];
    for (name, goes_on, stop) in cases {
        let visa = visa();
        let mut polls = book(&visa);
        polls.take(&visa.digest(), at(0)).unwrap();
        answer(&mut polls, &visa.digest(), PollAnswer::Stands);
        stop(&mut polls, &visa.digest());
        assert_eq!(polls.next().is_some(), *goes_on, "{name}");
        assert_eq!(polls.take(&visa.digest(), at(2 * HOUR)).is_some(), *goes_on, "{name}");
    }
    for status in [400, 401, 403, 404, 410, 422] {
        let visa = visa();
        let mut polls = book(&visa);
        polls.take(&visa.digest(), at(0)).unwrap();
        answer(&mut polls, &visa.digest(), PollAnswer::Refused(status));
        assert_eq!(
            polls.ended(&visa.digest()),
            Some(Ended::Refused(status)),
            "EXP-15: {status}"
        );
        assert!(polls.take(&visa.digest(), at(9 * HOUR)).is_none(), "EXP-15: {status}");
    }
    // EXP-13: the last try comes before `exp`
    let visa = PolledVisa::read(&compact(|_, c| c["exp"] = json!(NOW + HOUR))).unwrap();
    let mut polls = book(&visa);
    polls.take(&visa.digest(), at(0)).unwrap();
    answer(&mut polls, &visa.digest(), PollAnswer::Stands);
    assert_eq!(polls.next(), None);
    assert!(polls.take(&visa.digest(), at(HOUR)).is_none());
    polls.sweep(at(HOUR));
    assert!(polls.is_empty());
    assert!(
        !polls.watch(visa, at(9 * HOUR), at(HOUR)),
        "an expired visa does not enter the book"
    );
}

/// EXP-10 with EXP-12: letting go of a visa and taking it up again is no way around the hour.
#[test]
fn exp_10_a_visa_that_was_released_keeps_its_hour() {
    let visa = visa();
    let mut polls = book(&visa);
    polls.take(&visa.digest(), at(0)).unwrap();
    polls.answered(&visa.digest(), PollAnswer::Stands, at(0), &SeededRandom::new(1));
    polls.release(&visa.digest());
    polls.sweep(at(HOUR - 1));
    assert!(polls.watch(visa.clone(), at(9 * HOUR), at(HOUR - 1)));
    assert!(polls.take(&visa.digest(), at(HOUR - 1)).is_none());
    assert!(polls.take(&visa.digest(), at(HOUR)).is_some());
    polls.release(&visa.digest());
    polls.sweep(at(3 * HOUR));
    assert!(polls.is_empty(), "after its hour it is forgotten");
}

/// CLH-12: a young visa needs no poll yet; the first one comes a minute before its first hour ends.
#[test]
fn clh_12_a_young_visa_is_first_polled_before_its_hour_ends() {
    let visa = PolledVisa::read(&compact(|_, c| c["iat"] = json!(NOW))).unwrap();
    let mut polls = book(&visa);
    assert_eq!(polls.next(), Some(at(HOUR - 60)));
    assert!(polls.take(&visa.digest(), at(HOUR - 61)).is_none());
    assert_eq!(polls.due(at(HOUR - 60)), [visa.digest()]);
    assert!(polls.take(&visa.digest(), at(HOUR - 60)).is_some());
    assert_eq!(polls.due(at(HOUR - 60)).len(), 1, "it stays due");
    assert!(
        polls.take(&visa.digest(), at(HOUR - 60)).is_none(),
        "and is on its way once"
    );
}

/// The book is bounded: over it nothing is polled, and what is over makes room.
#[test]
fn the_book_is_bounded() {
    let settings = PollSettings {
        visas: 2,
        ..PollSettings::default()
    };
    let mut polls = Polls::new(settings);
    let numbered = |n: i64| PolledVisa::read(&compact(|_, c| c["jti"] = json!(n.to_string()))).unwrap();
    assert!(polls.watch(numbered(1), at(HOUR), at(0)) && polls.watch(numbered(2), at(5 * HOUR), at(0)));
    assert!(!polls.watch(numbered(3), at(5 * HOUR), at(0)));
    assert_eq!(polls.len(), 2);
    assert!(
        polls.watch(numbered(3), at(5 * HOUR), at(2 * HOUR)),
        "the first is needed no longer"
    );
    assert_eq!(polls.len(), 2);
}

/// A try whose answer never comes is a failed one, and a late answer changes nothing.
#[test]
fn a_lost_try_is_a_failed_one() {
    let (visa, random) = (visa(), SeededRandom::new(1));
    let mut polls = book(&visa);
    polls.take(&visa.digest(), at(0)).unwrap();
    assert!(polls.take(&visa.digest(), at(119)).is_none());
    assert!(
        polls.take(&visa.digest(), at(120)).is_none(),
        "it waits like after a failure"
    );
    polls.answered(&visa.digest(), PollAnswer::Refused(401), at(121), &random);
    assert_eq!(polls.ended(&visa.digest()), None, "nobody waits for this answer");
    assert!(polls.take(&visa.digest(), at(135)).is_some());
}

/// EXP-15, EXP-16, VIS-34, VIS-35: what an issuer's answer means.
#[test]
fn exp_16_answers_mean_that_a_visa_stands_is_replaced_or_gone() {
    let old = compact(|_, _| {});
    let visa = PolledVisa::read(&old).unwrap();
    let new = compact(|_, c| c["iat"] = json!(NOW));
    let other_type = compact(|_, c| c["ga4gh_visa_v1"]["type"] = json!("AffiliationAndRole"));
    let other_person = compact(|_, c| c["sub"] = json!("u2"));
    let other_issuer = compact(|_, c| c["iss"] = json!("https://other.example.org"));
    let list = |visas: &[&String]| json!({"sub": "u1", "ga4gh_passport_v1": visas}).to_string();
    let replaced = || PollAnswer::Replaced(vec![new.clone()]);
    let refused = PollAnswer::Refused;
    let signed = compact(|_, c| c["ga4gh_visa_v1"] = json!("-"));
    let cases: Vec<(&str, u16, String, PollAnswer)> = vec![
        ("success without a body", 200, String::new(), PollAnswer::Stands),
        ("no content", 204, String::new(), PollAnswer::Stands),
        (
            "success without claims",
            200,
            r#"{"sub":"u1"}"#.to_owned(),
            PollAnswer::Stands,
        ),
        (
            "the visa in the list",
            200,
            list(&[&other_type, &old]),
            PollAnswer::Stands,
        ),
        (
            "its object",
            200,
            json!({"ga4gh_visa_v1": grant()}).to_string(),
            PollAnswer::Stands,
        ),
        ("a signed answer", 200, signed, PollAnswer::Stands),
        ("another in its place", 200, list(&[&other_type, &new]), replaced()),
        ("an empty list", 200, list(&[]), PollAnswer::Gone),
        ("another type only", 200, list(&[&other_type]), PollAnswer::Gone),
        ("another person's", 200, list(&[&other_person]), PollAnswer::Gone),
        ("another issuer's", 200, list(&[&other_issuer]), PollAnswer::Gone),
        (
            "about another person",
            200,
            r#"{"sub":"u2"}"#.to_owned(),
            PollAnswer::Gone,
        ),
        (
            "another object",
            200,
            json!({"ga4gh_visa_v1": {"type": "x"}}).to_string(),
            PollAnswer::Gone,
        ),
        (
            "no list",
            200,
            r#"{"ga4gh_passport_v1":"x"}"#.to_owned(),
            PollAnswer::Gone,
        ),
        ("a page", 200, "<html>".to_owned(), failed()),
        ("a member twice", 200, r#"{"sub":"u1","sub":"u1"}"#.to_owned(), failed()),
        ("bad request", 400, String::new(), refused(400)),
        ("revoked", 401, String::new(), refused(401)),
        ("forbidden", 403, String::new(), refused(403)),
        ("not found", 404, String::new(), refused(404)),
        ("time-out", 408, String::new(), failed()),
        ("too early", 425, String::new(), failed()),
        ("too many", 429, String::new(), failed()),
        ("broken", 500, String::new(), failed()),
        ("out of order", 503, String::new(), failed()),
        ("a redirect", 302, String::new(), failed()),
    ];
    for (name, status, body, want) in cases {
        assert_eq!(PollAnswer::read(&visa, status, None, body.as_bytes()), want, "{name}");
    }
    let told = PollAnswer::read(&visa, 503, Some("120"), b"");
    let retry_after = Some(Duration::from_secs(120));
    assert_eq!(told, PollAnswer::Failed { retry_after });
}
