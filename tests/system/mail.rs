//! Mail on each turn: to whom, with a link and no content; a server that is busy or says no; off unless configured.

use serde_json::{Value, json};
use tests::{
    house::{DATASET, House, UNI, Wants},
    outside::{get, post},
    smtp::{MailServer, Taken},
};

/// Words of the study that no mail may hold.
const CONTENT: [&str; 6] = ["tumours", "Ada", "genomes", "Which", "consent", "datasets"];

async fn house(mail: &MailServer) -> House {
    House::start(Wants {
        tables: Some(format!(
            "[mail]\nserver = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"Visum <visum@biobank.example.org>\"\n",
            mail.port
        )),
        ..Wants::default()
    })
    .await
}

async fn step(house: &House, token: &str, path: &str, body: Value) -> Value {
    let url = house.broker(&format!("/visum/v1/applications{path}"));
    let answer = post(&url, Some(token), &body).await;
    assert!(matches!(answer.status, 200..=202), "{path}: {}", answer.text());
    answer.json()
}

fn wanted() -> Value {
    json!({
        "title": "Why some tumours return", "summary": "We compare the genomes of those that did.",
        "datasets": [DATASET], "none_barred": true, "countries": ["FI"], "until": "2028-12-31T00:00:00Z",
        "name": "Ada", "institution": UNI,
        "purpose": { "categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false },
    })
}

/// The mail is for this person about this page, and says nothing else.
fn is_a_link_and_nothing_else(mail: &Taken, to: &str, link: &str) {
    assert_eq!(
        (mail.from.as_str(), mail.to.as_str()),
        ("visum@biobank.example.org", to)
    );
    let body = mail.body();
    assert_eq!(body.matches("http").count(), 1, "one link: {body}");
    assert!(body.contains(&format!("\r\n{link}\r\n")), "{link}: {body}");
    for word in CONTENT {
        assert!(
            !mail.text.contains(word) && !body.contains(word),
            "{word}: {}",
            mail.text
        );
    }
    assert_eq!(mail.head("Subject"), "Something new at 127.0.0.1");
    assert_eq!(mail.head("Auto-Submitted"), "auto-generated");
    for language in ["Sign in there", "Melden Sie sich", "Connectez-vous", "Inicie sesión"] {
        assert!(body.contains(language), "{language}: {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_turn_is_told_by_a_mail_that_holds_a_link_and_no_content() {
    let server = MailServer::start().await;
    let house = house(&server).await;
    let (ada, dan) = (house.token("ada"), house.token("dan"));

    // a draft is nobody's business
    let begun = step(&house, &ada, "", wanted()).await;
    let id = begun.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let link = house.broker(&format!("/applications/{id}"));
    assert!(server.taken().is_empty());

    step(&house, &ada, &format!("/{id}/submit"), json!({})).await;
    let taken = server.wait(1).await;
    is_a_link_and_nothing_else(&taken[0], "dan@biobank.example.org", &link);

    // the link changes nothing, whoever follows it
    assert!(matches!(get(&link, None).await.status, 200 | 303));
    let seen = get(&house.broker(&format!("/visum/v1/applications/{id}")), Some(&dan)).await;
    assert_eq!(seen.json()["stage"], "submitted");

    step(
        &house,
        &dan,
        &format!("/{id}/return"),
        json!({ "text": "Which tumours?" }),
    )
    .await;
    let taken = server.wait(2).await;
    is_a_link_and_nothing_else(&taken[1], "ada@uni.example.org", &link);

    // a server that is busy keeps nobody waiting: the step is done, and the mail is tried again later
    server.refuse(Some("451 later"));
    let before = server.tried();
    step(
        &house,
        &ada,
        &format!("/{id}/answer"),
        json!({ "text": "Of the breast." }),
    )
    .await;
    for _ in 0..200 {
        if server.tried() > before {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(server.tried(), before + 1, "tried once, and not in a circle");
    assert_eq!(server.taken().len(), 2);
    server.refuse(None);

    // a vote and an approval in one step: the applicant is told, Dan is not told of what he did
    let digest = get(&house.broker(&format!("/visum/v1/applications/{id}")), Some(&dan))
        .await
        .json()["digest"]
        .clone();
    step(
        &house,
        &dan,
        &format!("/{id}/approve"),
        json!({ "reason": "within the consent", "digest": digest }),
    )
    .await;
    let taken = server.wait(3).await;
    is_a_link_and_nothing_else(&taken[2], "ada@uni.example.org", &link);

    // the address is among what is held on a person; the log of the node has none
    let held = get(&house.broker("/visum/v1/me/data"), Some(&ada)).await;
    assert!(held.text().contains("ada@uni.example.org"), "{}", held.text());
    let words = house.node.words();
    assert!(
        words.contains("a mail was not sent") && !words.contains("@uni.example.org"),
        "{words}"
    );
}
