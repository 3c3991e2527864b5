//! What an approval would be worth is told before it is signed, and who can mend it is told of it.

use policy_engine::consent::Recorder;
use serde_json::json;

use super::tests::{House, UNI, house, wanted};
use super::*;
use crate::bootstrap::{self, Bootstrap};
use crate::committee::GovernError;
use crate::store::grants::Grant;
use crate::store::notices;
use crate::testing::{A, catalogue, dataset};

async fn seen(house: &House, id: &str) -> Shown {
    let broker = &house.node.broker;
    let seen = open(broker, &house.dan, id).await.unwrap();
    shown(broker, &house.dan, seen).await.unwrap()
}

/// The dataset asks for work that is not for profit, and the register does not know whether the university's is.
async fn unknown_status() -> House {
    let house = house(1).await;
    let mut record = serde_json::to_value(dataset(1)).unwrap();
    let terms = record.pointer_mut("/consent/uses/0/terms").unwrap();
    terms.as_array_mut().unwrap().push(json!({ "id": "DUO:0000018" }));
    let mut institutions = catalogue().institutions;
    for row in &mut institutions {
        if row.id.ends_with(UNI) {
            (row.nonprofit, row.commercial) = (None, None);
        }
    }
    let change = Bootstrap {
        datasets: vec![serde_json::from_value(record).unwrap()],
        institutions,
        ..Bootstrap::default()
    };
    bootstrap::apply(&house.node.broker, change).await.unwrap();
    house
}

#[tokio::test]
async fn what_would_work_is_said_for_each_person_and_dataset_and_nothing_is_stored() {
    let house = house(1).await;
    let broker = &house.node.broker;
    let row = begin(broker, &house.ada, wanted()).await.unwrap();
    let invited = invite(broker, &house.ada, &row.id, &format!("ben@{UNI}"))
        .await
        .unwrap();
    join(broker, &house.ben, &row.id, &invited.code).await.unwrap();
    submit(broker, &house.ada, &row.id).await.unwrap();
    let told = seen(&house, &row.id).await.foreseen;
    let of: Vec<(&str, bool)> = told.each.iter().map(|one| (one.to.sub.as_str(), one.works)).collect();
    let people = [house.ada.person.as_str(), house.ben.person.as_str()];
    assert_eq!(of, [(people[0], true), (people[1], true)], "{told:?}");
    assert_eq!((told.more, told.stops), (0, None));
    let grants: Vec<Grant> = broker.of_dataset(A).await.unwrap();
    assert!(grants.is_empty(), "{grants:?}");
    // who asks for access is shown nothing of it
    let own = open(broker, &house.ada, &row.id).await.unwrap();
    assert!(shown(broker, &house.ada, own).await.unwrap().foreseen.each.is_empty());
}

#[tokio::test]
async fn what_stays_red_names_its_owner_who_is_told_of_it_once() {
    let house = unknown_status().await;
    let broker = &house.node.broker;
    let noor = house.node.person("noor", "member@biobank.example.org").await;
    let row = house.filed().await;
    let told = seen(&house, &row.id).await.foreseen;
    assert!(!told.each[0].works, "{told:?}");
    let lack = &told.each[0].lacks[0];
    assert_eq!(
        (lack.reason.code.as_str(), lack.recorder, lack.judgement),
        ("consent.organisation_status_unknown", Recorder::RegisterKeeper, false)
    );
    let code = lack.reason.code.clone();
    let unseen = async || notices::unseen(&mut broker.db(), &noor.person).await.unwrap();
    for attempt in [1, 2] {
        assert_eq!(tell(broker, &house.dan, &row.id, &code).await.unwrap(), 1, "{attempt}");
        let notices = unseen().await;
        assert_eq!(notices.len(), 1, "{attempt}: {notices:?}");
        assert!(notices[0].words.contains(&code) && notices[0].words.contains(&row.id));
    }
    for (name, who, code) in [
        ("a code that is not lacking", &house.dan, "consent.ethics_missing"),
        ("the applicant", &house.ada, code.as_str()),
        ("somebody else", &house.ben, code.as_str()),
    ] {
        let refused = tell(broker, who, &row.id, code).await.unwrap_err();
        assert!(matches!(refused, GovernError::Unknown { .. }), "{name}: {refused:?}");
    }
    assert_eq!(unseen().await.len(), 1);
}
