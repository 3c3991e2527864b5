//! The shipped policies are proven; wrong ones are found out; a solver that is no solver proves nothing.

use std::{os::unix::fs::PermissionsExt as _, time::Duration};

use super::*;
use crate::{
    policy::Bundle,
    snapshot::{ObserveRow, PolicyText, TemplateLink},
};
use invariant::{floor, hold};
use visa_verifier::seam::Timestamp;

const NOW: Timestamp = Timestamp::from_unix(1_795_348_800);

/// These tests need cvc5; `cargo xtask test` installs it. A missing solver is no reason to pass.
fn solver() -> SolverCommand {
    SolverCommand::find(None).expect(NoSolver::HINT)
}

fn bundle(text: &str) -> Policies {
    let file = PolicyText {
        name: "own.cedar".to_owned(),
        text: text.to_owned(),
    };
    Bundle::of_policies(vec![file]).compile(NOW).unwrap()
}

fn shipped() -> Policies {
    Policies::shipped().unwrap()
}

fn in_session<T: Send>(work: impl FnOnce(&mut Session<'_>) -> T + Send) -> T {
    let solver = solver();
    on_a_large_stack(|| {
        // A busy machine is no reason to fail.
        let budget = Budget {
            whole: Duration::from_secs(3_600),
            ..Budget::default()
        };
        let mut session = Session::new(&solver, budget, SchemaParts::shared()?);
        Ok(work(&mut session))
    })
    .unwrap()
}

#[test]
fn the_shipped_policies_are_proven() {
    let policies = shipped();
    let task = Task {
        policies: &policies,
        invariants: true,
        against: Some(&policies),
    };
    let report = prove(&solver(), task, Budget::default()).unwrap();
    for property in &report.properties {
        eprintln!(
            "{:6} ms {:3} environments {:?} {}",
            property.millis, property.environments, property.verdict, property.says
        );
        assert_eq!(property.verdict, Verdict::Proven, "{property:?}");
        assert_eq!(property.on.len(), 2);
    }
    eprintln!(
        "{} pairs, {} ms; {} queries, {} ms in all",
        report.policies.pairs, report.policies.millis, report.queries, report.millis
    );
    assert_eq!(report.properties.len(), 24);
    assert_eq!(
        (report.policies.policies, report.policies.verdict),
        (79, Verdict::Proven),
        "{:?}",
        report.policies.findings
    );
    assert_eq!(report.verdict, Verdict::Proven);
}

#[test]
fn an_invariant_that_everything_meets_would_say_nothing() {
    let all = properties().unwrap();
    in_session(|session| {
        let nothing = floor(session, &[], |_| true).unwrap();
        for property in &all {
            let proof = hold(session, property, std::slice::from_ref(&nothing)).unwrap();
            assert_eq!(proof.verdict, Verdict::Violated, "{proof:?}");
        }
    });
}

#[test]
fn a_baseline_with_a_line_missing_is_caught_with_a_request_in_words() {
    // without, property, words of the counterexample
    let cases = [
        (
            "visum.baseline.consent",
            "consent",
            ["A researcher may", "what consent says is deny"],
        ),
        (
            "visum.baseline.withdrawal-stays",
            "withdrawal-no-person-releases-it-no-other-service",
            ["may release the hold (hold:release) on a hold", "the hold's kind is"],
        ),
        (
            "visum.baseline.controlled-needs-grant",
            "controlled-needs-a-live-grant-for-this-dataset",
            ["the data's class is controlled", "grant"],
        ),
    ];
    let all = properties().unwrap();
    in_session(|session| {
        let ones = parts::in_force(&shipped(), session.schema).unwrap();
        for (without, name, words) in cases {
            assert!(ones.iter().any(|one| one.id == without), "{without}");
            let set = floor(session, &ones, |id| id != without).unwrap();
            let property = all.iter().find(|property| property.id == name).unwrap();
            let proof = hold(session, property, &[set]).unwrap();
            assert_eq!(proof.verdict, Verdict::Violated, "{proof:?}");
            let told = &proof.counterexamples[0].words;
            eprintln!("{told}");
            for word in words {
                assert!(told.contains(word), "{told}");
            }
        }
    });
}

const STOP: &str = r#"@id("own.stop")
@reason("x")
@code("own.stop")
@remedy("x")
forbid (principal, action in Visum::Action::"data:release", resource is Visum::Dataset)
when { CONDITION };
"#;

const PERMIT: &str = r#"@id("own.permit")
@reason("x")
@needs("x")
permit (principal is Visum::Researcher, action == Visum::Action::"drs:access-url", resource is Visum::Dataset)
when { CONDITION };
"#;

fn own(form: &str, condition: &str) -> Policies {
    bundle(&form.replace("CONDITION", condition))
}

fn with(change: impl FnOnce(&mut Bundle)) -> Policies {
    let mut bundle = Bundle::shipped();
    change(&mut bundle);
    bundle.compile(NOW).unwrap()
}

fn link(id: &str, dataset: &str) -> TemplateLink {
    TemplateLink {
        template: "visum.template.group-dataset".to_owned(),
        id: id.to_owned(),
        principal: Some(crate::EntityName::new("Visum::Group", "g")),
        resource: Some(crate::EntityName::new("Visum::Dataset", dataset)),
        reason: None,
    }
}

fn watched(until: Timestamp) -> Policies {
    let file = PolicyText {
        name: "own.cedar".to_owned(),
        text: STOP.replace("CONDITION", "true"),
    };
    with(|bundle| {
        bundle.policies.push(file);
        bundle.manifest.observe.push(ObserveRow {
            policy: "own.stop".to_owned(),
            until,
            reason: "to see".to_owned(),
        });
    })
}

#[test]
fn a_new_version_is_no_wider_or_the_request_is_shown() {
    let day = |days: u64| NOW.plus(Duration::from_secs(days * 86_400));
    let commercial = "context has purpose && context.purpose.commercial";
    let same = "if context has purpose then context.purpose.commercial else false";
    // name, old, new, words of the counterexample
    let cases: Vec<(&str, Policies, Policies, Option<&str>)> = vec![
        ("nothing changed", shipped(), shipped(), None),
        ("a forbid more", shipped(), own(STOP, "true"), None),
        (
            "a permit that asks for no purpose",
            shipped(),
            own(PERMIT, "resource.minAuthn <= context.assurance.authn"),
            Some("a researcher may get a link to the data (drs:access-url) on a dataset"),
        ),
        (
            "a permit where the baseline forbids anyway",
            shipped(),
            own(PERMIT, "resource.mode == Visum::AccessMode::\"compute-only\""),
            None,
        ),
        (
            "a forbid less",
            own(STOP, "true"),
            shipped(),
            Some("Before, `own.stop` denied it."),
        ),
        (
            "a forbid that says the same otherwise",
            own(STOP, commercial),
            own(STOP, same),
            None,
        ),
        (
            "a forbid that denies more",
            own(STOP, commercial),
            own(STOP, "true"),
            None,
        ),
        (
            "a forbid that denies less",
            own(STOP, "true"),
            own(STOP, commercial),
            Some("commercial purpose: no"),
        ),
        (
            "a permit that permits less",
            own(PERMIT, "true"),
            own(PERMIT, "resource.discoverable"),
            None,
        ),
        (
            "a link more",
            shipped(),
            with(|bundle| bundle.links.push(link("own.link", "d"))),
            Some("belongs to group \"g\""),
        ),
        (
            "a link less",
            with(|bundle| bundle.links.push(link("own.link", "d"))),
            shipped(),
            None,
        ),
        (
            "a link by another name",
            with(|bundle| bundle.links.push(link("own.link", "d"))),
            with(|bundle| bundle.links.push(link("own.other", "d"))),
            None,
        ),
        (
            "a forbid only watched from now on",
            own(STOP, "true"),
            watched(day(3)),
            Some("own.stop"),
        ),
        ("watched as before", watched(day(3)), watched(day(3)), None),
        ("watched for longer", watched(day(3)), watched(day(4)), Some("own.stop")),
        ("watched no more, in force", watched(day(3)), own(STOP, "true"), None),
        ("watched no more, gone", watched(day(3)), shipped(), Some("own.stop")),
    ];
    let solver = solver();
    for (name, old, new, words) in cases {
        let proof = no_wider(&solver, &old, &new, Budget::default()).unwrap();
        eprintln!(
            "{name}: {:?}, {} rounds, {} ms",
            proof.verdict, proof.rounds, proof.millis
        );
        let Some(words) = words else {
            assert_eq!(proof.verdict, Verdict::Proven, "{name}: {proof:?}");
            continue;
        };
        assert_eq!(proof.verdict, Verdict::Violated, "{name}: {proof:?}");
        let told: Vec<&String> = proof.counterexamples.iter().map(|example| &example.words).collect();
        eprintln!("    {}", told[0]);
        let words = words.to_lowercase();
        assert!(
            told.iter().any(|told| told.to_lowercase().contains(&words)),
            "{name}: {told:?}"
        );
    }
}

#[test]
fn the_cost_of_a_comparison_follows_the_change() {
    let many = |further: Option<&str>| {
        with(|bundle| {
            bundle
                .links
                .extend((0..500).map(|at| link(&format!("own.{at}"), &format!("d{at}"))));
            let text = further.map(|condition| PERMIT.replace("CONDITION", condition));
            bundle.policies.extend(text.map(|text| PolicyText {
                name: "own.cedar".to_owned(),
                text,
            }));
        })
    };
    let widening = no_wider(
        &solver(),
        &many(None),
        &many(Some("resource.discoverable")),
        Budget::default(),
    )
    .unwrap();
    assert_eq!(widening.verdict, Verdict::Violated, "{widening:?}");
    let stop = with(|bundle| {
        bundle
            .links
            .extend((0..500).map(|at| link(&format!("own.{at}"), &format!("d{at}"))));
    });
    let same = no_wider(
        &solver(),
        &many(Some("resource.discoverable")),
        &stop,
        Budget::default(),
    )
    .unwrap();
    assert_eq!(same.verdict, Verdict::Proven, "{same:?}");
    eprintln!(
        "500 links beside: {} and {} rounds, {} and {} ms",
        widening.rounds, same.rounds, widening.millis, same.millis
    );
    assert!(
        widening.rounds < 60 && same.rounds < 60,
        "{} {}",
        widening.rounds,
        same.rounds
    );
}

#[test]
fn a_policy_that_does_nothing_is_found() {
    let solver = solver();
    let cases = [
        (
            "dead",
            own(STOP, "context.work.controlled && !context.work.controlled"),
            LintKind::Dead,
        ),
        (
            "errs for far-off times",
            own(
                STOP,
                "context.now.durationSince(context.assurance.authenticated) > duration(\"15m\")",
            ),
            LintKind::Errs,
        ),
        (
            "always overridden",
            own(PERMIT, "resource.mode == Visum::AccessMode::\"compute-only\""),
            LintKind::AlwaysOverridden,
        ),
    ];
    for (name, policies, kind) in cases {
        let task = Task {
            policies: &policies,
            invariants: false,
            against: None,
        };
        let report = prove(&solver, task, Budget::default()).unwrap();
        assert_eq!(report.verdict, Verdict::Violated, "{name}: {report:?}");
        let kinds: Vec<LintKind> = report.policies.findings.iter().map(|lint| lint.kind).collect();
        assert_eq!(kinds, [kind], "{name}: {:?}", report.policies.findings);
        assert_eq!(report.policies.policies, 1, "{name}: only its own");
    }
}

/// Each policy of the baseline with an invariant that falls without it.
const WEIGHT: [(&str, &str); 33] = [
    ("consent", "consent"),
    (
        "controlled-needs-grant",
        "controlled-needs-a-live-grant-for-this-dataset",
    ),
    ("registered-needs-researcher", "registered-needs-status-or-a-live-grant"),
    ("dataset-inactive", "inactive-dataset"),
    ("compute-only", "compute-only-never-released"),
    (
        "task-own-inputs",
        "task-or-run-own-inputs-queued-or-running-not-expired",
    ),
    ("run-own-inputs", "task-or-run-own-inputs-queued-or-running-not-expired"),
    ("node-certified", "node-certified-and-for-compute-only-secure"),
    ("compute-only-secure-node", "node-certified-and-for-compute-only-secure"),
    ("output-stays-secure", "body-seen-images-pinned-outputs-secure"),
    ("body-unseen", "body-seen-images-pinned-outputs-secure"),
    ("pinned-image", "body-seen-images-pinned-outputs-secure"),
    ("suspended-researcher", "suspended-owner-or-person-never-uses-data"),
    ("suspended-service", "suspended-owner-or-person-never-uses-data"),
    ("suspended-owner", "suspended-owner-or-person-never-uses-data"),
    ("suspended-run-owner", "suspended-owner-or-person-never-uses-data"),
    ("lockdown", "stopped-no-data"),
    ("work-is-private", "work-is-private"),
    ("run-is-private", "work-is-private"),
    ("logs-owner-only", "logs-owner-sharing-team-submitting-engine"),
    ("run-logs-owner-only", "logs-owner-sharing-team-submitting-engine"),
    ("four-eyes-policy", "policy-four-eyes-dual"),
    ("four-eyes-grant", "beneficiary-never-decides-or-issues"),
    ("four-eyes-output", "nobody-releases-outputs-that-they-asked-for"),
    ("dac-own-data", "only-the-dataset-s-committee-decides-issues-revokes"),
    ("four-eyes-change", "nobody-approves-their-own-change-dual"),
    (
        "change-two-persons",
        "no-widening-change-in-force-without-a-second-person-dual",
    ),
    ("change-own-committee", "a-dataset-change-is-approved-by-its-committee"),
    (
        "change-kind",
        "withdrawal-its-end-by-change-needs-event-and-two-persons-single-or-dual",
    ),
    ("withdrawal-stays", "withdrawal-no-person-releases-it-no-other-service"),
    (
        "withdrawal-needs-event",
        "withdrawal-its-end-by-change-needs-event-and-two-persons-single-or-dual",
    ),
    ("govern-strong-login", "govern-writes-need-a-login-of-15-minutes"),
    ("govern-read-login", "reads-of-the-log-need-a-second-factor-of-8-hours"),
];

#[test]
fn each_baseline_policy_carries_weight() {
    let all = properties().unwrap();
    in_session(|session| {
        let ones = parts::in_force(&shipped(), session.schema).unwrap();
        let baseline = ones.iter().filter(|one| one.id.starts_with("visum.baseline."));
        assert_eq!(baseline.count(), WEIGHT.len());
        for (without, property) in WEIGHT {
            let without = format!("visum.baseline.{without}");
            assert!(ones.iter().any(|one| one.id == without), "{without}");
            let set = [floor(session, &ones, |id| id != without).unwrap()];
            let property = all.iter().find(|known| known.id == property).unwrap();
            let proof = hold(session, property, &set).unwrap();
            assert_eq!(
                proof.verdict,
                Verdict::Violated,
                "`{}` stands without {without}: {proof:?}",
                property.id
            );
        }
    });
}

#[test]
fn a_solver_that_is_none_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let real = solver().path().display().to_string();
    // name, script, what the report says of it
    let cases = [
        ("dead at once", "exit 1".to_owned(), "failed 3 times"),
        // It is fed the first questions only, and is gone in the middle of a later one.
        (
            "killed in the middle",
            format!("dd bs=65536 count=60 2>/dev/null | {real} \"$@\""),
            "the solver",
        ),
        (
            "nonsense",
            "while read -r line; do echo tomato; done".to_owned(),
            "tomato",
        ),
        ("proves everything", says("unsat"), "it proved what does not hold"),
        ("knows nothing", says("unknown"), "gave up"),
        ("refutes everything, without an example", says("sat"), "the solver"),
        ("errors", says("(error \"Parse Error: no\")"), "no"),
        ("silent", "exec sleep 600".to_owned(), "over"),
    ];
    let policies = own(STOP, "resource.discoverable");
    let before = shipped();
    for (name, script, words) in cases {
        let program = folder.path().join(name.replace([' ', ','], "-"));
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let command = SolverCommand::find(Some(&program)).unwrap();
        let task = Task {
            policies: &policies,
            invariants: true,
            against: Some(&before),
        };
        let budget = Budget {
            query: Duration::from_secs(60),
            whole: Duration::from_secs(if name == "silent" { 2 } else { 120 }),
        };
        let report = prove(&command, task, budget).unwrap();
        assert_eq!(report.verdict, Verdict::NotProven, "{name}: {report:?}");
        let whys: Vec<&String> = report
            .properties
            .iter()
            .filter_map(|property| property.why.as_ref())
            .collect();
        assert!(whys.iter().any(|why| why.contains(words)), "{name}: {whys:?}");
        if name != "killed in the middle" {
            assert_eq!(whys.len(), 24, "{name}");
        }
    }
}

/// A script that answers every question so.
fn says(answer: &str) -> String {
    format!("while read -r line; do case \"$line\" in '(check-sat)'*|'(get-model)'*) echo '{answer}';; esac; done")
}
