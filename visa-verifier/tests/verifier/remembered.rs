//! Visas that were verified before: remembered by digest, judged anew each time.

use serde_json::{Value, json};
use visa_verifier::keys::Supplied;
use visa_verifier::token::TokenDigest;
use visa_verifier::verify::{Step, VerifiedTokens};
use visa_verifier::{KeySet, Passport, Timestamp, TrustPolicy, Verification};

use crate::support::{A, A_JKU, DATASET, NOW, Signer, World, codes, grant, now, object, with};

fn judged(passport: &str, trust: &TrustPolicy, at: Timestamp, memory: &VerifiedTokens) -> Vec<&'static str> {
    let passport = Passport::parse(passport).unwrap();
    match Verification::begin(passport, trust, at).remembering(memory).step() {
        Step::Done(result) => codes(&result.unwrap()),
        Step::Need(request) => panic!("{request:?}"),
    }
}

#[test]
fn a_visa_that_comes_again_is_known_by_its_digest_and_counts_as_it_did() {
    let (world, memory) = (World::new(), VerifiedTokens::default());
    let trust = world.policy();
    let visa = world.visa(grant());
    let digest = TokenDigest::of(&visa);
    assert!(!memory.knows(&digest));
    let cold = judged(&world.passport(std::slice::from_ref(&visa)), &trust, now(), &memory);
    assert!(memory.knows(&digest) && memory.len() == 1);
    let again = world.passport_with(&[world.visa_of_b(grant()), visa.clone()], |_, c| c["jti"] = json!("2"));
    assert_eq!(judged(&again, &trust, now(), &memory), ["OK", "OK"]);
    assert_eq!(cold, ["OK"]);
    assert_eq!(memory.len(), 2);
}

#[test]
fn what_changed_since_counts_at_once_though_the_visa_is_remembered() {
    let mut world = World::new();
    let visa = world.visa(grant());
    let passport = world.passport(std::slice::from_ref(&visa));
    let old = world.policy();
    let thumbprint = {
        let mut verification = Verification::begin(Passport::of_one(&visa).unwrap(), &old, now());
        match verification.step() {
            Step::Done(result) => result.unwrap().visas()[0].evidence().thumbprint().to_owned(),
            Step::Need(request) => panic!("{request:?}"),
        }
    };
    // the same policy, changed in one thing: its entries stay the very same
    let changed = |change: &dyn Fn(&mut TrustPolicy)| {
        let mut policy = old.clone();
        change(&mut policy);
        policy
    };
    let entry = |world: &mut World, member: &str, value: Value| {
        let before = world.trust.clone();
        world.set(A, member, value);
        let policy = world.policy();
        world.trust = before;
        policy
    };
    let narrower = entry(&mut world, "datasets", json!(["https://data.example.org/other"]));
    let other_key = entry(&mut world, "keys", json!({"by_jku": {A_JKU: Signer::new("k1").jwks()}}));
    let ended = entry(&mut world, "until", json!("2001-01-01T00:00:00Z"));
    for (name, policy, at, code) in [
        ("nothing", old.clone(), NOW, "OK"),
        (
            "its key is revoked",
            changed(&|p| p.revoke_key(thumbprint.clone())),
            NOW,
            "REVOKED_KEY",
        ),
        (
            "its issuer is refused",
            changed(&|p| p.refuse(A.parse().unwrap())),
            NOW,
            "UNTRUSTED_ISSUER",
        ),
        (
            "its issuer may grant less",
            narrower,
            NOW,
            "ISSUER_NOT_TRUSTED_FOR_DATASET",
        ),
        ("another key has its name", other_key, NOW, "BAD_SIGNATURE"),
        ("the trust has ended", ended, NOW, "UNTRUSTED_ISSUER"),
        (
            "it has not been issued yet",
            old.clone(),
            NOW - 5_000,
            "ISSUED_IN_FUTURE",
        ),
        ("nothing at all", old.clone(), NOW, "OK"),
    ] {
        let memory = VerifiedTokens::default();
        assert_eq!(judged(&passport, &old, now(), &memory), ["OK"]);
        // the Passport itself is as old as the visa: one alone is asked for
        let one = Passport::of_one(&visa).unwrap();
        let at = Timestamp::from_unix(at);
        match Verification::begin(one, &policy, at).remembering(&memory).step() {
            Step::Done(result) => assert_eq!(codes(&result.unwrap()), [code], "{name}"),
            Step::Need(request) => panic!("{request:?}"),
        }
        let expired = Timestamp::from_unix(NOW + 100_000);
        let one = Passport::of_one(&visa).unwrap();
        match Verification::begin(one, &old, expired).remembering(&memory).step() {
            Step::Done(result) => assert_eq!(codes(&result.unwrap()), ["EXPIRED"], "{name}, and expired"),
            Step::Need(request) => panic!("{request:?}"),
        }
        assert!(memory.is_empty(), "{name}: what no longer counts is forgotten");
    }
}

