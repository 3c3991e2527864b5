//! What is used once, families of tokens, and what clients hold.

use passport_broker::store::StoreError;
use passport_broker::store::clients::{self, ClientKey};
use passport_broker::store::codes::{self, OnceKind, Taken};
use passport_broker::store::people::PersonId;
use passport_broker::store::tokens::{self, AccessTokenRow, Family, LoginFacts, Refreshed, TokenKind};

use crate::{NOW, at, engines, identity, person};

#[tokio::test]
async fn what_is_used_once_is_used_once() {
    for (mut db, _dir) in engines().await {
        codes::keep(&mut db, OnceKind::Code, "c", &vec![1, 2], NOW, at(60))
            .await
            .unwrap();
        assert_eq!(
            codes::look::<Vec<i64>>(&mut db, OnceKind::Code, "c", NOW)
                .await
                .unwrap(),
            Some(vec![1, 2])
        );
        let other = codes::take::<Vec<i64>>(&mut db, OnceKind::Login, "c", NOW)
            .await
            .unwrap();
        assert_eq!(other, Taken::Unknown, "a code is no login");
        // a transaction that is dropped uses nothing up
        let mut tx = db.begin().await.unwrap();
        let first = codes::take::<Vec<i64>>(&mut tx, OnceKind::Code, "c", NOW)
            .await
            .unwrap();
        assert_eq!(first, Taken::First(vec![1, 2]));
        drop(tx);
        let first = codes::take::<Vec<i64>>(&mut db, OnceKind::Code, "c", NOW)
            .await
            .unwrap();
        assert_eq!(first, Taken::First(vec![1, 2]));
        let again = codes::take::<Vec<i64>>(&mut db, OnceKind::Code, "c", at(1))
            .await
            .unwrap();
        assert_eq!(again, Taken::Again(vec![1, 2]), "so that its tokens can be revoked");
        assert_eq!(
            codes::look::<Vec<i64>>(&mut db, OnceKind::Code, "c", NOW)
                .await
                .unwrap(),
            None
        );
        codes::keep(&mut db, OnceKind::Code, "old", &0, NOW, at(60))
            .await
            .unwrap();
        assert_eq!(
            codes::take::<i64>(&mut db, OnceKind::Code, "old", at(60))
                .await
                .unwrap(),
            Taken::Unknown,
            "over"
        );
        assert!(
            codes::first_use(&mut db, OnceKind::Assertion, "j", NOW, at(60))
                .await
                .unwrap()
        );
        assert!(
            !codes::first_use(&mut db, OnceKind::Assertion, "j", NOW, at(60))
                .await
                .unwrap()
        );
        assert!(
            codes::first_use(&mut db, OnceKind::Logout, "j", NOW, at(60))
                .await
                .unwrap(),
            "another kind"
        );
        assert_eq!(codes::tidy(&mut db, at(60 + 3600)).await.unwrap(), 0);
        assert_eq!(codes::tidy(&mut db, at(61 + 3600)).await.unwrap(), 4);
    }
}

fn family(person: &PersonId, id: &str) -> Family {
    Family {
        id: id.to_owned(),
        person: person.clone(),
        client: "app".to_owned(),
        sid: Some("s1".to_owned()),
        code: Some(format!("code-{id}")),
        scope: "openid".to_owned(),
        audience: vec!["https://broker.example.org".to_owned()],
        login: LoginFacts {
            identity: identity("ada"),
            auth_time: NOW,
            acr: None,
            amr: Vec::new(),
            assurance: 1,
            name: None,
            email: None,
        },
        details: None,
        jkt: None,
        created: NOW,
        expires: at(1000),
        revoked: None,
    }
}

