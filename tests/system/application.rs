//! A study from the first draft to the final report: a document, three people, questions, two votes, the visa, the data,
//! a member who leaves, an amendment, the report (docs/researchers.md "Apply", docs/data-access-committees.md).

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    house::{DATASET, House, UNI, Wants},
    outside::{Answer, client, get, post, read},
    pdf,
};

/// One person's way to the applications.
struct Desk<'h> {
    house: &'h House,
    token: String,
}

impl Desk<'_> {
    fn url(&self, path: &str) -> String {
        self.house.broker(&format!("/visum/v1/applications{path}"))
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        post(&self.url(path), Some(&self.token), &body).await
    }

    /// A step that has to succeed.
    async fn step(&self, path: &str, body: Value) -> Value {
        let answer = self.post(path, body).await;
        assert!(matches!(answer.status, 200..=202), "{path}: {}", answer.text());
        answer.json()
    }

    async fn see(&self, id: &str) -> Answer {
        get(&self.url(&format!("/{id}")), Some(&self.token)).await
    }

    async fn upload(&self, id: &str, query: &str, file: Vec<u8>) -> Answer {
        let request = client()
            .request(Method::POST, self.url(&format!("/{id}/documents?{query}")))
            .bearer_auth(&self.token)
            .header("content-type", "application/pdf")
            .body(file);
        read(request.send().await.unwrap()).await
    }

    /// Whether the proxy gives this person the data now.
    async fn reads(&self) -> u16 {
        let object = self.house.proxy("/ga4gh/drs/v1/objects/a-cohort.vcf");
        let described = get(&object, None).await.json();
        let access = described
            .pointer("/access_methods/0/access_id")
            .and_then(Value::as_str)
            .unwrap();
        get(&format!("{object}/access/{access}"), Some(&self.token))
            .await
            .status
    }
}

