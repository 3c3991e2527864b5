//! Hostile conditions and links: what they may cost, shown by counted steps and never by a clock (CND-24, LNK-11).

use proptest::prelude::*;
use serde_json::{Value, json};
use visa_verifier::visa::{Budget, Clause, Conditions, Matcher};

use super::support::{BROKER, BROKER_JKU, NOW, World, bound_grant, faculty, grant, object, visa_of, with};

fn matcher(text: &str) -> Matcher {
    let conditions = Conditions::read(&json!([[{"type": "T", "value": text}]])).unwrap();
    let Clause::Wants { members, .. } = &conditions.groups()[0][0] else {
        panic!("it was read: {text}")
    };
    members[0].1.clone()
}

/// Whether it matches, and how many steps that took.
fn cost(pattern: &str, text: &str) -> (bool, u64) {
    let mut budget = Budget::of(u64::MAX);
    let matched = matcher(pattern).matches(text, &mut budget);
    (matched, u64::MAX - budget.left())
}

fn bound(pattern: &str, text: &str) -> u64 {
    let length = |text: &str| text.chars().count() as u64;
    (length(pattern) + 1) * (length(text) + 1)
}

#[test]
fn the_worst_patterns_known_cost_no_more_than_pattern_times_text() {
    let long = |text: &str, times: usize| text.repeat(times);
    for (name, pattern, text, matches) in [
        (
            "stars between letters",
            format!("{}b", long("*a", 2_000)),
            long("a", 4_000),
            false,
        ),
        ("stars alone", long("*", 10_000), long("a", 10_000), true),
        (
            "stars and one letter, on separators",
            format!("{}a", long("*", 10_000)),
            long(";", 10_000),
            false,
        ),
        (
            "one star and a long tail",
            format!("*{}b", long("a", 3_000)),
            long("a", 6_000),
            false,
        ),
        ("question marks", long("?", 5_000), long("a", 5_001), false),
        (
            "question marks behind stars",
            format!("{}?b", long("*?", 2_000)),
            long("a", 4_000),
            false,
        ),
        (
            "letters of four bytes",
            format!("{}b", long("*🧬", 1_000)),
            long("🧬", 3_000),
            false,
        ),
        (
            "nearly at each place",
            format!("*{}b*", long("ab", 500)),
            long("ab", 3_000),
            false,
        ),
        ("an empty pattern", String::new(), long("a", 10_000), false),
        ("an empty text", long("*", 10_000), String::new(), true),
    ] {
        for prefix in ["pattern", "split_pattern"] {
            let (matched, steps) = cost(&format!("{prefix}:{pattern}"), &text);
            assert!(steps <= bound(&pattern, &text), "{name} ({prefix}): {steps} steps");
            assert!(matched == matches || text.contains(';'), "{name} ({prefix})");
        }
    }
    let (matched, steps) = cost(&format!("const:{}", "a".repeat(10_000)), &"a".repeat(10_000));
    assert!(matched && steps < 200, "const is compared as a whole: {steps}");
    // doubling both lengths multiplies the steps by four and no more
    let steps = |n: usize| cost(&format!("pattern:{}b", "*a".repeat(n)), &"a".repeat(2 * n)).1;
    assert!(steps(1_600) < 5 * steps(800), "{} and {}", steps(800), steps(1_600));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn no_pattern_costs_more_than_pattern_times_text(pattern in "[ab?*;🧬]{0,60}", text in "[ab;🧬]{0,120}") {
        for prefix in ["pattern", "split_pattern"] {
            let (_, steps) = cost(&format!("{prefix}:{pattern}"), &text);
            prop_assert!(steps <= bound(&pattern, &text), "{steps}");
        }
    }

    #[test]
    fn a_spent_budget_never_makes_a_match(pattern in "[ab?*]{0,12}", text in "[ab;]{0,20}", steps in 0_u64..60) {
        let matcher = matcher(&format!("split_pattern:{pattern}"));
        let (mut little, mut full) = (Budget::of(steps), Budget::full());
        let (few, all) = (matcher.matches(&text, &mut little), matcher.matches(&text, &mut full));
        prop_assert!(!little.is_spent() || !few);
        prop_assert!(little.is_spent() || few == all);
    }
}

