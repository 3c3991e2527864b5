//! What waits to be told: endings, webhooks, mail.

use passport_broker::store::mails::{self, Mail};
use passport_broker::store::people::PersonId;
use passport_broker::store::webhooks::{self, Call};
use passport_broker::store::{Db, announced, own};

use crate::{NOW, at, engines};

#[tokio::test]
async fn an_ending_is_announced_by_whoever_is_first() {
    for (mut db, _dir) in engines().await {
        let ada = PersonId::from_text("ada-of-endings");
        let first = async |db: &mut Db, ends: i64, stage: &str| {
            announced::first(db, &ada, "grant g", at(ends), stage, NOW)
                .await
                .unwrap()
        };
        assert!(first(&mut db, 100, "month").await);
        assert!(!first(&mut db, 100, "month").await, "once");
        assert!(first(&mut db, 100, "week").await, "another stage");
        assert!(first(&mut db, 200, "month").await, "another end");
        announced::tidy(&mut db, at(150 + 2_678_400)).await.unwrap();
        assert!(first(&mut db, 100, "month").await, "forgotten a month after its end");
        assert!(!first(&mut db, 200, "month").await, "not before");
    }
}

#[tokio::test]
async fn a_call_to_a_webhook_is_one_replicas_and_ends() {
    for (mut db, _dir) in engines().await {
        let call = Call {
            id: "msg_1".to_owned(),
            webhook: "desk".to_owned(),
            body: "{}".to_owned(),
            tries: 0,
            next: NOW,
        };
        webhooks::put(&mut db, &call).await.unwrap();
        assert!(webhooks::due(&mut db, at(-1), 10).await.unwrap().is_empty(), "not yet");
        let due = webhooks::due(&mut db, NOW, 10).await.unwrap();
        let [due] = due.as_slice() else { unreachable!("{due:?}") };
        assert!(webhooks::claim(&mut db, due, Some(at(60)), NOW).await.unwrap());
        assert!(
            !webhooks::claim(&mut db, due, Some(at(60)), NOW).await.unwrap(),
            "another replica"
        );
        assert!(webhooks::due(&mut db, NOW, 10).await.unwrap().is_empty());
        let again = webhooks::due(&mut db, at(60), 10).await.unwrap();
        assert_eq!(again.first().map(|call| call.tries), Some(1));
        webhooks::done(&mut db, "msg_1", at(61)).await.unwrap();
        assert!(webhooks::due(&mut db, at(600), 10).await.unwrap().is_empty());
        assert_eq!(webhooks::tidy(&mut db, at(62 + 604_800)).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn mail_waits_once_a_page_is_tried_by_one_and_forgotten_a_week_after() {
    for (mut db, _dir) in engines().await {
        let ada = PersonId::from_text("ada-of-mail");
        let mail = |id: &str, place: &str| Mail {
            id: id.to_owned(),
            person: ada.clone(),
            place: place.to_owned(),
            tries: 0,
            next: NOW,
        };
        assert!(mails::put(&mut db, &mail("m1", "/applications/a"), NOW).await.unwrap());
        let again = mails::put(&mut db, &mail("m2", "/applications/a"), NOW).await.unwrap();
        assert!(!again, "one about this page waits already");
        assert!(mails::put(&mut db, &mail("m3", "/account"), NOW).await.unwrap());
        assert_eq!(mails::waiting(&mut db).await.unwrap(), 2);
        assert!(mails::due(&mut db, at(-1), 10).await.unwrap().is_empty(), "not yet");
        let due = mails::due(&mut db, NOW, 10).await.unwrap();
        let [first, other] = due.as_slice() else {
            unreachable!("{due:?}")
        };
        assert!(mails::claim(&mut db, first, Some(at(60)), NOW).await.unwrap());
        let second = mails::claim(&mut db, first, Some(at(60)), NOW).await.unwrap();
        assert!(!second, "another replica has it");
        assert!(mails::claim(&mut db, other, None, NOW).await.unwrap(), "its last try");
        assert_eq!(mails::waiting(&mut db).await.unwrap(), 1);
        mails::done(&mut db, "m1", at(61)).await.unwrap();
        assert!(
            mails::put(&mut db, &mail("m4", "/applications/a"), at(62))
                .await
                .unwrap()
        );
        assert_eq!(mails::tidy(&mut db, at(604_862)).await.unwrap(), 2);

        assert_eq!(mails::address(&mut db, &ada).await.unwrap(), None);
        mails::keep_address(&mut db, &ada, "sealed-1", NOW).await.unwrap();
        mails::keep_address(&mut db, &ada, "sealed-2", at(1)).await.unwrap();
        assert_eq!(
            mails::address(&mut db, &ada).await.unwrap().as_deref(),
            Some("sealed-2")
        );
        // a closed account leaves neither address nor mail
        let mut tx = db.begin().await.unwrap();
        own::end_account(&mut tx, &ada, at(2)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(mails::address(&mut db, &ada).await.unwrap(), None);
        assert_eq!(mails::waiting(&mut db).await.unwrap(), 0);
    }
}
