//! `POST /visum/v1/passport/verify` of a whole node, asked as docs/verify-passports.md says: by curl and by Python.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tests::{
    binary::{self, Said},
    house::{DATASET, House, SERVICE, Wants},
    outside,
};

const PAGE: &str = include_str!("../../docs/verify-passports.md");

/// The page's block in this language.
fn block(language: &str) -> &'static str {
    let opened = format!("```{language}\n");
    PAGE.split_once(opened.as_str())
        .and_then(|(_, rest)| rest.split_once("```"))
        .map_or("", |(block, _)| block)
}

fn passport(house: &House) -> String {
    let data = house.node.data();
    let said = binary::run(&["demo", "passport", "ada", "--data", data.to_str().unwrap()]);
    assert_eq!(said.code, 0, "{}", said.err);
    said.out.trim().to_owned()
}

/// Runs a program with what the page's blocks take from outside.
fn run(house: &House, program: &str, arguments: &[&str], folder: &std::path::Path) -> Said {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("CLIENT", SERVICE.0)
        .env("SECRET", SERVICE.1)
        .env("BROKER", house.broker(""))
        .env("NODE", house.proxy(""))
        .stdin(Stdio::null())
        .output();
    Said::from(output.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_in_any_language_asks_as_the_page_says_and_the_log_has_it() {
    let house = House::start(Wants::default()).await;
    let (ada, _) = house.granted().await;
    let passport = passport(&house);
    let require = json!({"all_of": [{"type": "ControlledAccessGrants", "value": DATASET}]});
    let question = json!({"passports": [passport], "require": require});
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("question.json"), question.to_string()).unwrap();

    let curl = run(&house, "sh", &["-ec", block("sh")], folder.path());
    assert_eq!(curl.code, 0, "{} {}", curl.out, curl.err);
    let script = format!(
        "{}\nimport os\ne = os.environ\nq = json.load(open('question.json'))\n\
         print(json.dumps(verify(e['NODE'], e['BROKER'], e['CLIENT'], e['SECRET'], q)))\n",
        block("python")
    );
    let python = run(&house, "python3", &["-c", &script], folder.path());
    assert_eq!(python.code, 0, "{} {}", python.out, python.err);
    for (name, said) in [("curl", &curl.out), ("python", &python.out)] {
        let report: Value = serde_json::from_str(said).unwrap();
        assert_eq!(
            (&report["request"], &report["requirement"]["granted"]),
            (&json!("accept"), &json!(true)),
            "{name}: {said}"
        );
        let visas = report["passports"][0]["visas"].as_array().unwrap();
        let opens = |visa: &Value| visa["valid"] == true && visa["of_holder"] == true && visa["value"] == DATASET;
        assert!(visas.iter().any(opens), "{name}: {said}");
        assert!(!said.contains("eyJ"), "{name}: no token in the answer");
    }

    // the same Passport on the command line, by the holder's own login: with reasons
    let url = house.proxy("/visum/v1/passport/verify");
    let own = outside::post(&url, Some(&ada), &json!({"passports": [passport]})).await;
    assert_eq!(own.status, 200, "{}", own.text());
    assert!(own.headers.contains_key("visum-audit"), "the log's promise");
    let guess = run(
        &house,
        "curl",
        &[
            "-s",
            "-u",
            "drs-server:guess",
            "-d",
            "grant_type=client_credentials",
            &house.broker("/token"),
        ],
        folder.path(),
    );
    assert!(guess.out.contains("invalid_client"), "{}", guess.out);

    let noor = house.token("noor");
    let events = outside::get(
        &house.broker("/visum/v1/admin/audit/events?from=0&limit=1000"),
        Some(&noor),
    )
    .await;
    let text = events.text();
    let asked = text.matches("\"passport.verify\"").count();
    assert_eq!((events.status, asked), (200, 3), "{text}");
    assert!(
        !text.contains(passport.rsplit('.').next().unwrap()),
        "no token in the log"
    );
}
