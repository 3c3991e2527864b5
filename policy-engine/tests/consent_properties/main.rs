//! What holds for every question (`consent.md` 8), on random ones.

#![cfg(test)]

mod questions;

use std::collections::BTreeSet;

use policy_engine::consent::{
    Access, Approval, Basis, Categories, Category, ConsentHold, HoldKind, HoldScope, Input, Name, Operation, Output,
    PurposeBasis, Stage, State, Tables, Term, Verdict, evaluate,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::RngAlgorithm;
use serde_json::json;
use visa_verifier::seam::Timestamp;

use questions::{REGISTERED, approval, dataset, group, hold, paper, question, term};

fn judge(input: &Input) -> Output {
    evaluate(input, Tables::builtin())
}

fn decision(input: &Input) -> Verdict {
    judge(input).decision
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

type Places = BTreeSet<(String, Option<Name>, Option<Name>, Option<Name>)>;

fn sets(output: &Output) -> (Verdict, Places, Places, Places, Option<Timestamp>) {
    let reasons = output.reasons.iter().map(|one| {
        (
            one.code.to_string(),
            one.dataset.clone(),
            one.group.clone(),
            one.term.clone(),
        )
    });
    let duties = output.obligations.iter().map(|one| {
        (
            format!("{} {:?}", one.code, one.date),
            Some(one.dataset.clone()),
            one.group.clone(),
            one.term.clone(),
        )
    });
    let warnings = output.warnings.iter().map(|one| {
        (
            one.code.to_string(),
            Some(one.dataset.clone()),
            one.group.clone(),
            one.term.clone(),
        )
    });
    (
        output.decision,
        reasons.collect(),
        duties.collect(),
        warnings.collect(),
        output.valid_until,
    )
}

/// JSON Pointers of every object in a document.
fn objects(value: &serde_json::Value, at: String) -> Vec<String> {
    let inner: Vec<String> = match value {
        serde_json::Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| objects(member, format!("{at}/{name}")))
            .collect(),
        serde_json::Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(index, item)| objects(item, format!("{at}/{index}")))
            .collect(),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => Vec::new(),
    };
    let own = value.is_object().then_some(at);
    own.into_iter().chain(inner).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, max_global_rejects: 1_000_000, rng_algorithm: RngAlgorithm::XorShift, ..ProptestConfig::default() })]

    #[test]
    fn a_permit_stays_one_until_it_ends(mut input in question(), ahead in 0u32..100_000_000) {
        let output = judge(&input);
        prop_assume!(output.decision == Verdict::Permit);
        let last = output.valid_until.map_or(i64::MAX, |end| end.unix() - 1);
        input.context.now = Timestamp::from_unix((input.context.now.unix() + i64::from(ahead)).min(last));
        prop_assert_eq!(decision(&input), Verdict::Permit);
        if let Some(end) = output.valid_until {
            input.context.now = Timestamp::from_unix(end.unix() - 1);
            prop_assert_eq!(decision(&input), Verdict::Permit);
        }
    }

    /// What somebody decided to begin or end later (a start, the end of a hold or a moratorium) is no going on of time,
    /// and where two visas disagree on a house the end of one may settle it: without these, nothing gets better.
    #[test]
    fn time_going_on_without_a_new_grant_never_widens(mut input in question(), ahead in 1u32..200_000_000) {
        let now = input.context.now;
        input.approvals.retain(|one| one.starts <= now);
        input.purpose.ethics.retain(|one| one.starts <= now);
        input.user.affiliations.truncate(1);
        for dataset in &mut input.datasets {
            dataset.holds.retain(|hold| hold.until().is_none());
            dataset.uses.iter_mut().for_each(|group| group.terms.retain(|term| term.id.as_str() != "DUO:0000024"));
        }
        let before = decision(&input);
        input.context.now = Timestamp::from_unix(now.unix() + i64::from(ahead));
        prop_assert!(decision(&input) >= before, "after {} seconds", ahead);
    }

    #[test]
    fn one_more_restriction_never_betters(input in question(), term in term(), hold in hold(), group in group("g9"), dataset in dataset("d9")) {
        let before = decision(&input);
        let mut held = input.clone();
        held.datasets[0].holds.push(serde_json::from_value::<ConsentHold>(hold).unwrap());
        prop_assert!(decision(&held) >= before, "a hold");
        let mut wider = input.clone();
        if wider.datasets[0].groups.is_none() {
            wider.datasets[0].uses.push(serde_json::from_value(group).unwrap());
            prop_assert!(decision(&wider) >= before, "a group");
        }
        let mut joined = input.clone();
        joined.datasets.push(serde_json::from_value(dataset).unwrap());
        prop_assert!(decision(&joined) >= before, "a dataset");
        let mut agreed = input.clone();
        agreed.datasets[0].approval_sets.push(BTreeSet::from([name("level3")]));
        prop_assert!(decision(&agreed) >= before, "an approval set");
        let mut labelled = input.clone();
        let term: Term = serde_json::from_value(term).unwrap();
        let terms = &mut labelled.datasets[0].uses[0].terms;
        let permission = ["DUO:0000004", "DUO:0000005", "DUO:0000006", "DUO:0000007", "DUO:0000011", "DUO:0000042"];
        let first = permission.contains(&term.id.as_str()) && !terms.iter().any(|one| permission.contains(&one.id.as_str()));
        let again = terms.iter().any(|one| one.id == term.id);
        if term.id.as_str() != "DUO:0000043" && !first && !again {
            terms.push(term);
            prop_assert!(decision(&labelled) >= before, "a term");
        }
    }

    #[test]
    fn what_nobody_knows_never_widens(input in question(), place in any::<prop::sample::Index>()) {
        let before = decision(&input);
        let mut odd = input.clone();
        odd.datasets[0].uses[0].terms.push(Term::new(name("DUO:7654321")));
        prop_assert!(decision(&odd) == Verdict::Deny || input.datasets[0].groups.as_ref().is_some_and(|asked| !asked.contains("g1")));
        let mut unknown = input.clone();
        unknown.datasets[0].objects = None;
        unknown.datasets[0].participants = None;
        prop_assert!(decision(&unknown) >= before || input.stage == Stage::Apply);
        // an unknown member is refused wherever an object stands
        let value = serde_json::to_value(&input).unwrap();
        let places = objects(&value, String::new());
        let at = place.get(&places);
        let mut odd = value.clone();
        odd.pointer_mut(at).and_then(serde_json::Value::as_object_mut).unwrap().insert("deseases".to_owned(), json!([]));
        prop_assert!(Input::parse(odd.to_string().as_bytes()).is_err(), "a member nobody knows at `{}`", at);
    }

    #[test]
    fn one_more_fact_never_worsens(input in question(), approval in approval(), paper in paper("e9")) {
        let before = decision(&input);
        let approval: Approval = serde_json::from_value(approval).unwrap();
        let mut approved = input.clone();
        approved.approvals.push(approval);
        prop_assert!(decision(&approved) <= before, "an approval");
        let mut read = input.clone();
        read.purpose.ethics.push(serde_json::from_value(paper).unwrap());
        prop_assert!(decision(&read) <= before, "an ethics entry");
        let mut accepted = input.clone();
        for value in ["terms1", REGISTERED] {
            let entry = json!({"value": value, "source": "uni", "by": "so", "expires": "2030-01-01T00:00:00Z"});
            accepted.user.accepted_terms.push(serde_json::from_value(entry.clone()).unwrap());
            accepted.user.researcher_status.push(serde_json::from_value(entry).unwrap());
        }
        prop_assert!(decision(&accepted) <= before, "agreements and registration");
        let mut unread = input.clone();
        unread.approvals.iter_mut().for_each(|one| one.ethics.clear());
        prop_assert!(decision(&unread) >= before, "papers taken out of the approvals");
        let mut attested = input.clone();
        attested.approvals.iter_mut().filter_map(|one| one.purpose.as_mut()).for_each(|one| one.basis = Basis::Attested);
        prop_assert!(decision(&attested) >= before, "bound turned to attested");
    }

    #[test]
    fn fewer_diseases_or_categories_never_worsen_but_in_five_ways(input in question()) {
        let before = decision(&input);
        for disease in &input.purpose.diseases {
            let mut fewer = input.clone();
            fewer.purpose.diseases.remove(disease);
            prop_assert!(fewer.purpose.diseases.is_empty() || decision(&fewer) <= before, "without {}", disease);
        }
        for category in input.purpose.categories.iter() {
            let left: Vec<_> = input.purpose.categories.iter().filter(|one| *one != category).collect();
            let Ok(left) = Categories::new(&left) else { continue };
            let mut fewer = input.clone();
            fewer.purpose.categories = left;
                        let has = |id: &str| input.datasets.iter().flat_map(|one| &one.uses).flat_map(|one| &one.terms).any(|one| one.id.as_str() == id);
            let five = left.aims().is_empty()
                || (has("DUO:0000016") && !left.contains(Category::Genetic))
                || (has("DUO:0000011") && left.contains(Category::Genetic) && !left.contains(Category::Ancestry))
                || (has("DUO:0000015") && left.aims().is_within(Categories::METHODS))
                || (left.contains(Category::SocialScience) && !left.meets(Categories::HEALTH));
            prop_assert!(five || decision(&fewer) <= before, "without {}", category);
        }
    }

    #[test]
    fn order_and_repetition_do_not_matter(input in question()) {
        let before = judge(&input);
        prop_assert_eq!(serde_json::to_vec(&before).unwrap(), serde_json::to_vec(&judge(&input)).unwrap());
        let mut turned = input.clone();
        turned.datasets.reverse();
        for dataset in &mut turned.datasets {
            dataset.uses.reverse();
            dataset.holds.reverse();
            dataset.uses.iter_mut().for_each(|group| group.terms.reverse());
        }
        turned.user.affiliations.reverse();
        prop_assert_eq!(sets(&before), sets(&judge(&turned)));
        let mut doubled = input.clone();
        for group in doubled.datasets.iter_mut().flat_map(|dataset| &mut dataset.uses) {
            group.terms.extend(group.terms.clone());
        }
        prop_assert_eq!(sets(&before), sets(&judge(&doubled)));
    }

    #[test]
    fn some_things_nothing_opens(input in question()) {
        let mut held = input.clone();
        let from = "2026-01-01T00:00:00Z".parse().unwrap();
        held.datasets[0].holds.push(ConsentHold::new(name("h9"), HoldKind::Withdrawn, HoldScope::Dataset, None, from, None).unwrap());
        prop_assert_eq!(decision(&held), Verdict::Deny, "a hold that hits");
        let mut closed = input.clone();
        closed.datasets[0].state = State::Suspended;
        prop_assert_eq!(decision(&closed), Verdict::Deny, "a suspended dataset");
        let mut bound = input.clone();
        bound.datasets[0].bound_purpose = true;
        bound.stage = Stage::Use;
        bound.datasets[0].access = Access::Controlled;
        let output = judge(&bound);
        prop_assert!(output.per_dataset[0].decision == Verdict::Deny || output.per_dataset[0].basis == PurposeBasis::Bound);
        if input.purpose.categories.has_barred() {
            prop_assert_eq!(decision(&input), Verdict::Deny, "a barred use");
        }
    }

    #[test]
    fn every_answer_is_whole(input in question()) {
        let output = judge(&input);
        let worst = output.per_dataset.iter().map(|one| one.decision).max().unwrap();
        let whole = output.reasons.iter().any(|one| one.dataset.is_none());
        prop_assert_eq!(output.decision, if whole { Verdict::Deny } else { worst });
        prop_assert_eq!(output.decision == Verdict::Permit, output.reasons.is_empty());
        prop_assert!(output.decision == Verdict::Permit || output.valid_until.is_none());
        prop_assert!(output.decision != Verdict::Deny || output.obligations.is_empty());
        prop_assert!(output.valid_until.is_none_or(|end| end > input.context.now));
        for reason in &output.reasons {
            prop_assert!(!reason.message.is_empty() && !reason.remedy.is_empty(), "{}", reason.code);
        }
        let seen: BTreeSet<_> = output.reasons.iter().map(|one| (one.code, &one.dataset, &one.group, &one.term)).collect();
        prop_assert_eq!(seen.len(), output.reasons.len(), "each reason once");
        let text = serde_json::to_vec(&input).unwrap();
        prop_assert_eq!(Input::parse(&text).unwrap(), input, "a question survives being written and read");
    }
}

#[test]
fn the_random_questions_meet_all_three_answers() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut counts = [0_usize; 3];
    for _ in 0..1000 {
        let input = question().new_tree(&mut runner).unwrap().current();
        counts[decision(&input) as usize] += 1;
        assert!(matches!(
            input.action,
            Operation::Compute | Operation::Download | Operation::Export | Operation::Publish
        ));
    }
    let [permits, reviews, denials] = counts;
    assert!(
        permits >= 100 && reviews >= 5 && denials >= 100,
        "permit, review, deny: {counts:?}"
    );
}
