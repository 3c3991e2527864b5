//! Keys, counters, governed rows, and the database itself.

use passport_broker::store::governed::{self, Governed as _, RowKind};
use passport_broker::store::keys::{self, SigningKeyRow};
use passport_broker::store::people::{self, PersonId};
use passport_broker::store::register::UpstreamRow;
use passport_broker::store::throttles;
use passport_broker::store::{Db, Kind, StoreError, counters};

use crate::{NOW, at, engines};

#[tokio::test]
async fn there_is_one_current_signing_key_of_a_purpose() {
    for (mut db, _dir) in engines().await {
        let key = |kid: &str, state: &str, not_after| SigningKeyRow {
            kid: kid.to_owned(),
            purpose: "token".to_owned(),
            state: state.to_owned(),
            public_jwk: "{}".to_owned(),
            sealed: "x".to_owned(),
            created: NOW,
            not_after,
        };
        keys::insert(&mut db, &key("k1", "current", None)).await.unwrap();
        let second = keys::insert(&mut db, &key("k2", "current", None)).await;
        assert!(
            matches!(second, Err(StoreError::Conflict { .. })),
            "two replicas that start at once: {second:?}"
        );
        keys::insert(&mut db, &key("k0", "old", Some(at(10)))).await.unwrap();
        assert_eq!(keys::all(&mut db, at(9)).await.unwrap().len(), 2);
        assert_eq!(keys::all(&mut db, at(10)).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn tries_are_counted_in_their_window_and_versions_only_grow() {
    for (mut db, _dir) in engines().await {
        for hits in 1..=3 {
            assert_eq!(throttles::hit(&mut db, "login", "192.0.2.1", NOW).await.unwrap(), hits);
        }
        assert_eq!(throttles::hit(&mut db, "login", "192.0.2.2", NOW).await.unwrap(), 1);
        assert_eq!(
            throttles::hit(&mut db, "login", "192.0.2.1", at(60)).await.unwrap(),
            1,
            "the next window"
        );
        assert_eq!(throttles::tidy(&mut db, at(60)).await.unwrap(), 1);
        assert_eq!(counters::next_snapshot(&mut db).await.unwrap(), 1);
        assert_eq!(counters::next_snapshot(&mut db).await.unwrap(), 2);
    }
}

#[tokio::test]
async fn a_governed_row_goes_from_pending_to_sealed_and_keeps_its_versions() {
    const ORIGIN: &str = "node.example.org/audit/a";
    for (mut db, _dir) in engines().await {
        let mut row = UpstreamRow {
            id: "uni".to_owned(),
            name: "University".to_owned(),
            issuer: "https://home.example.org".to_owned(),
            client_id: "visum".to_owned(),
            secret: None,
            scopes: vec!["openid".to_owned()],
            preset: None,
            speaks_for: Vec::new(),
            assurance_cap: 2,
            unique_ids: true,
            mfa: true,
            admin: true,
            sample: false,
            claims: passport_broker::store::claim_map::ClaimMap::default(),
            groups: Vec::new(),
            visa_sources: Vec::new(),
        };
        let first = governed::draft(&mut db, &row, NOW).await.unwrap();
        assert_eq!((first.version, first.before.clone()), (1, None));
        governed::pend(&mut db, &first, ORIGIN).await.unwrap();
        assert!(
            governed::newest(&mut db, RowKind::Upstream, "uni")
                .await
                .unwrap()
                .is_none(),
            "pending"
        );
        assert!(governed::everything(&mut db).await.unwrap().is_empty());
        assert_eq!(governed::pending_of(&mut db, ORIGIN).await.unwrap().len(), 1);
        assert!(governed::pending_of(&mut db, "other").await.unwrap().is_empty());
        let twice = governed::pend(&mut db, &first, ORIGIN).await;
        assert!(matches!(twice, Err(StoreError::Conflict { .. })));
        governed::seal(&mut db, &first.digest, 4, "leaf").await.unwrap();
        assert!(
            governed::seal(&mut db, &first.digest, 4, "leaf").await.is_err(),
            "sealed once"
        );
        governed::drop_pending(&mut db, &first.digest).await.unwrap();
        let sealed = governed::newest(&mut db, RowKind::Upstream, "uni")
            .await
            .unwrap()
            .unwrap();
        assert!(sealed.is_whole() && sealed.says(&row) && sealed.index == Some(4));
        row.name = "University of X".to_owned();
        assert!(!sealed.says(&row));
        let second = governed::draft(&mut db, &row, at(1)).await.unwrap();
        assert_eq!((second.version, second.before.as_ref()), (2, Some(&first.digest)));
        governed::pend(&mut db, &second, ORIGIN).await.unwrap();
        governed::seal(&mut db, &second.digest, 5, "leaf").await.unwrap();
        let newest = governed::all_newest(&mut db, RowKind::Upstream).await.unwrap();
        assert_eq!(newest.len(), 1);
        assert_eq!(newest[0].read::<UpstreamRow>().unwrap().name, "University of X");
        assert!(row.live() && governed::everything(&mut db).await.unwrap().len() == 2);
        let third = governed::draft(&mut db, &row, at(2)).await.unwrap();
        governed::pend(&mut db, &third, ORIGIN).await.unwrap();
        governed::drop_pending(&mut db, &third.digest).await.unwrap();
        assert!(governed::pending_of(&mut db, ORIGIN).await.unwrap().is_empty());
        assert!(
            governed::newest_of_person(&mut db, RowKind::Upstream, "x")
                .await
                .unwrap()
                .is_empty()
        );
        assert!(
            governed::newest_of_dataset(&mut db, RowKind::Upstream, "x")
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn a_url_of_neither_engine_is_refused() {
    for url in ["mysql://x", "broker.db", ""] {
        assert!(matches!(Db::open(url).await, Err(StoreError::Url)), "{url}");
    }
    let (db, _dir) = engines().await.remove(0);
    assert_eq!(db.kind(), Kind::Sqlite);
}

#[tokio::test]
async fn two_writers_take_turns() {
    for (db, _dir) in engines().await {
        let mut tx = db.begin().await.unwrap();
        people::create(&mut tx, &PersonId::from_text("a"), NOW).await.unwrap();
        let mut other = db.clone();
        let waits = tokio::spawn(async move { people::create(&mut other, &PersonId::from_text("b"), NOW).await });
        tokio::task::yield_now().await;
        tx.commit().await.unwrap();
        waits.await.unwrap().unwrap();
        assert_eq!(people::everybody(&mut db.clone()).await.unwrap().len(), 2);
    }
}
