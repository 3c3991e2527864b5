//! `visum policy …` as a tired person uses it: exit status, places, messages; and a replay that can't be fooled.

use std::path::Path;

use serde_json::Value;
use tests::{binary, demo::Demo, outside};

const GOOD: &str = r#"@id("own.stop")
@reason("Nothing is handed out.")
@code("policy.own_stop")
@remedy("Run a task.")
forbid (
  principal,
  action in Visum::Action::"data:release",
  resource is Visum::Dataset
);
"#;

/// A bundle in a folder of its own.
fn bundle(root: &Path, name: &str, manifest: &str, policy: &str, cases: Option<&str>) -> String {
    let folder = root.join(name);
    std::fs::create_dir_all(folder.join("tests")).unwrap();
    std::fs::write(folder.join("bundle.toml"), manifest).unwrap();
    std::fs::write(folder.join("own.cedar"), policy).unwrap();
    if let Some(cases) = cases {
        std::fs::write(folder.join("tests/own.json"), cases).unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

const MANIFEST: &str = "id = \"own\"\nauthor = \"Noor\"\n";

#[test]
fn each_fault_has_its_exit_status_and_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str, manifest: &str, policy: &str, cases: Option<&str>| {
        bundle(folder.path(), name, manifest, policy, cases)
    };
    let shipped: Vec<String> = [
        "open-release",
        "controlled-grant",
        "purpose-attested",
        "registered-visa-terms",
    ]
    .iter()
    .map(|case| format!("\"{case}\": \"deny\""))
    .collect();
    let meant = format!(
        "{{ \"format\": \"visum-policy-test/1\", \"shipped\": {{ {} }} }}",
        shipped.join(", ")
    );
    let good = make("good", MANIFEST, GOOD, Some(&meant));
    let attribute = GOOD.replace(");", ")\nwhen { resource.discoverabel };");
    let misspelt = make("misspelt", MANIFEST, &attribute, None);
    let key = make("key", &format!("{MANIFEST}commitee = \"x\"\n"), GOOD, None);
    let cases = make(
        "cases",
        MANIFEST,
        GOOD,
        Some("{ \"format\": \"visum-policy-test/1\", \"kases\": [] }"),
    );
    let silent = make("silent", MANIFEST, GOOD, None);
    let far = "[[observe]]\npolicy = \"own.stop\"\nuntil = \"2100-01-01T00:00:00Z\"\nreason = \"x\"\n";
    let far = make("far", &format!("{MANIFEST}{far}"), GOOD, None);
    let base = "[[observe]]\npolicy = \"visum.baseline.consent\"\nuntil = \"2100-01-01T00:00:00Z\"\nreason = \"x\"\n";
    let base = make("base", &format!("{MANIFEST}{base}"), GOOD, None);
    let missing = folder.path().join("nothing").display().to_string();
    let table: &[(&str, &[&str], i32, &str)] = &[
        ("sound", &["validate", &good], 0, "Sound"),
        (
            "as meant",
            &["test", &good],
            0,
            "changed on purpose: shipped case open-release",
        ),
        ("a misspelt attribute", &["validate", &misspelt], 1, "own.cedar:10:"),
        ("its advice", &["validate", &misspelt], 1, "discoverable"),
        (
            "an unsound bundle is not tested",
            &["test", &misspelt],
            2,
            "policy.unsound",
        ),
        ("a misspelt key", &["validate", &key], 1, "bundle.toml:3:1"),
        (
            "a bundle without a readable manifest is not tested",
            &["test", &key],
            2,
            "policy.bundle",
        ),
        ("a misspelt member of a case file", &["test", &cases], 2, "kases"),
        (
            "shipped cases turn and nobody said so",
            &["test", &silent],
            1,
            "CHANGED: shipped case controlled-grant",
        ),
        ("watched for too long", &["validate", &far], 1, "14 days"),
        (
            "the baseline is never only watched",
            &["validate", &base],
            1,
            "baseline",
        ),
        ("nothing there", &["validate", &missing], 3, "nothing"),
        (
            "no log",
            &["diff", "shipped", &silent, "--replay", &good],
            3,
            "policy.log",
        ),
        (
            "a difference",
            &["diff", "shipped", &silent],
            1,
            "may no longer do drs:access-url",
        ),
        ("none", &["diff", &silent, &silent], 0, "No policy changes"),
        (
            "the other way",
            &["diff", &silent, "shipped"],
            1,
            "MORE controlled-grant",
        ),
        ("no such policy", &["show", "own.none", &silent], 1, "policy.unknown"),
        ("no such action", &["why-could", "drs:open"], 2, "drs:access-url"),
        ("the shipped set", &["test"], 0, "79 of 79 policies decided"),
    ];
    for (name, arguments, code, said) in table {
        let mut all = vec!["policy"];
        all.extend(*arguments);
        let words = binary::run(&all);
        assert_eq!(words.code, *code, "{name}: {} {}", words.out, words.err);
        assert!(
            words.out.contains(said) || words.err.contains(said),
            "{name}: {} {}",
            words.out,
            words.err
        );
    }
    // Formatting: told, then written, then in order.
    let odd = make("odd", MANIFEST, &GOOD.replace("\n  principal,\n", " principal, "), None);
    for (arguments, code) in [(vec!["--check"], 1), (vec![], 0), (vec!["--check"], 0)] {
        let mut all = vec!["policy", "fmt", &odd];
        all.extend(arguments);
        assert_eq!(binary::run(&all).code, code);
    }
    assert_eq!(
        std::fs::read_to_string(folder.path().join("odd/own.cedar")).unwrap(),
        GOOD
    );
}

#[test]
fn the_baseline_is_shown_as_it_is_with_its_digest() {
    let said = binary::run(&["policy", "show", "baseline", "--json"]);
    let shown: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(shown["text"], policy_engine::policy::BASELINE);
    assert_eq!(shown["sha256"], policy_engine::policy::baseline_digest());
}

#[tokio::test]
async fn a_replay_names_the_decisions_that_turn_and_leaves_out_what_was_altered() {
    let demo = Demo::start();
    let (ada, dan) = (demo.token("ada"), demo.token("dan"));
    let object = demo.access("a-cohort.vcf").await;
    assert_eq!(outside::get(&object, Some(&ada)).await.status, 200);
    let denied = outside::get(&object, Some(&dan)).await.status;
    assert!(denied == 403 || denied == 404, "{denied}");

    let folder = tempfile::tempdir().unwrap();
    let stop = bundle(folder.path(), "stop", MANIFEST, GOOD, None);
    let data = demo.data().display().to_string();
    let replay = |log: &str| -> Value {
        let said = binary::run(&["policy", "diff", "shipped", &stop, "--replay", log, "--json"]);
        assert_eq!(said.code, 1, "{} {}", said.out, said.err);
        serde_json::from_str::<Value>(&said.out).unwrap()["replay"].clone()
    };
    let found = replay(&data);
    let turned = found["turned"].as_array().unwrap();
    assert_eq!((turned.len(), &found["people"]), (1, &1.into()), "{found}");
    assert_eq!(turned[0]["event"], "drs:GetAccessUrl");
    assert_eq!((&turned[0]["widens"], &found["altered"]), (&false.into(), &0.into()));
    assert!(found["asked"].as_u64() > Some(1), "the denial was asked too: {found}");
    assert_eq!(
        found["otherwise"], 0,
        "the shipped policies say what was decided: {found}"
    );
    // The decision that it names is the one in the log, and the person is told by pseudonym only.
    let events = demo.events(&demo.token("noor")).await;
    let event = events
        .iter()
        .find(|event| event["why"]["decision"] == turned[0]["decision"])
        .unwrap();
    assert_eq!(
        (&event["type"], &event["outcome"]),
        (&"drs:GetAccessUrl".into(), &"success".into())
    );
    assert_eq!(event["who"]["p"], turned[0]["who"]);
    assert!(!found.to_string().contains("ada"), "{found}");
    // The audit folder itself may be named too.
    assert_eq!(replay(&format!("{data}/audit"))["turned"], found["turned"]);

    // Somebody edits the records: they don't fit the log any more, and are left out.
    let file = std::fs::read_dir(demo.data().join("facts"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let text = std::fs::read_to_string(&file).unwrap();
    let edited: Vec<String> = text
        .lines()
        .map(|line| {
            let mut record: Value = serde_json::from_str(line).unwrap();
            let sealed = record["sealed"].as_str().unwrap();
            let other = if sealed.starts_with('A') { "B" } else { "A" };
            record["sealed"] = format!("{other}{}", &sealed[1..]).into();
            record.to_string()
        })
        .collect();
    std::fs::write(&file, edited.join("\n") + "\n").unwrap();
    let said = binary::run(&["policy", "diff", "shipped", "shipped", "--replay", &data, "--json"]);
    assert_eq!(said.code, 0, "{} {}", said.out, said.err);
    let after: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(after["replay"]["asked"], 0, "{after}");
    assert_eq!(
        after["replay"]["altered"].as_u64(),
        Some(edited.len() as u64),
        "{after}"
    );
}
