//! What holds for all Passports: bits, order, absence, time.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use visa_verifier::verify::Step;
use visa_verifier::{Passport, PassportRejected, Timestamp, TrustPolicy, Verification, VerifiedPassport};

use super::hostile_support::Doors;
use super::support::{A, A_JKU, B, B_JKU, BROKER, BROKER_JKU, DATASET, NOW, World, object, visa_of, with};

static DOORS: LazyLock<(Doors, [String; 3])> = LazyLock::new(|| {
    let doors = Doors::new();
    let good = doors.goods().map(|good| good.sign());
    (doors, good)
});

/// A world in which links, chains and conditions all do something; nobody's subjects are said to be unique.
static WORLD: LazyLock<(World, TrustPolicy)> = LazyLock::new(|| {
    let mut world = World::new();
    world.set(BROKER, "may_link", json!(["*"]));
    world.set(A, "may_link", json!([B]));
    world.set(BROKER, "chain", json!(true));
    world.set(A, "chain", json!(true));
    let policy = world.policy();
    (world, policy)
});

static UNIQUE: LazyLock<TrustPolicy> = LazyLock::new(|| {
    let mut trust = WORLD.0.trust.clone();
    for issuer in trust["trusted_visa_issuers"].as_array_mut().unwrap() {
        issuer["unique_ids"] = json!(true);
    }
    serde_json::from_value(trust).unwrap()
});

/// One visa of a few issuers, subjects, types, conditions and ends: small enough that they often meet.
#[derive(Clone, Debug)]
struct Recipe {
    issuer: usize,
    sub: usize,
    object: Value,
    shift: i64,
    broken: bool,
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let identity = prop::sample::select(vec![
        "u1,https%3A%2F%2Fvisas.example.org",
        "u2,https%3A%2F%2Fvisas.example.org",
        "w9,https%3A%2F%2Fissuer-b.example.net",
        "b-1,https%3A%2F%2Fbroker.example.org",
    ]);
    let links = prop::collection::vec(identity, 1..3).prop_map(|l| object("LinkedIdentities", &l.join(";")));
    let object = prop_oneof![
        Just(object("ControlledAccessGrants", DATASET)),
        Just(object("AffiliationAndRole", "faculty@uni-a.example")),
        Just(object("AffiliationAndRole", "student@uni-b.example")),
        Just(object("ResearcherStatus", "https://s.example/1")),
        links,
    ];
    let clause = prop::sample::select(vec![
        json!({"type": "AffiliationAndRole", "value": "pattern:faculty@*"}),
        json!({"type": "AffiliationAndRole", "value": "split_pattern:*@uni-b.example"}),
        json!({"type": "ResearcherStatus", "value": "const:https://s.example/1"}),
        json!({"type": "LinkedIdentities", "by": "const:dac"}),
        json!({"type": "LinkedIdentities"}),
    ]);
    let groups = prop::collection::vec(prop::collection::vec(clause, 0..3), 0..3);
    (
        0..3_usize,
        0..2_usize,
        object,
        prop::option::weighted(0.4, groups),
        -50..4_i64,
        prop::bool::weighted(0.05),
    )
        .prop_map(|(issuer, sub, object, conditions, ends, broken)| Recipe {
            issuer,
            sub,
            object: conditions.map_or(object.clone(), |c| with(object, "conditions", json!(c))),
            shift: 100 - 2 * ends,
            broken,
        })
}

impl Recipe {
    /// The visa, all of its instants shifted.
    fn visa(&self, by: i64) -> String {
        let world = &WORLD.0;
        let (key, iss, jku, subs) = [
            (&world.a, A, A_JKU, ["u1", "u2"]),
            (&world.b, B, B_JKU, ["w9", "w10"]),
            (&world.broker, BROKER, BROKER_JKU, ["b-1", "b-2"]),
        ][self.issuer];
        let mut object = self.object.clone();
        object["asserted"] = json!(NOW - 1_000_000 + by);
        let visa = visa_of(key, iss, jku, subs[self.sub], object, |h, c| {
            if iss == BROKER {
                h["kid"] = json!("b1");
            }
            c["iat"] = json!(NOW - 600 + by);
            c["nbf"] = json!(NOW - 600 + by);
            c["exp"] = json!(NOW + self.shift + by);
        });
        if self.broken { visa.replacen('.', "x.", 1) } else { visa }
    }
}

fn passport(visas: &[String], by: i64) -> String {
    WORLD.0.passport_with(visas, |_, c| {
        c["iat"] = json!(NOW - 60 + by);
        c["exp"] = json!(NOW + 3_600 + by);
    })
}

fn judged(passport: &str, policy: &TrustPolicy, at: i64) -> Result<VerifiedPassport, PassportRejected> {
    let mut verification = Verification::begin(Passport::parse(passport)?, policy, Timestamp::from_unix(at));
    match verification.step() {
        Step::Done(result) => *result,
        Step::Need(request) => panic!("{request:?}"),
    }
}

