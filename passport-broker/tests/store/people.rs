//! People, their sessions and their visas.

use passport_broker::store::people::{self, Fact, FactKind, PersonId};
use passport_broker::store::sessions::{self, SessionRow};
use passport_broker::store::visas::{self, CollectedVisa, IssuedVisa};
use passport_broker::store::{Db, StoreError, collections};
use visa_verifier::VisaIdentity;

use crate::{NOW, at, engines, identity, person};

#[tokio::test]
async fn people_are_found_by_their_identities_and_facts_end() {
    for (mut db, _dir) in engines().await {
        let ada = person(&mut db, "ada").await;
        assert_eq!(
            people::by_identity(&mut db, &identity("ada"))
                .await
                .unwrap()
                .unwrap()
                .id,
            ada
        );
        assert!(people::by_identity(&mut db, &identity("bob")).await.unwrap().is_none());
        assert!(
            people::by_id(&mut db, &PersonId::from_text("bob"))
                .await
                .unwrap()
                .is_none()
        );
        let taken = people::attach(&mut db, &ada, &identity("ada"), true, NOW).await;
        assert!(
            matches!(taken, Err(StoreError::Conflict { .. })),
            "an identity is one person's: {taken:?}"
        );
        people::seen(&mut db, &identity("ada"), at(5)).await.unwrap();
        let linked = people::identities(&mut db, &ada).await.unwrap();
        assert_eq!((linked.len(), linked[0].last_login, linked[0].unique), (1, at(5), true));
        people::touch(&mut db, &ada, at(9)).await.unwrap();
        assert_eq!(people::everybody(&mut db).await.unwrap()[0].facts_changed, at(9));
        let fact = |value: &str, expires| Fact {
            kind: FactKind::Affiliation,
            value: value.to_owned(),
            source: "https://uni.example.org".to_owned(),
            by: "so".to_owned(),
            identity: identity("ada"),
            asserted: NOW,
            expires,
        };
        let both = [
            fact("faculty@uni.example.org", at(60)),
            fact("member@uni.example.org", at(10)),
        ];
        people::assert_facts(&mut db, &ada, &identity("ada"), &both)
            .await
            .unwrap();
        assert_eq!(people::facts(&mut db, &ada, at(9)).await.unwrap().len(), 2);
        assert_eq!(
            people::facts(&mut db, &ada, at(10)).await.unwrap(),
            both[..1],
            "one has ended"
        );
        people::assert_facts(&mut db, &ada, &identity("ada"), &[])
            .await
            .unwrap();
        assert!(
            people::facts(&mut db, &ada, NOW).await.unwrap().is_empty(),
            "a new login replaces the old one's"
        );
    }
}