/// CND-24: they are counted before one of them is read.
#[test]
fn a_million_clauses_are_too_many_conditions() {
    let clause = json!({"type": "AffiliationAndRole", "value": "pattern:*a*b"});
    for (name, conditions) in [
        ("in one group", json!([vec![clause.clone(); 1_000_000]])),
        ("in groups of one", Value::from(vec![json!([clause]); 1_000_000])),
        (
            "in 64 groups",
            Value::from(vec![Value::from(vec![clause.clone(); 15_625]); 64]),
        ),
    ] {
        let error = format!("{:?}", Conditions::read(&conditions).unwrap_err());
        assert_eq!(error, "TooManyConditions", "a million {name}");
    }
}

/// A Passport of conditions that would cost far more than may be spent: those with conditions are dropped under
/// their own code, in whatever order they stand, and nobody else's visa is touched.
#[test]
fn conditions_that_cost_too_much_are_dropped_and_nothing_else_is() {
    let world = World::new();
    let text = "a".repeat(6_000);
    let hostile: Vec<Value> = (0..8)
        .map(|n| json!([{"type": "AffiliationAndRole", "value": format!("pattern:*{}b{n}", "a".repeat(300))}]))
        .collect();
    let mut visas = vec![world.visa(bound_grant()), world.visa(faculty()), world.visa(grant())];
    visas.push(world.visa(with(grant(), "conditions", json!(hostile))));
    let roles = (0..1).map(|n| world.visa(object("AffiliationAndRole", &format!("faculty@{text}{n}"))));
    visas.extend(roles);
    // few candidates are judged
    assert_eq!(world.codes(&visas)[..4], ["OK", "OK", "OK", "CONDITIONS_NOT_MET"]);
    // many are not: 8 patterns of 300 on 12 texts of 6,000
    visas.extend((1..12).map(|n| world.visa(object("AffiliationAndRole", &format!("faculty@{text}{n}")))));
    let want = ["TOO_MANY_CONDITIONS", "OK", "OK", "TOO_MANY_CONDITIONS"];
    assert_eq!(world.codes(&visas)[..4], want);
    visas.reverse();
    let mut codes = world.codes(&visas);
    codes.reverse();
    assert_eq!(codes[..4], want, "in the other order");
}

/// Visas that end at 180 instants, most conditioned on the one that ends first, beside links of 12,000 entries:
/// ends are found by halving, links are joined by union-find, so this ends at once.
#[test]
fn many_links_conditions_and_ends_are_judged_in_one_go() {
    let mut world = World::new();
    world.set(BROKER, "may_link", json!(["*"]));
    let until = |seconds: i64| move |_: &mut Value, c: &mut Value| c["exp"] = json!(NOW + 1_000 + seconds);
    let conditions = json!(vec![
        json!([{"type": "AffiliationAndRole", "value": "const:faculty@uni-a.example"}]);
        40
    ]);
    let mut visas = vec![world.visa_with(faculty(), until(0))];
    for n in 1..120 {
        visas.push(world.visa_with(with(grant(), "conditions", conditions.clone()), until(n)));
    }
    for n in 0..60 {
        let entries: Vec<String> = (0..200).map(|e| format!("{},urn%3Ax", n * 150 + e)).collect();
        let value = object("LinkedIdentities", &entries.join(";"));
        visas.push(visa_of(&world.broker, BROKER, BROKER_JKU, "b-1", value, |h, c| {
            h["kid"] = json!("b1");
            c["exp"] = json!(NOW + 2_000 + n);
        }));
    }
    let judged = world.judge(&world.passport(&visas)).unwrap();
    assert_eq!(judged.visas().len(), visas.len());
    let held = judged.visas().iter().filter(|v| v.object().conditions().is_some());
    assert!(
        held.into_iter().all(|v| v.holds_until().unix() == NOW + 1_000),
        "each ends with what it rests on"
    );
    assert_eq!(judged.identities().len(), 59 * 150 + 200 + 1);
}
