//! The chair's walk, in a browser: an application with a document and three members, questions, an approval that would
//! still be refused and is mended by her button, a member who leaves, an amendment, the final report.

use std::path::Path;

use serde_json::{Value, json};
use tests::{
    house::{DATASET, House, UNI, Wants},
    outside::get,
    pdf,
};

use crate::script::{last_json, peer};

/// One part of the walk; what its pages said.
fn walk(folder: &Path, house: &House, part: &str, id: &str) -> Value {
    let letter = folder.join("letter.pdf");
    std::fs::write(&letter, pdf::page("the letter")).unwrap();
    let out = std::env::var_os("VISUM_PAGES_OUT").and_then(|out| out.into_string().ok());
    let plan = json!({ "broker": house.broker(""), "part": part, "dataset": DATASET, "institution": UNI, "letter": letter,
        "id": id, "out": out });
    let file = folder.join("plan.json");
    std::fs::write(&file, plan.to_string()).unwrap();
    let said = peer("pages.sh", &["walk", file.to_str().unwrap()], &[]);
    assert_eq!(said.code, 0, "{} {}", said.out, said.err);
    let told = last_json(&said);
    assert_eq!(told["wrong"], json!([]), "{part}");
    told
}

/// Whether the proxy gives a person the data now.
async fn reads(house: &House, token: &str) -> u16 {
    let object = house.proxy("/ga4gh/drs/v1/objects/a-cohort.vcf");
    let described = get(&object, None).await.json();
    let access = described["access_methods"][0]["access_id"].as_str().unwrap();
    get(&format!("{object}/access/{access}"), Some(token)).await.status
}

fn has(told: &Value, step: &str, words: &[&str]) {
    let page = told["seen"][step].as_str().unwrap_or_default();
    for word in words {
        assert!(page.contains(word), "the page `{step}` without `{word}`: {page}");
    }
}

fn lacks(told: &Value, step: &str, words: &[&str]) {
    let page = told["seen"][step].as_str().unwrap();
    for word in words {
        assert!(!page.contains(word), "the page `{step}` with `{word}`: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_the_chair_walks_through_a_study_in_a_browser() {
    // the label asks for an ethics letter (IRB), which only somebody's eyes can confirm
    let ethics = |facts: &mut Value| {
        facts["datasets"][0]["consent"]["uses"][0]["terms"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "id": "DUO:0000021" }));
    };
    let house = House::start(Wants {
        facts: Some(ethics),
        ..Wants::default()
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let (ada, ben, eve) = (house.token("ada"), house.token("ben"), house.token("eve"));

    let told = walk(folder.path(), &house, "apply", "");
    let id = told["id"].as_str().unwrap().to_owned();
    has(
        &told,
        "draft",
        &["عائشة Ada", "ben@uni.example.org", "Letter of the board"],
    );
    has(&told, "handed-in", &["the committee sees it now"]);
    for who in ["ben", "eve", "noor"] {
        has(&told, &format!("joined-{who}"), &["You take part in this study now"]);
    }
    has(&told, "questions", &["back with questions", "Which tumours?"]);
    has(&told, "answered", &["Those of the breast."]);
    // she sees, before she signs, that her approval would be refused, why, and whose it is; once read, it would work
    has(&told, "red", &["would be refused", "consent.ethics_unverified"]);
    has(
        &told,
        "german",
        &[
            "Niemand hat das Schreiben der Ethikkommission geprüft.",
            "Ethikvotum verlangt (DUO:0000021)",
        ],
    );
    lacks(
        &told,
        "german",
        &["Nobody has checked", "ethics approval required", "recorded by"],
    );
    let marked = told["seen"]["languages"].to_string();
    assert!(
        marked.contains("Niemand hat") && marked.contains("Ethikvotum verlangt"),
        "{marked}"
    );
    assert_eq!(told["seen"]["letter"], "%PDF-1.4");
    has(&told, "green", &["would work", "read by the committee"]);
    lacks(&told, "green", &["would be refused", "consent.ethics_unverified"]);
    has(&told, "approved", &["It is approved", "Within the consent."]);
    for token in [&ada, &ben, &eve] {
        assert_eq!(reads(&house, token).await, 200);
    }

    let told = walk(folder.path(), &house, "amend", &id);
    has(&told, "left", &["You no longer take part"]);
    has(&told, "after-leaving", &["ben@uni.example.org left"]);
    has(&told, "amendment", &["would work", "Amendment begun"]);
    has(
        &told,
        "amendment-approved",
        &["It is approved", "Within the consent too."],
    );
    assert_eq!((reads(&house, &ada).await, reads(&house, &ben).await), (200, 403));

    let told = walk(folder.path(), &house, "report", &id);
    has(&told, "reported", &["the application is closed"]);
    has(&told, "closed", &["Final report", "Two genes."]);
    assert_eq!(told["seen"]["minutes"], "%PDF-1.7");
    has(&told, "list", &["Why some tumours return", "closed"]);
    assert_eq!((reads(&house, &ada).await, reads(&house, &eve).await), (403, 403));
}
