//! Every function of the index, on the engines at hand.

use super::*;

fn row(id: &str, seq: i64, owner: &str) -> Work {
    Work {
        id: id.into(),
        seq,
        kind: "task".into(),
        backend: "tes".into(),
        backend_id: None,
        owner: owner.into(),
        service: "urn:tes".into(),
        phase: Phase::Submitting,
        state: "QUEUED".into(),
        withdrawn: None,
        decision: "d".into(),
        datasets: "[]".into(),
        objects: "[]".into(),
        basis: "{}".into(),
        name: "n".into(),
        request: "{}".into(),
        created_at: 1,
        confirmed_at: 1,
        expires_at: 9,
        session: None,
    }
}

async fn works() -> (Works, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("index.db").display());
    (Works::new(Db::open(&url).await.unwrap()), folder)
}

#[tokio::test]
async fn a_task_goes_from_submitting_to_live_to_over() {
    let (works, _folder) = works().await;
    works.submit(&row("a", 1, "ada"), None).await.unwrap();
    assert_eq!(works.live().await.unwrap().len(), 1, "submitting is live for a sweep");
    let accepted = works.accepted("a", "b-1", "QUEUED", 5).await.unwrap().unwrap();
    assert_eq!(
        (accepted.phase, accepted.backend_id.as_deref(), accepted.confirmed_at),
        (Phase::Live, Some("b-1"), 5)
    );
    works.confirm("a", "RUNNING", false, 6).await.unwrap();
    assert_eq!(works.by_id("a").await.unwrap().unwrap().state, "RUNNING");
    works.confirm("a", "COMPLETE", true, 7).await.unwrap();
    assert!(works.live().await.unwrap().is_empty());
    works.confirm("a", "RUNNING", false, 8).await.unwrap();
    assert_eq!(
        works.by_id("a").await.unwrap().unwrap().state,
        "COMPLETE",
        "what is over stays over"
    );
}

#[tokio::test]
async fn a_withdrawal_that_meets_submitting_is_seen_when_the_answer_comes() {
    let (works, _folder) = works().await;
    works.submit(&row("a", 1, "ada"), None).await.unwrap();
    assert!(works.withdraw("a", "consent.hold").await.unwrap());
    assert!(!works.withdraw("a", "consent.hold").await.unwrap(), "once");
    let accepted = works.accepted("a", "b-1", "QUEUED", 5).await.unwrap().unwrap();
    assert_eq!(accepted.withdrawn.as_deref(), Some("consent.hold"));
}

#[tokio::test]
async fn e32_a_list_holds_the_persons_own_newest_first() {
    let (works, _folder) = works().await;
    for (id, seq, owner) in [("a", 1, "ada"), ("b", 2, "bob"), ("c", 3, "ada2"), ("d", 4, "ada")] {
        works.submit(&row(id, seq, owner), None).await.unwrap();
    }
    let mut filter = WorkFilter {
        kind: "task",
        owners: vec!["ada".into(), "ada2".into()],
        before: None,
        limit: 2,
    };
    let ids = |rows: Vec<Work>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(ids(works.list(&filter).await.unwrap()), ["d", "c"]);
    filter.before = Some(3);
    assert_eq!(ids(works.list(&filter).await.unwrap()), ["a"]);
    filter.owners.clear();
    assert!(works.list(&filter).await.unwrap().is_empty(), "nobody has nothing");
}

#[tokio::test]
async fn the_index_is_opened_again_with_what_it_held() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("index.db").display());
    Works::new(Db::open(&url).await.unwrap())
        .submit(&row("a", 1, "ada"), None)
        .await
        .unwrap();
    assert_eq!(Works::new(Db::open(&url).await.unwrap()).live().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_request_that_names_itself_becomes_work_once() {
    let (works, _folder) = works().await;
    let first = Named {
        name: "n",
        request: "r",
    };
    assert_eq!(works.submit(&row("a", 1, "ada"), Some(first)).await.unwrap(), None);
    let before = |request: &str, submitting| {
        Some(Before {
            request: request.to_owned(),
            work: "a".to_owned(),
            submitting,
        })
    };
    assert_eq!(
        works.submit(&row("b", 2, "ada"), Some(first)).await.unwrap(),
        before("r", true)
    );
    works.accepted("a", "b-1", "QUEUED", 5).await.unwrap();
    let other = Named {
        name: "n",
        request: "s",
    };
    for named in [first, other] {
        assert_eq!(
            works.submit(&row("b", 2, "ada"), Some(named)).await.unwrap(),
            before("r", false)
        );
    }
    assert!(works.by_id("b").await.unwrap().is_none(), "nothing was written");
    // names are of one owner
    assert_eq!(works.submit(&row("c", 3, "ben"), Some(first)).await.unwrap(), None);
    // work that no backend ever had leaves its name to the next one
    works.close("c", "SYSTEM_ERROR").await.unwrap();
    assert_eq!(works.submit(&row("d", 4, "ben"), Some(other)).await.unwrap(), None);
    assert_eq!(
        works
            .submit(&row("e", 5, "ben"), Some(other))
            .await
            .unwrap()
            .map(|before| before.work),
        Some("d".to_owned())
    );
    // and a day later every name is free
    let mut later = row("f", 6, "ada");
    later.created_at += 25 * 3600;
    assert_eq!(works.submit(&later, Some(first)).await.unwrap(), None);
}
