//! What holds for all inputs: nothing panics, and a flipped bit never verifies.

use std::sync::LazyLock;

use super::support::{self, World, bound_grant, faculty, grant};
use proptest::prelude::*;
use serde_json::json;
use visa_verifier::report::VerifyInput;
use visa_verifier::trust::TrustFormat;
use visa_verifier::visa::{Budget, Conditions, Links, Matcher, VisaIdentity, is_url_claim, percent_encode};
use visa_verifier::{KeySet, Passport, Timestamp, TrustPolicy};

static WORLD: LazyLock<(World, TrustPolicy, String)> = LazyLock::new(|| {
    let world = World::new();
    let passport = world.passport(&[world.visa(bound_grant()), world.visa(faculty())]);
    let policy = world.policy();
    (world, policy, passport)
});

/// The obvious definition, as slow as it likes.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), None) => naive(rest, text),
        (Some(('*', rest)), Some((_, shorter))) => naive(rest, text) || naive(pattern, shorter),
        (Some(('?', rest)), Some((_, shorter))) => naive(rest, shorter),
        (Some((p, rest)), Some((t, shorter))) => p == t && naive(rest, shorter),
        (None | Some(_), _) => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn any_text_is_judged_without_a_panic(text in "\\PC*") {
        let (_, policy, _) = &*WORLD;
        if let Ok(passport) = Passport::parse(&text) {
            let _ = support::judge(passport, policy);
        }
        let _ = support::judge(Passport::of_one(&text).unwrap(), policy);
        let _ = KeySet::from_slice(text.as_bytes());
        let _ = TrustPolicy::from_file_text(&text, TrustFormat::Json, "t");
        let _ = TrustPolicy::from_file_text(&text, TrustFormat::Toml, "t");
        let _ = VerifyInput::read(text.as_bytes());
        let _ = Links::read(&text);
        let _ = is_url_claim(&text);
        let _ = text.parse::<Timestamp>();
    }

    #[test]
    fn any_object_in_a_signed_visa_is_judged_without_a_panic(
        kind in prop_oneof![Just("AffiliationAndRole".to_owned()), Just("LinkedIdentities".to_owned()), ".{0,20}"],
        value in ".{0,40}",
        source in prop_oneof![Just("https://s.example".to_owned()), ".{0,20}"],
        asserted in prop_oneof![any::<i64>().prop_map(|n| json!(n)), any::<f64>().prop_map(|n| json!(n)), Just(json!("x"))],
        clause in ".{0,20}",
    ) {
        let (world, _, _) = &*WORLD;
        let object = json!({"type": kind, "value": value, "source": source, "asserted": asserted,
            "conditions": [[{"type": kind, "value": clause}]]});
        prop_assert_eq!(world.codes(&[world.visa(object)]).len(), 1);
    }

    #[test]
    fn a_changed_character_of_a_passport_never_verifies(at in any::<prop::sample::Index>(), bit in 0_u8..7) {
        let (world, _, passport) = &*WORLD;
        let mut bytes = passport.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(changed) = String::from_utf8(bytes) {
            prop_assert!(world.judge(&changed).is_err());
        }
    }

    #[test]
    fn a_changed_character_of_a_visa_never_verifies(at in any::<prop::sample::Index>(), bit in 0_u8..7) {
        let (world, policy, _) = &*WORLD;
        static VISA: LazyLock<String> = LazyLock::new(|| WORLD.0.visa(grant()));
        let mut bytes = VISA.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(changed) = String::from_utf8(bytes) {
            let judged = support::judge(Passport::of_one(&changed).unwrap(), policy).unwrap();
            prop_assert!(judged.visas().is_empty());
        }
        prop_assert_eq!(world.codes(std::slice::from_ref(&*VISA)), ["OK"]);
    }

    #[test]
    fn patterns_match_as_the_definition_says(pattern in "[ab?*]{0,8}", text in "[ab;\u{1f9ec}]{0,10}") {
        let condition = Conditions::read(&json!([[{"type": "T", "value": format!("pattern:{pattern}")}]])).unwrap();
        let visa_verifier::visa::Clause::Wants { members, .. } = &condition.groups()[0][0] else { panic!("it was read") };
        let matcher: &Matcher = &members[0].1;
        let chars = |text: &str| text.chars().collect::<Vec<char>>();
        prop_assert_eq!(matcher.matches(&text, &mut Budget::full()), naive(&chars(&pattern), &chars(&text)));
    }

    #[test]
    fn identities_survive_their_text(sub in "[ -~]{1,40}", iss in "[!-~]{1,40}") {
        let identity = VisaIdentity::new(iss.parse().unwrap(), sub.parse().unwrap());
        prop_assert_eq!(identity.to_string().parse::<VisaIdentity>(), Ok(identity.clone()));
        let value = format!("{identity};{identity}");
        let links = Links::read(&value).unwrap();
        prop_assert_eq!(links.entries(), &[identity.clone(), identity]);
        prop_assert!(!percent_encode(&sub).contains([',', ';', ' ']));
    }

    #[test]
    fn instants_survive_their_text(unix in -62_167_219_200_i64..=253_402_300_799) {
        let at = Timestamp::from_unix(unix);
        prop_assert_eq!(at.to_string().parse(), Ok(at));
    }

    #[test]
    fn whatever_expires_is_gone_for_good(seconds in 0_i64..200_000) {
        let (world, policy, passport) = &*WORLD;
        let at = |after: i64| {
            let mut verification = visa_verifier::Verification::begin(
                Passport::parse(passport).unwrap(), policy, Timestamp::from_unix(support::NOW + after));
            match verification.step() {
                visa_verifier::verify::Step::Done(result) => result.map(|p| p.visas().len()).unwrap_or(0),
                visa_verifier::verify::Step::Need(_) => 0,
            }
        };
        prop_assert!(at(seconds + 1) <= at(seconds), "{}", world.trust["audience"]);
    }
}