/// Per visa: its code, and until when it holds, counted from `at`.
fn verdicts(visas: &[String], policy: &TrustPolicy, by: i64) -> Vec<(&'static str, Option<i64>)> {
    let judged = judged(&passport(visas, by), policy, NOW + by).unwrap();
    let good = judged.visas().iter();
    let mut all: BTreeMap<usize, _> = good
        .map(|v| (v.index(), ("OK", Some(v.holds_until().unix() - NOW - by))))
        .collect();
    all.extend(judged.rejected().iter().map(|r| (r.index(), (r.code().as_str(), None))));
    assert_eq!(all.len(), visas.len());
    all.into_values().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    /// CLH-09: every bit counts, those that make the text no UTF-8 too (a token is text).
    #[test]
    fn any_single_bit_change_in_a_signed_token_is_rejected(at in any::<Index>(), bit in 0_u8..8) {
        let (doors, good) = &*DOORS;
        let change = |token: &str| {
            let mut bytes = token.as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            String::from_utf8(bytes).ok()
        };
        if let Some(visa) = change(&good[0]) { prop_assert_ne!(doors.visa(&visa), "OK"); }
        if let Some(passport) = change(&good[1]) { prop_assert_ne!(doors.passport(&passport), "OK"); }
        if let Some(bearer) = change(&good[2]) { prop_assert_ne!(doors.bearer(&bearer), "OK"); }
        prop_assert_eq!([doors.visa(&good[0]), doors.passport(&good[1]), doors.bearer(&good[2])], ["OK"; 3]);
    }

    #[test]
    fn any_byte_put_in_left_out_or_doubled_is_rejected(at in any::<Index>(), byte in any::<u8>(), how in 0..3) {
        let (doors, good) = &*DOORS;
        let change = |token: &str| {
            let mut bytes = token.as_bytes().to_vec();
            let at = at.index(bytes.len());
            match how {
                0 => bytes.insert(at, byte),
                1 => { bytes.remove(at); }
                _ => bytes.insert(at, bytes[at]),
            }
            String::from_utf8(bytes).ok()
        };
        if let Some(visa) = change(&good[0]) { prop_assert_ne!(doors.visa(&visa), "OK"); }
        if let Some(passport) = change(&good[1]) { prop_assert_ne!(doors.passport(&passport), "OK"); }
        if let Some(bearer) = change(&good[2]) { prop_assert_ne!(doors.bearer(&bearer), "OK"); }
    }

    /// Neither code nor end of a visa hangs on where it stands, contradictory links included.
    #[test]
    fn the_order_of_visas_does_not_change_a_verdict(
        recipes in prop::collection::vec(recipe(), 1..9),
        order in prop::collection::vec(any::<u32>(), 9),
    ) {
        let visas: Vec<String> = recipes.iter().map(|r| r.visa(0)).collect();
        let mut places: Vec<usize> = (0..visas.len()).collect();
        places.sort_by_key(|at| order[*at]);
        let mixed: Vec<String> = places.iter().map(|at| visas[*at].clone()).collect();
        for policy in [&WORLD.1, &*UNIQUE] {
            let (straight, other) = (verdicts(&visas, policy, 0), verdicts(&mixed, policy, 0));
            let back: Vec<_> = places.iter().map(|at| straight[*at]).collect();
            prop_assert_eq!(other, back);
        }
    }

    /// Removing a visa never makes another valid, nor valid for longer: every check but one only ever asks for
    /// visas that are there. The one is the contradiction: a set of links with two subjects of a provider that gives
    /// one is refused whole (trust rule 8), and without the visa that brought the second subject it is none. So what
    /// can come back is what that set had refused, and what rested on it; where nothing contradicts, nothing does.
    /// (Bounds on sizes and steps refuse more the more there is; they are far away here.)
    #[test]
    fn removing_a_visa_never_makes_another_valid(recipes in prop::collection::vec(recipe(), 2..9), gone in any::<Index>()) {
        let visas: Vec<String> = recipes.iter().map(|r| r.visa(0)).collect();
        let gone = gone.index(visas.len());
        let mut fewer = visas.clone();
        fewer.remove(gone);
        for policy in [&WORLD.1, &*UNIQUE] {
            let mut before = verdicts(&visas, policy, 0);
            let contradiction = before.iter().any(|(code, _)| *code == "LINKS_CONTRADICT");
            before.remove(gone);
            for (was, is) in before.into_iter().zip(verdicts(&fewer, policy, 0)) {
                let more = is.0 == "OK" && (was.0 != "OK" || is.1 > was.1);
                prop_assert!(!more || contradiction, "{was:?} became {is:?}");
            }
        }
    }

    #[test]
    fn verify_at_a_time_equals_verify_with_shifted_clock_and_tokens(
        recipes in prop::collection::vec(recipe(), 1..7),
        by in prop_oneof![-1_600_000_000_i64..5_000_000_000, -100_i64..100],
    ) {
        // stays between 1970 and 2200, where instants are
        let by = by.max(1_100_000 - NOW);
        let visas = |by: i64| recipes.iter().map(|r| r.visa(by)).collect::<Vec<String>>();
        prop_assert_eq!(verdicts(&visas(0), &WORLD.1, 0), verdicts(&visas(by), &WORLD.1, by));
    }

    /// As time goes on visas only end: none that is over comes back (EXP-02, CLH-22).
    #[test]
    fn what_holds_until_an_instant_holds_up_to_it_and_not_at_it(recipes in prop::collection::vec(recipe(), 1..7)) {
        let visas: Vec<String> = recipes.iter().map(|r| r.visa(0)).collect();
        let whole = passport(&visas, 0);
        let until: Vec<(usize, i64)> = {
            let now = judged(&whole, &WORLD.1, NOW).unwrap();
            now.visas().iter().map(|v| (v.index(), v.holds_until().unix())).collect()
        };
        for (index, until) in until {
            let counts = |at: i64| judged(&whole, &WORLD.1, at).unwrap().visas().iter().any(|v| v.index() == index);
            prop_assert!(counts(until - 1), "visa {index} holds a second before its end");
            prop_assert!(!counts(until), "visa {index} is over at its end");
        }
    }
}
