//! Reminders after 7 and 14 days, once each, to the side that it waits for.

use std::time::Duration;

use super::tests::house;
use super::*;
use crate::caller::Caller;
use crate::store::notices;
use crate::testing::Node;

/// What somebody would be told at the next sign-in.
async fn told(node: &Node, who: &Caller) -> Vec<String> {
    let all = notices::unseen(&mut node.broker.db(), &who.person).await.unwrap();
    all.into_iter().map(|notice| notice.words).collect()
}

#[tokio::test]
async fn each_side_is_reminded_after_7_and_14_days_once_each() {
    let house = house(1).await;
    let node = &house.node;
    let row = house.filed().await;
    let mut committee = Vec::new();
    let words = |days: u32| {
        format!(
            "The application {} has waited for your committee for {days} days.",
            row.id
        )
    };
    for (day, due) in [
        (6, None),
        (7, Some(7)),
        (8, None),
        (14, Some(14)),
        (15, None),
        (60, None),
        (61, None),
    ] {
        let passed = Duration::from_secs(day * 86_400);
        let since = node.broker.now().since(row.since);
        node.clock.advance(passed.checked_sub(since).unwrap());
        remind(&node.broker).await.unwrap();
        remind(&node.broker).await.unwrap();
        // what is over is forgotten, and nobody is told again because of that
        crate::store::announced::tidy(&mut node.broker.db(), node.broker.now())
            .await
            .unwrap();
        committee.extend(due.map(words));
        assert_eq!(told(node, &house.dan).await, committee, "day {day}");
        assert!(
            told(node, &house.ada).await.is_empty(),
            "the applicant waits: day {day}"
        );
    }
}

#[tokio::test]
async fn questions_that_wait_remind_the_applicant_and_not_the_committee() {
    let house = house(1).await;
    let node = &house.node;
    let row = house.filed().await;
    send_back(&node.broker, &house.dan, &row.id, "Which genes?")
        .await
        .unwrap();
    remind(&node.broker).await.unwrap();
    assert!(told(node, &house.ada).await.is_empty());
    node.clock.advance(Duration::from_secs(7 * 86_400));
    remind(&node.broker).await.unwrap();
    let asked = format!(
        "The committee's questions on your application {} have waited for your answer for 7 days.",
        row.id
    );
    assert_eq!(told(node, &house.ada).await, [asked]);
    assert!(told(node, &house.dan).await.is_empty());
}
