//! Turning keys by hand: who may, what is published when, what is on record.

use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::testing::{Node, node};

fn ask(purpose: Option<&str>, now: bool, reason: &str) -> Rotation {
    Rotation {
        purpose: purpose.map(str::to_owned),
        now,
        reason: reason.to_owned(),
    }
}

fn published(node: &Node) -> Vec<String> {
    let set = node.broker.signer().jwks();
    let keys = set["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn of<'k>(keys: &'k [KeyShown], purpose: &str, state: &str) -> Vec<&'k KeyShown> {
    keys.iter()
        .filter(|key| key.purpose == purpose && key.state == state)
        .collect()
}

#[tokio::test]
async fn an_administrator_turns_the_keys_with_overlap_and_it_is_on_record_with_the_digest_of_the_reason() {
    let node = node().await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    let before = list(&node.broker, &noor).await.unwrap();
    assert_eq!(before.len(), 4, "{before:?}");
    assert_eq!(of(&before, "id_token", "current")[0].alg, "RS256");
    let text = serde_json::to_string(&before).unwrap();
    assert!(!text.contains("sealed") && !text.contains("\"d\""), "{text}");

    let known = published(&node);
    let announced = rotate(&node.broker, &noor, ask(None, false, "the yearly exercise"))
        .await
        .unwrap();
    assert_eq!(announced.len(), 7, "{announced:?}");
    assert_eq!(published(&node).len(), known.len() + 3);
    let again = rotate(&node.broker, &noor, ask(None, false, "once more"))
        .await
        .unwrap();
    assert_eq!(again.len(), 7, "the next ones are there already");
    let next = of(&announced, "visa", "next")[0];
    assert_eq!(next.turns, Some(next.created.plus(LEAD)));
    node.clock.advance(LEAD);
    node.broker.do_chores().await;
    let noor = Caller {
        auth_time: Some(node.broker.now()),
        ..noor
    };
    let turned = list(&node.broker, &noor).await.unwrap();
    assert_eq!(of(&turned, "visa", "current")[0].kid, next.kid);
    assert_eq!(of(&turned, "visa", "old").len(), 1);
    for kid in &known {
        assert!(published(&node).contains(kid), "what they signed is good to its end");
    }

    let entries = node.writer.events(0..node.writer.size()).unwrap();
    let steps: Vec<(String, Value)> = entries
        .iter()
        .filter(|stored| stored.entry.kind == EventType::KeyRotate)
        .map(|stored| {
            let code = stored.entry.why.as_ref().and_then(|why| why.code.as_ref());
            (code.unwrap().to_string(), serde_json::to_value(&stored.entry).unwrap())
        })
        .collect();
    let codes: Vec<&str> = steps.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(codes, ["keys.announce", "keys.announce", "keys.begun"]);
    let asked = &steps[0].1;
    assert_eq!(
        asked["about"].as_array().unwrap().len(),
        3,
        "the keys that will go: {asked}"
    );
    assert!(
        asked["did"]["reason"].is_string() && asked["who"]["p"].is_string(),
        "{asked}"
    );
    assert!(!asked.to_string().contains("yearly"), "the text is not in the log");
    assert!(steps[2].1.to_string().contains(&next.kid), "the keys that sign now");
}

#[tokio::test]
async fn a_stolen_key_goes_at_once_with_all_of_its_use_and_no_other() {
    let node = node().await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    let before = list(&node.broker, &noor).await.unwrap();
    // one that waits beside it may have been stolen with it
    rotate(&node.broker, &noor, ask(Some("visa"), false, "exercise"))
        .await
        .unwrap();
    let after = rotate(&node.broker, &noor, ask(Some("visa"), true, "stolen"))
        .await
        .unwrap();
    assert_eq!(after.len(), 4, "{after:?}");
    let new = of(&after, "visa", "current")[0];
    assert!(before.iter().all(|key| key.kid != new.kid));
    for (purpose, stays) in [("visa", false), ("token", true), ("id_token", true)] {
        let old = &of(&before, purpose, "current")[0].kid;
        assert_eq!(published(&node).contains(old), stays, "{purpose}");
    }
    assert_eq!(published(&node).len(), 3);
    // another server of the node has it at its next round
    let other = node.again().await.unwrap();
    assert!(other.signer().jwks().to_string().contains(&new.kid));
    node.clock.advance(Duration::from_secs(60));
    node.broker.do_chores().await;
    assert_eq!(published(&node).len(), 3);
}

#[tokio::test]
async fn keys_are_turned_by_those_who_may_and_with_a_reason() {
    let node = node().await;
    let dan = node.person("dan", "member@biobank.example.org").await;
    let noor = node.person("noor", "member@biobank.example.org").await;
    let known = published(&node);
    for now in [false, true] {
        let refused = rotate(&node.broker, &dan, ask(None, now, "why not")).await.unwrap_err();
        assert!(matches!(refused, GovernError::Denied { .. }), "{refused:?}");
    }
    assert!(list(&node.broker, &dan).await.is_err(), "neither a reader of the log");
    for (name, asked, code) in [
        ("no reason", ask(None, false, "  "), "keys.reason"),
        ("a key of another kind", ask(Some("snapshot"), false, "x"), "keys.use"),
        ("no use of ours", ask(Some("tokens"), true, "x"), "keys.use"),
    ] {
        let refused = rotate(&node.broker, &noor, asked).await.unwrap_err();
        assert_eq!(refused.code(), code, "{name}");
    }
    // a login of an hour ago governs nothing
    node.clock.advance(Duration::from_secs(3600));
    let stale = rotate(&node.broker, &noor, ask(None, false, "late")).await;
    assert!(matches!(stale, Err(GovernError::Denied { .. })), "{stale:?}");
    assert_eq!(published(&node), known);
}
