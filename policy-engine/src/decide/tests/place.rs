//! Where work may run, by the data that it reads.

use super::node::*;
use crate::{
    decide::NOT_HELD,
    intent::{MayHold, ScopeKind, SessionScope},
};

#[test]
fn work_goes_to_no_place_that_may_not_hold_all_that_it_reads() {
    let engine = engine();
    let list = |entries: &[String]| MayHold::try_from(entries.to_vec()).unwrap();
    let (a, b) = (dataset_id("A"), dataset_id("B"));
    let cases = [
        ("no list", None, None),
        ("the dataset", Some(vec![a.clone()]), None),
        ("a prefix", Some(vec![format!("{}*", &a[..a.len() - 1])]), None),
        ("another dataset", Some(vec![b]), Some(NOT_HELD)),
        ("none at all", Some(Vec::new()), Some(NOT_HELD)),
    ];
    for (name, held, code) in cases {
        let mut asked = task(&["a1"], OUTPUT);
        asked.may_hold = held.map(|entries| list(&entries));
        let decision = engine.decide(&ada(&engine), &asked, now());
        assert_eq!(decision.code(), code, "{name}: {:?}", decision.reasons());
        if code.is_some() {
            let reason = &decision.reasons()[0];
            assert_eq!(reason.dataset.as_deref(), Some(a.as_str()), "{name}");
        }
    }
    // What the caller may not know of is not told apart from what is not there.
    let mut hidden = task(&["nothing"], OUTPUT);
    hidden.may_hold = Some(list(&[]));
    let decision = engine.decide(&ada(&engine), &hidden, now());
    assert!(
        decision.reasons().iter().all(|reason| reason.code != NOT_HELD),
        "{:?}",
        decision.reasons()
    );
    // Work of a session reaches all that the session names, from wherever it is.
    let mut of_session = task(&[], OUTPUT);
    of_session.session = Some(SessionScope {
        kind: ScopeKind::Session,
        id: "s".to_owned(),
        datasets: vec![a.clone()],
        expires: at("2026-11-29T00:00:00Z"),
        running: true,
    });
    of_session.may_hold = Some(list(&[]));
    let decision = engine.decide(&ada(&engine), &of_session, now());
    assert!(
        decision.reasons().iter().any(|reason| reason.code == NOT_HELD),
        "{:?}",
        decision.reasons()
    );
}