#[tokio::test]
async fn sessions_end_by_time_and_by_word() {
    for (mut db, _dir) in engines().await {
        let ada = person(&mut db, "ada").await;
        let session = SessionRow {
            digest: "d1".to_owned(),
            sid: "s1".to_owned(),
            person: ada.clone(),
            identity: identity("ada"),
            acr: None,
            amr: vec!["pwd".to_owned()],
            assurance: 2,
            auth_time: NOW,
            created: NOW,
            last_seen: NOW,
            expires: at(100),
        };
        sessions::begin(&mut db, &session).await.unwrap();
        let live = sessions::live(&mut db, "d1", at(99)).await.unwrap().unwrap();
        assert_eq!((live.amr, live.assurance, live.acr), (vec!["pwd".to_owned()], 2, None));
        assert!(sessions::live(&mut db, "d1", at(100)).await.unwrap().is_none(), "over");
        assert!(
            sessions::live(&mut db, "d2", NOW).await.unwrap().is_none(),
            "another cookie"
        );
        sessions::seen(&mut db, "d1", at(7)).await.unwrap();
        assert_eq!(
            sessions::of_person(&mut db, &ada, NOW).await.unwrap()[0].last_seen,
            at(7)
        );
        assert!(sessions::end(&mut db, "s1", at(8)).await.unwrap());
        assert!(!sessions::end(&mut db, "s1", at(9)).await.unwrap(), "ended before");
        assert!(sessions::live(&mut db, "d1", at(9)).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn visas_are_kept_replaced_and_revoked() {
    for (mut db, _dir) in engines().await {
        let ada = person(&mut db, "ada").await;
        let there = VisaIdentity::new("https://visas.example.net".parse().unwrap(), "x".parse().unwrap());
        let visa = |digest: &str, expires| CollectedVisa {
            digest: digest.to_owned(),
            identity: there.clone(),
            visa: "a.b.c".to_owned(),
            collected: NOW,
            expires,
        };
        visas::collect(&mut db, &ada, &there, &[visa("v1", at(10)), visa("v2", at(20))])
            .await
            .unwrap();
        assert_eq!(visas::collected(&mut db, &ada, at(10)).await.unwrap().len(), 1);
        visas::collect(&mut db, &ada, &there, &[]).await.unwrap();
        assert!(visas::collected(&mut db, &ada, NOW).await.unwrap().is_empty());
        let issued = IssuedVisa {
            jti: "j1".to_owned(),
            person: ada.clone(),
            kind: "ControlledAccessGrants".to_owned(),
            value: "https://data.example.org/a".to_owned(),
            grant: Some("g1".to_owned()),
            issued: NOW,
            expires: at(100),
            revoked: None,
        };
        visas::issued(&mut db, &issued).await.unwrap();
        assert_eq!(visas::of_grant(&mut db, "g1", NOW).await.unwrap().len(), 1);
        assert!(visas::revoked(&mut db, NOW).await.unwrap().is_empty());
        assert_eq!(visas::revoke_of_grant(&mut db, "g1", at(1)).await.unwrap(), 1);
        assert_eq!(visas::revoked(&mut db, at(2)).await.unwrap()[0].jti, "j1");
        assert!(
            visas::revoked(&mut db, at(100)).await.unwrap().is_empty(),
            "over by itself"
        );
    }
}

#[tokio::test]
async fn a_source_of_visas_is_asked_by_one_at_a_time_and_its_token_ends() {
    for (mut db, _dir) in engines().await {
        let ada = PersonId::from_text("ada-of-sources");
        let (source, sub) = ("https://issuer.example.org/visas", "sub-ada");
        let take = async |db: &mut Db, before: i64, now: i64| {
            collections::take(db, &ada, source, sub, at(before), at(now))
                .await
                .unwrap()
        };
        assert!(take(&mut db, -60, 0).await, "never asked");
        assert!(!take(&mut db, -30, 30).await, "asked a moment ago");
        assert!(take(&mut db, 0, 60).await);
        collections::went(&mut db, &ada, source, sub, Some("it answered 503"), at(61))
            .await
            .unwrap();
        collections::went(&mut db, &ada, source, sub, Some("it answered 500"), at(70))
            .await
            .unwrap();
        let told = collections::of_person(&mut db, &ada).await.unwrap();
        let [told] = told.as_slice() else {
            unreachable!("{told:?}")
        };
        assert_eq!(
            (told.failed, told.why.as_deref(), told.answered),
            (Some(at(61)), Some("it answered 500"), None)
        );
        let due = collections::due(&mut db, at(0), at(60), 10).await.unwrap();
        let [due] = due.as_slice() else { unreachable!("{due:?}") };
        assert!(
            collections::due(&mut db, at(61), at(60), 10).await.unwrap().is_empty(),
            "nobody wants it"
        );
        assert!(collections::take_due(&mut db, due, at(900)).await.unwrap());
        assert!(
            !collections::take_due(&mut db, due, at(900)).await.unwrap(),
            "another replica"
        );
        collections::went(&mut db, &ada, source, sub, None, at(901))
            .await
            .unwrap();
        let told = collections::of_person(&mut db, &ada).await.unwrap();
        assert_eq!(
            told.first().map(|one| (one.failed, one.answered)),
            Some((None, Some(at(901))))
        );

        let ada_there = VisaIdentity::new("https://home.example.org".parse().unwrap(), sub.parse().unwrap());
        collections::keep_token(&mut db, &ada, &ada_there, "one", at(100))
            .await
            .unwrap();
        collections::keep_token(&mut db, &ada, &ada_there, "two", at(200))
            .await
            .unwrap();
        let token = async |db: &mut Db, now: i64| {
            collections::token(db, &ada, "https://home.example.org", sub, at(now))
                .await
                .unwrap()
        };
        assert_eq!(token(&mut db, 150).await.as_deref(), Some("two"));
        assert_eq!(token(&mut db, 200).await, None, "over");
        collections::tidy(&mut db, at(200)).await.unwrap();
        assert_eq!(token(&mut db, 150).await, None, "removed");
        collections::forget(&mut db, &ada, source, sub).await.unwrap();
        assert!(collections::of_person(&mut db, &ada).await.unwrap().is_empty());
    }
}
