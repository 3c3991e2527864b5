//! Every page of the broker, looked at by axe-core in Chromium: phone and desktop, light and dark, keyboard alone, a name
//! that runs from right to left.

use serde_json::{Value, json};
use tests::{demo::Demo, outside};

use crate::script::{last_json, peer};

const DATASET: &str = "https://data.biobank.example.org/datasets/C";

/// One page: its name in the report, whose it is, where it is, and whether what is folded is opened.
fn page(name: &str, who: &str, path: &str) -> Value {
    json!({ "name": name, "who": who, "path": path })
}

fn opened(mut page: Value) -> Value {
    page["open"] = json!(true);
    page
}

/// A study before the committee, with everything that its page can show.
async fn study(demo: &Demo) -> String {
    let (ada, broker) = (demo.token("ada"), demo.fact("/broker/issuer"));
    let to = |path: &str| format!("{broker}/visum/v1/applications{path}");
    let wanted = json!({
        "title": "لماذا تعود بعض الأورام: a study with a very-long-word-that-has-no-blank-anywhere-and-must-break",
        "summary": "We compare the genomes of those that did.\nنقارن الجينومات.\nNothing else.",
        "datasets": [DATASET], "none_barred": true, "countries": ["FI", "SE"], "until": "2028-12-31T00:00:00Z",
        "name": "عائشة Ada", "purpose": { "categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false },
    });
    let begun = outside::post(&to(""), Some(&ada), &wanted).await;
    assert_eq!(begun.status, 201, "{}", begun.text());
    let id = begun.json()["id"].as_str().unwrap().to_owned();
    let invited = outside::post(
        &to(&format!("/{id}/members")),
        Some(&ada),
        &json!({ "address": "ben@uni.example.org" }),
    )
    .await;
    assert!(invited.status < 300, "{}", invited.text());
    for step in ["submit"] {
        let done = outside::post(&to(&format!("/{id}/{step}")), Some(&ada), &json!({})).await;
        assert!(done.status < 300, "{}", done.text());
    }
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_axe_core_finds_nothing_wrong_with_any_page() {
    let demo = Demo::start();
    let broker = demo.fact("/broker/issuer");
    let id = study(&demo).await;
    let authorize = "/authorize?response_type=code&client_id=visum-cli&redirect_uri=http%3A%2F%2F127.0.0.1%3A8499%2Fcallback\
                     &scope=openid+profile+ga4gh_passport_v1+visum%3Aself+visum%3Aadmin&state=s&code_challenge_method=S256\
                     &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&prompt=consent";
    let application = format!("/applications/{id}");
    let pages = [
        page("home", "", "/"),
        page("problem", "", "/login/nobody?choice=x"),
        page("home-signed-in", "ada", "/"),
        page("consent", "ada", authorize),
        page("account", "ada", "/account"),
        opened(page("account-open", "ada", "/account")),
        page("account-of-who-governs", "dan", "/account"),
        page("link", "ada", "/account/link"),
        page("history", "ada", "/account/history"),
        page("close", "ada", "/account/close"),
        page("close-not-yet", "dan", "/account/close"),
        page("device", "ada", "/device"),
        page("enrol", "ada", "/enrol"),
        page("sign-out", "ada", "/end_session"),
        page("applications", "ada", "/applications"),
        page("application-new", "ada", "/applications/new"),
        opened(page("application-own", "ada", &application)),
        opened(page("application-decide", "dan", &application)),
        page("applications-committee", "dan", "/applications?committee=yes"),
        page("not-there", "ada", "/applications/app-nobody"),
        page("changes", "noor", "/changes"),
        page("policies", "noor", "/policies"),
        page("policies-committee", "dan", "/policies"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.json");
    let out = std::env::var_os("VISUM_PAGES_OUT").and_then(|out| out.into_string().ok());
    let plan = json!({ "broker": broker, "pages": pages, "out": out });
    std::fs::write(&file, plan.to_string()).unwrap();
    // each width and each scheme once, or every pair of them
    let looks = if std::env::var_os("VISUM_PAGES_ALL").is_some() {
        4
    } else {
        2
    };
    let said = peer("pages.sh", &[file.to_str().unwrap()], &[]);
    assert_eq!(said.code, 0, "{} {}", said.out, said.err);
    let found = last_json(&said);
    assert_eq!(found["pages"].as_u64(), Some(looks * pages.len() as u64), "{found}");
    let wrong: Vec<&str> = found["wrong"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
