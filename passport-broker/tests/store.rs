//! Every store function, on both engines: SQLite always, PostgreSQL where `VISUM_TEST_PG` has a URL.
//! With `VISUM_REQUIRE_PG=1` and no such URL the test fails rather than skips.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

#[path = "common/schema.rs"]
mod schema;

use passport_broker::store::clients::{self, ClientKey};
use passport_broker::store::codes::{self, OnceKind, Taken};
use passport_broker::store::governed::{self, Governed, RowKind};
use passport_broker::store::keys::{self, SigningKeyRow};
use passport_broker::store::mails::{self, Mail};
use passport_broker::store::people::{self, Fact, FactKind, PersonId};
use passport_broker::store::register::UpstreamRow;
use passport_broker::store::sessions::{self, SessionRow};
use passport_broker::store::throttles;
use passport_broker::store::tokens::{self, AccessTokenRow, Family, LoginFacts, Refreshed, TokenKind};
use passport_broker::store::visas::{self, CollectedVisa, IssuedVisa};
use passport_broker::store::webhooks::{self, Call};
use passport_broker::store::{Db, Kind, StoreError, announced, collections, counters, own};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

const NOW: Timestamp = Timestamp::from_unix(1_795_000_000);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(NOW.unix() + seconds)
}

/// The engines to run on; each test has rows of its own, by `name`.
async fn engines() -> Vec<(Db, Option<tempfile::TempDir>)> {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite://{}?mode=rwc", dir.path().join("broker.db").display());
    let mut engines = vec![(Db::open(&sqlite).await.unwrap(), Some(dir))];
    #[expect(
        clippy::disallowed_methods,
        reason = "which databases a test runs on is told by its environment"
    )]
    let (url, required) = (
        std::env::var("VISUM_TEST_PG").ok(),
        std::env::var("VISUM_REQUIRE_PG").is_ok(),
    );
    match url {
        Some(url) => engines.push((Db::open(&schema::fresh(&url).await).await.unwrap(), None)),
        None => assert!(
            !required,
            "VISUM_REQUIRE_PG is set, and VISUM_TEST_PG names no PostgreSQL"
        ),
    }
    engines
}

fn identity(sub: &str) -> VisaIdentity {
    VisaIdentity::new("https://home.example.org".parse().unwrap(), sub.parse().unwrap())
}

async fn person(db: &mut Db, name: &str) -> PersonId {
    let id = PersonId::from_text(name);
    people::create(db, &id, NOW).await.unwrap();
    people::attach(db, &id, &identity(name), true, NOW).await.unwrap();
    id
}

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