#[test]
fn keys_are_asked_for_though_the_visa_is_remembered_and_their_loss_counts() {
    let mut world = World::new();
    let visa = world.visa(grant());
    let keys: KeySet = serde_json::from_value(world.a.jwks()).unwrap();
    let issuers = world.trust["trusted_visa_issuers"].as_array_mut().unwrap();
    issuers[0].as_object_mut().unwrap().remove("keys");
    let (trust, memory) = (world.policy(), VerifiedTokens::default());
    let ask = |supplied: KeySet| {
        let mut verification =
            Verification::begin(Passport::of_one(&visa).unwrap(), &trust, now()).remembering(&memory);
        assert!(
            matches!(verification.step(), Step::Need(_)),
            "keys are asked for each time"
        );
        verification.supply(Ok(Supplied::from(supplied)));
        match verification.step() {
            Step::Done(result) => codes(&result.unwrap()),
            Step::Need(request) => panic!("{request:?}"),
        }
    };
    assert_eq!(ask(keys.clone()), ["OK"]);
    assert_eq!(ask(keys.clone()), ["OK"]);
    assert_eq!(ask(KeySet::empty()), ["BAD_SIGNATURE"], "the issuer took its key away");
    assert_eq!(ask(keys), ["OK"]);
}

#[test]
fn what_does_not_count_is_not_remembered_and_what_is_stays_within_bounds() {
    let world = World::new();
    let trust = world.policy();
    let memory = VerifiedTokens::new(16 * 16 * 1024, 64);
    let good = world.visa(grant());
    let broken = format!("{}AAAA", &good[..good.len() - 4]);
    let refused = world.visa_with(grant(), |_, c| c["exp"] = json!(NOW - 1_000));
    let passport = world.passport(&[broken, refused]);
    assert_eq!(judged(&passport, &trust, now(), &memory), ["BAD_SIGNATURE", "EXPIRED"]);
    assert!(memory.is_empty());
    for round in 0..4 {
        let visas: Vec<String> = (0..50)
            .map(|i| world.visa(with(grant(), "value", json!(format!("{DATASET}/{round}/{i}")))))
            .collect();
        let all = judged(&world.passport(&visas), &trust, now(), &memory);
        assert!(
            all.len() == 50 && all.iter().all(|code| *code == "OK"),
            "on several cores too"
        );
    }
    assert!((1..=64).contains(&memory.len()), "{}", memory.len());
}

#[test]
fn order_and_verdicts_are_the_same_whether_judged_at_once_or_in_parts() {
    let world = World::new();
    let trust = world.policy();
    let visas: Vec<String> = (0..60)
        .map(|i| match i % 3 {
            0 => world.visa(grant()),
            1 => world.visa_with(grant(), |_, c| c["exp"] = json!(NOW - 1_000)),
            _ => world.visa(object("AffiliationAndRole", "no role")),
        })
        .collect();
    let passport = Passport::parse(&world.passport(&visas)).unwrap();
    let at_once = match Verification::begin(passport.clone(), &trust, now()).step() {
        Step::Done(result) => codes(&result.unwrap()),
        Step::Need(request) => panic!("{request:?}"),
    };
    let mut verification = Verification::begin(passport, &trust, now());
    let mut pauses = 0;
    let in_parts = loop {
        match verification.part(7) {
            None => pauses += 1,
            Some(Step::Done(result)) => break codes(&result.unwrap()),
            Some(Step::Need(request)) => panic!("{request:?}"),
        }
    };
    assert_eq!((at_once.as_slice(), pauses), (in_parts.as_slice(), 60 / 7));
    assert_eq!(
        at_once.chunks(3).next(),
        Some(&["OK", "EXPIRED", "BAD_VALUE_FORMAT"][..])
    );
}