#[tokio::test]
async fn a_family_of_tokens_lives_and_ends_together() {
    for (mut db, _dir) in engines().await {
        let ada = person(&mut db, "ada").await;
        for id in ["f1", "f2", "f3"] {
            tokens::begin_family(&mut db, &family(&ada, id)).await.unwrap();
        }
        tokens::put_refresh(&mut db, "r1", "f1", NOW, at(500)).await.unwrap();
        assert!(matches!(
            tokens::use_refresh(&mut db, "r1", "other", NOW).await.unwrap(),
            Refreshed::Bad
        ));
        assert!(
            matches!(
                tokens::use_refresh(&mut db, "r1", "app", at(500)).await.unwrap(),
                Refreshed::Bad
            ),
            "over"
        );
        assert!(matches!(
            tokens::use_refresh(&mut db, "r1", "app", at(1)).await.unwrap(),
            Refreshed::Good(_)
        ));
        let again = tokens::use_refresh(&mut db, "r1", "app", at(5)).await.unwrap();
        assert!(matches!(again, Refreshed::Reused { used, .. } if used == at(1)));
        assert_eq!(
            tokens::family_of_refresh(&mut db, "r1", "app")
                .await
                .unwrap()
                .unwrap()
                .id,
            "f1"
        );
        assert!(
            tokens::family_of_refresh(&mut db, "r1", "other")
                .await
                .unwrap()
                .is_none()
        );
        let token = |jti: &str, family: Option<&str>| AccessTokenRow {
            jti: jti.to_owned(),
            family: family.map(str::to_owned),
            person: ada.clone(),
            client: "app".to_owned(),
            kind: TokenKind::Person,
            expires: at(100),
            revoked: None,
        };
        tokens::put_access(&mut db, &token("t1", Some("f1"))).await.unwrap();
        tokens::put_access(&mut db, &token("t2", None)).await.unwrap();
        assert!(tokens::access(&mut db, "t1").await.unwrap().unwrap().revoked.is_none());
        assert!(tokens::revoke_family(&mut db, "f1", at(6)).await.unwrap());
        assert!(!tokens::revoke_family(&mut db, "f1", at(7)).await.unwrap());
        assert_eq!(
            tokens::access(&mut db, "t1").await.unwrap().unwrap().revoked,
            Some(at(6)),
            "ended with its family"
        );
        assert!(matches!(
            tokens::use_refresh(&mut db, "r1", "app", at(7)).await.unwrap(),
            Refreshed::Bad
        ));
        assert!(
            !tokens::revoke_access(&mut db, "t2", "other", at(8)).await.unwrap(),
            "not that client's"
        );
        assert!(tokens::revoke_access(&mut db, "t2", "app", at(8)).await.unwrap());
        assert_eq!(tokens::revoke_of_code(&mut db, "code-f2", at(9)).await.unwrap(), 1);
        assert_eq!(
            tokens::revoke_of_session(&mut db, "s1", at(9)).await.unwrap(),
            1,
            "f3 was left"
        );
        assert_eq!(
            tokens::family(&mut db, "f3").await.unwrap().unwrap().revoked,
            Some(at(9))
        );
        assert_eq!(tokens::tidy(&mut db, at(101 + 86_400)).await.unwrap(), 2);
    }
}

#[tokio::test]
async fn clients_keys_and_consents_are_per_person() {
    for (mut db, _dir) in engines().await {
        let ada = person(&mut db, "ada").await;
        let key = ClientKey {
            thumbprint: "k1".to_owned(),
            client: "visum-cli".to_owned(),
            person: ada.clone(),
            jwk: "{}".to_owned(),
            created: NOW,
        };
        clients::register_key(&mut db, &key).await.unwrap();
        assert!(matches!(
            clients::register_key(&mut db, &key).await,
            Err(StoreError::Conflict { .. })
        ));
        assert_eq!(
            clients::key(&mut db, "visum-cli", "k1").await.unwrap().unwrap().person,
            ada
        );
        assert!(clients::key(&mut db, "other", "k1").await.unwrap().is_none());
        assert_eq!(clients::keys_of(&mut db, &ada).await.unwrap().len(), 1);
        assert!(
            !clients::revoke_key(&mut db, &PersonId::from_text("bob"), "k1", NOW)
                .await
                .unwrap()
        );
        assert!(clients::revoke_key(&mut db, &ada, "k1", NOW).await.unwrap());
        assert!(clients::key(&mut db, "visum-cli", "k1").await.unwrap().is_none());
        clients::consent(&mut db, &ada, "app", "openid", NOW).await.unwrap();
        clients::consent(&mut db, &ada, "app", "openid email", at(1))
            .await
            .unwrap();
        assert_eq!(
            clients::consented(&mut db, &ada, "app").await.unwrap().unwrap().scope,
            "openid email"
        );
        assert_eq!(clients::consents(&mut db, &ada).await.unwrap().len(), 1);
        assert!(clients::withdraw_consent(&mut db, &ada, "app").await.unwrap());
        assert!(!clients::withdraw_consent(&mut db, &ada, "app").await.unwrap());
    }
}