fn text(of: &Value, pointer: &str) -> String {
    of.pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn wanted(categories: &[&str]) -> Value {
    json!({
        "title": "Why some tumours return", "summary": "We compare the genomes of those that did.\nNothing else.",
        "datasets": [DATASET], "none_barred": true, "countries": ["FI"], "until": "2028-12-31T00:00:00Z",
        "name": "عائشة Ada", "institution": UNI,
        "purpose": { "categories": categories, "diseases": ["MONDO:0007254"], "commercial": false },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_study_of_three_people_from_draft_to_report() {
    let house = House::start(Wants {
        votes: Some(2),
        ..Wants::default()
    })
    .await;
    let desk = |who: &str| Desk {
        house: &house,
        token: house.token(who),
    };
    let (ada, ben, noor, dan, eve) = (desk("ada"), desk("ben"), desk("noor"), desk("dan"), desk("eve"));

    // a draft is its author's alone
    let begun = ada.step("", wanted(&["disease"])).await;
    let id = text(&begun, "/id");
    assert_eq!(text(&begun, "/stage"), "draft");
    assert_eq!((ben.see(&id).await.status, dan.see(&id).await.status), (404, 404));

    // the letter: a PDF, and nothing that says so
    let ethics =
        format!("kind=ethics&title=Letter&institution={UNI}&starts=2026-01-01T00:00:00Z&expires=2029-01-01T00:00:00Z");
    let page = b"<html><script>alert(1)</script>%PDF-1.4 %%EOF</html>".to_vec();
    let disguised = ada.upload(&id, &ethics, page).await;
    assert_eq!(
        (disguised.status, disguised.code().as_str()),
        (400, "application.not_pdf")
    );
    let large = ada.upload(&id, &ethics, vec![b' '; 20 * 1024 * 1024 + 2]).await;
    assert_eq!(
        (large.status, large.code().as_str()),
        (413, "application.document_size")
    );
    let letter = pdf::page("the letter");
    let taken = ada.upload(&id, &ethics, letter.clone()).await;
    assert_eq!(taken.status, 201, "{}", taken.text());
    let paper = text(&taken.json(), "/document/id");

    // two more people, each invited by address; the links go their own way
    let mut codes = Vec::new();
    for address in ["ben@uni.example.org", "noor@biobank.example.org"] {
        let invited = ada.step(&format!("/{id}/members"), json!({ "address": address })).await;
        codes.push((text(&invited, "/code"), text(&invited, "/page")));
    }
    assert!(
        codes
            .iter()
            .all(|(code, page)| page.contains(&id) && page.contains(code)),
        "{codes:?}"
    );
    let other = ben.post(&format!("/{id}/join"), json!({ "code": codes[1].0 })).await;
    assert_eq!(other.code(), "application.join_institution", "{}", other.text());
    ben.step(&format!("/{id}/join"), json!({ "code": codes[0].0 })).await;
    noor.step(&format!("/{id}/join"), json!({ "code": codes[1].0 })).await;

    // handed in: the committee sees it, with what its consent says
    ada.step(&format!("/{id}/submit"), json!({})).await;
    let seen = dan.see(&id).await.json();
    assert_eq!(text(&seen, "/datasets/0/fit/verdict"), "permit", "{seen}");
    assert_eq!(text(&seen, "/applicant/name"), "عائشة Ada");
    assert_eq!(
        seen.get("tried").and_then(Value::as_array).map(Vec::len),
        Some(1),
        "{seen}"
    );
    // what an approval would be worth, before anybody signs: for each of the three
    let foreseen = seen
        .get("foreseen")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let works = |one: &Value| one.get("works") == Some(&Value::Bool(true));
    assert!(foreseen.len() == 3 && foreseen.iter().all(works), "{foreseen:?}");
    assert_eq!(
        ada.see(&id).await.json().get("foreseen"),
        Some(&json!([])),
        "not for who asks"
    );
    let file = get(&dan.url(&format!("/{id}/documents/{paper}")), Some(&dan.token)).await;
    assert_eq!(file.body, letter);
    assert_eq!(file.header("content-type"), "application/pdf");
    assert!(file.header("content-disposition").starts_with("attachment"));
    assert!(file.header("content-security-policy").starts_with("sandbox"));

    // questions, an answer
    dan.step(&format!("/{id}/return"), json!({ "text": "Which tumours?" }))
        .await;
    let early = dan
        .post(
            &format!("/{id}/vote"),
            json!({ "yes": true, "reason": "fine", "digest": "x" }),
        )
        .await;
    assert_eq!(early.code(), "application.state", "{}", early.text());
    ada.step(&format!("/{id}/answer"), json!({ "text": "Those of the breast." }))
        .await;

    // "I read it", and two votes: each on the digest that was read, none by who gains
    dan.step(&format!("/{id}/documents/{paper}/read"), json!({})).await;
    let digest = text(&dan.see(&id).await.json(), "/digest");
    let yes = json!({ "reason": "within the consent", "digest": digest, "conditions": ["no copies"] });
    let own = noor.post(&format!("/{id}/approve"), yes.clone()).await;
    assert_eq!(own.status, 403, "{}", own.text());
    let first = dan.post(&format!("/{id}/approve"), yes.clone()).await;
    assert_eq!(
        (first.status, text(&first.json(), "/stage").as_str()),
        (202, "in_review"),
        "{}",
        first.text()
    );
    assert_eq!(ada.reads().await, 403, "one vote opens nothing");
    let second = eve.post(&format!("/{id}/approve"), yes).await;
    assert_eq!(second.status, 201, "{}", second.text());
    let approved = second.json();
    assert_eq!(text(&approved, "/approval/digest"), digest);
    assert_eq!(
        approved.pointer("/approval/ethics/0"),
        Some(&json!(paper)),
        "{approved}"
    );
    assert_eq!(
        approved.get("grants").and_then(Value::as_array).map(Vec::len),
        Some(3),
        "{approved}"
    );

    // the visas are in their Passports, and the proxy permits
    let me = get(&house.broker("/visum/v1/me"), Some(&ben.token)).await.json();
    assert_eq!(text(&me, "/grants/0/project"), id, "{me}");
    assert_eq!((ada.reads().await, ben.reads().await), (200, 200));

    // who leaves loses access, and nobody else does
    ben.step(&format!("/{id}/leave"), json!({})).await;
    assert_eq!((ada.reads().await, ben.reads().await), (200, 403));

    // an amendment: what was approved stays meanwhile
    ada.step(&format!("/{id}/amend"), wanted(&["disease", "genetic"])).await;
    ada.step(&format!("/{id}/submit"), json!({})).await;
    assert_eq!(ada.reads().await, 200);
    let digest = text(&dan.see(&id).await.json(), "/digest");
    let yes = json!({ "reason": "within the consent too", "digest": digest });
    dan.step(
        &format!("/{id}/vote"),
        json!({ "yes": true, "reason": "fine", "digest": digest }),
    )
    .await;
    let amended = eve.step(&format!("/{id}/approve"), yes).await;
    assert_eq!(text(&amended, "/stage"), "approved");
    assert_eq!(
        amended.pointer("/purpose/categories"),
        Some(&json!(["genetic", "disease"])),
        "{amended}"
    );
    assert_eq!((ada.reads().await, ben.reads().await), (200, 403));

    // the report closes it
    let asked = format!("/{id}/minutes");
    for (desk, status) in [(&ada, 404), (&noor, 404), (&ben, 404), (&dan, 200)] {
        for form in ["", "?as=pdf"] {
            let answer = get(&desk.url(&format!("{asked}{form}")), Some(&desk.token)).await;
            assert_eq!(answer.status, status, "{form}: {}", answer.text());
        }
    }
    let paper = get(&dan.url(&format!("{asked}?as=pdf")), Some(&dan.token)).await;
    assert_eq!(paper.header("content-type"), "application/pdf");
    assert_eq!(
        paper.header("content-disposition"),
        "attachment; filename=\"minutes.pdf\""
    );
    assert!(paper.header("content-security-policy").starts_with("sandbox"));
    let printed = paper.text();
    assert!(
        printed.starts_with("%PDF-1.7") && printed.ends_with("%%EOF\n"),
        "{printed}"
    );
    // what was said is in it, letters of every script too
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let utf16 = |text: &str| {
        text.encode_utf16()
            .map(|unit| format!("{unit:04x}"))
            .collect::<String>()
    };
    assert!(printed.contains(&hex("tumours?")), "{printed}");
    assert!(
        printed.contains(&format!("/ActualText <feff{}>", utf16("عائشة"))),
        "{printed}"
    );
    let minutes = get(&dan.url(&asked), Some(&dan.token)).await.json();
    assert_eq!(minutes.pointer("/votes/0/member"), Some(&json!(true)), "{minutes}");
    let report = json!({ "text": "Two genes.", "references": ["https://doi.org/10.1000/1"] });
    let closed = ada.step(&format!("/{id}/report"), report).await;
    assert_eq!(text(&closed, "/stage"), "closed");
    assert_eq!(ada.reads().await, 403);

    // each step is in the log, and says which
    let events = house.broker("/visum/v1/admin/audit/events?from=0&limit=1000");
    let events = get(&events, Some(&noor.token)).await.text();
    for step in [
        "application.begun",
        "application.document",
        "application.invited",
        "application.joined",
        "application.submitted",
        "application.returned",
        "application.answered",
        "application.document_read",
        "application.voted",
        "application.approved",
        "application.left",
        "application.amended",
        "application.closed",
    ] {
        assert!(events.contains(&format!("\"{step}\"")), "the log lacks {step}");
    }
    assert!(
        !events.contains("tumours") && !events.contains("Letter"),
        "the log holds digests, not texts"
    );
}
