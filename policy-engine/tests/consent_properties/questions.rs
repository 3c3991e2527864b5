//! Random questions: small pools of words, weighted so that a good part is permitted.

use policy_engine::consent::Input;
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

const NOW: &str = "2026-11-22T12:00:00Z";
const MOMENTS: [&str; 7] = [
    "2025-01-01T00:00:00Z",
    "2026-01-15T09:30:00Z",
    "2026-11-22T11:59:59Z",
    NOW,
    "2026-11-22T12:00:01Z",
    "2027-03-01T00:00:00Z",
    "2030-01-01T00:00:00Z",
];
pub(crate) const REGISTERED: &str = "https://doi.org/10.1038/s41431-018-0219-y";
const AIMS: [&str; 15] = [
    "biomedical",
    "genetic",
    "drug_development",
    "disease",
    "ancestry",
    "population",
    "age_category",
    "gender_category",
    "control",
    "methods",
    "model_training",
    "fundamental_biology",
    "social_science",
    "clinical_care",
    "other",
];
const DISEASES: [&str; 6] = [
    "MONDO:0007254",
    "MONDO:0004992",
    "MONDO:0004989",
    "MONDO:0005015",
    "MONDO:0000404",
    "MONDO:9999999",
];
const CODES: [&str; 5] = [
    "*",
    "consent.purpose_needs_judgement",
    "consent.ethics_unverified",
    "consent.methods_meaning_unknown",
    "consent.access_country_outside",
];

/// Mostly the first, which is the one that opens.
fn mostly(words: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    let first = words[0];
    prop_oneof![8 => Just(first), 1 => select(words)]
}

fn moment() -> impl Strategy<Value = &'static str> {
    select(&MOMENTS[..])
}

fn diseases() -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![4 => Just(vec![DISEASES[0]]), 1 => subsequence(DISEASES.to_vec(), 0..3)]
}

fn later() -> impl Strategy<Value = &'static str> {
    select(&MOMENTS[4..])
}

pub(crate) fn term() -> BoxedStrategy<Value> {
    let plain = |id: &'static str| Just(json!({"id": id})).boxed();
    let with = |id: &'static str, values: &'static [&'static str]| {
        vec(mostly(values), 0..3)
            .prop_map(move |values| json!({"id": id, "values": values}))
            .boxed()
    };
    let modifiers = [
        plain("DUO:0000014"),
        plain("DUO:0000016"),
        plain("DUO:0000018"),
        plain("DUO:0000019"),
        plain("DUO:0000021"),
        plain("DUO:0000029"),
        plain("DUO:0000043"),
        plain("DUO:0000044"),
        plain("DUO:0000045"),
        plain("DUO:0000046"),
        with(
            "DUO:0000012",
            &["DUO:0000038", "DUO:0000037", "DUO:0000031", "DUO:0000034", "words"],
        ),
        with("DUO:0000020", &["pi@example.org"]),
        with("DUO:0000022", &["EU", "EEA", "US", "Europe"]),
        with("DUO:0000026", &["alice", "bob"]),
        with("DUO:0000027", &["p1", "p2"]),
        with("DUO:0000028", &["uni", "other"]),
        option::of(select(vec!["2020-02-03", "2021-02-23"]))
            .prop_map(|day| json!({"id": "DUO:0000015", "version": day}))
            .boxed(),
        option::of(select(vec!["2026-01-01", "2027-01-01", "2027-02-30"]))
            .prop_map(|day| json!({"id": "DUO:0000024", "date": day}))
            .boxed(),
        option::of(select(vec![0, 6, 12, 24]))
            .prop_map(|months| json!({"id": "DUO:0000025", "months": months}))
            .boxed(),
    ];
    let permissions = [
        plain("DUO:0000004"),
        plain("DUO:0000042"),
        plain("DUO:0000006"),
        plain("DUO:0000011"),
        plain("DUO:0000005"),
        with("DUO:0000007", &["MONDO:0007254", "MONDO:0004992", "MONDO:0000404"]),
    ];
    let odd = select(vec!["DUO:0000001", "DUO:0000002", "DUO:9999999"]).prop_map(|id| json!({"id": id}));
    prop_oneof![6 => proptest::strategy::Union::new(modifiers), 2 => proptest::strategy::Union::new(permissions), 1 => odd].boxed()
}

pub(crate) fn group(name: &'static str) -> BoxedStrategy<Value> {
    let permission = mostly(&[
        "DUO:0000042",
        "DUO:0000004",
        "DUO:0000006",
        "DUO:0000011",
        "DUO:0000008",
    ]);
    (permission, vec(term(), 0..2))
        .prop_map(move |(permission, mut terms)| {
            terms.insert(0, json!({"id": permission}));
            json!({"group": name, "terms": terms})
        })
        .boxed()
}

pub(crate) fn hold() -> BoxedStrategy<Value> {
    let data = select(vec!["withdrawn", "disputed", "expired", "reconsent", "opt_out"]);
    let data = (
        data,
        select(vec![
            ("dataset", "x"),
            ("group", "g1"),
            ("object", "o1"),
            ("participant", "n1"),
        ]),
    );
    let veto = (
        Just("veto"),
        select(vec![
            ("user", "bob"),
            ("user", "alice"),
            ("project", "p1"),
            ("project", "p2"),
        ]),
    );
    (prop_oneof![3 => data, 1 => veto], moment(), option::of(moment())).prop_map(|((kind, (scope, target)), from, until)| {
        json!({"id": "h", "kind": kind, "scope": scope, "target": target, "from": from, "until": until})
    }).boxed()
}

pub(crate) fn dataset(id: &'static str) -> BoxedStrategy<Value> {
    let part = (
        (group("g1"), option::weighted(0.3, group("g2"))),
        mostly(&["controlled", "open", "registered"]),
        mostly(&["active", "active", "active", "active", "suspended"]),
        option::weighted(0.2, hold()),
        option::weighted(0.2, later()),
        option::weighted(0.2, moment()),
    );
    let request = (
        option::weighted(0.2, select(vec![vec!["g1"], vec!["g1"], vec!["g2"], vec!["g3"]])),
        option::weighted(0.7, select(vec![vec!["o1"], vec!["o2"], vec![]])),
        option::weighted(0.7, select(vec![vec!["n1"], vec!["n2"], vec![]])),
        prop::bool::weighted(0.2),
        option::weighted(0.1, Just(vec!["level2"])),
        option::weighted(0.1, Just("terms1")),
    );
    (part, request).prop_map(move |((groups, access, state, holds, expires, labelled), request)| {
        let (groups_asked, objects, participants, bound, sets, agreements) = request;
        let uses: Vec<Value> = std::iter::once(groups.0).chain(groups.1).collect();
        json!({"id": id, "access": access, "state": state, "dac": ["dac"], "uses": uses, "holds": Vec::from_iter(holds),
            "expires": expires, "labelled": labelled, "groups": groups_asked, "objects": objects,
            "participants": participants, "bound_purpose": bound, "approval_sets": Vec::from_iter(sets), "agreements": Vec::from_iter(agreements)})
    }).boxed()
}

pub(crate) fn approval() -> BoxedStrategy<Value> {
    let purpose = (
        subsequence(AIMS.to_vec(), 1..15),
        diseases(),
        option::of(any::<bool>()),
        mostly(&["bound", "attested"]),
    );
    let purpose = purpose.prop_map(|(categories, diseases, commercial, basis)| {
        json!({"categories": categories, "diseases": diseases, "commercial": commercial, "basis": basis})
    });
    let facts = option::of(any::<bool>())
        .prop_map(|nonprofit| json!([{"institution": "uni", "country": "DE", "nonprofit": nonprofit}]));
    let whose = (
        mostly(&["d1", "d2"]),
        mostly(&["dac", "level2", "stranger"]),
        moment(),
        later(),
    );
    let named = (
        option::of(mostly(&["p1", "p2"])),
        option::of(mostly(&["uni", "other"])),
        select(vec![vec![], vec!["alice"], vec!["bob"]]),
    );
    let decided = (
        option::of(purpose),
        subsequence(CODES.to_vec(), 0..2),
        subsequence(vec!["e1", "e2"], 0..2),
        facts,
    );
    (whose, named, decided)
        .prop_map(
            |((dataset, source, starts, expires), (project, institution, users), decided)| {
                json!({"dataset": dataset, "source": source, "starts": starts, "expires": expires, "project": project,
            "institution": institution, "users": users, "purpose": decided.0, "settles": decided.1,
            "ethics": decided.2, "facts": decided.3})
            },
        )
        .boxed()
}

pub(crate) fn paper(id: &'static str) -> BoxedStrategy<Value> {
    let bounds = (
        option::weighted(0.2, Just(vec!["p1"])),
        option::weighted(0.2, Just(vec!["d1"])),
    );
    (
        mostly(&["uni", "other"]),
        moment(),
        option::of(moment()),
        option::of(mostly(&["dac", "self"])),
        bounds,
    )
        .prop_map(move |(institution, starts, expires, by, (projects, datasets))| {
            json!({"id": id, "institution": institution, "starts": starts, "expires": expires, "verified_by": by,
                "projects": projects, "datasets": datasets})
        })
        .boxed()
}

fn purpose() -> BoxedStrategy<Value> {
    let words = prop_oneof![
        6 => subsequence(AIMS[..3].to_vec(), 1..3),
        4 => subsequence(AIMS.to_vec(), 1..4),
        1 => Just(vec!["unstated"]),
        1 => Just(vec!["genetic", "advertising"]),
    ];
    let yes = || option::of(prop::bool::weighted(0.8));
    let agrees = (yes(), yes(), yes(), yes()).prop_map(|(publish, collaborate, results, moratorium)| {
        json!({"publish": publish, "collaborate": collaborate, "return_results": results, "moratorium": moratorium})
    });
    let who = (
        option::weighted(0.8, mostly(&["p1", "p2"])),
        option::weighted(0.9, mostly(&["uni", "other"])),
    );
    let papers = (option::weighted(0.7, paper("e1")), option::weighted(0.3, paper("e2")));
    (
        words,
        diseases(),
        option::weighted(0.8, prop::bool::weighted(0.1)),
        who,
        agrees,
        papers,
    )
        .prop_map(
            |(categories, diseases, commercial, (project, institution), agrees, papers)| {
                let papers: Vec<Value> = papers.0.into_iter().chain(papers.1).collect();
                json!({"categories": categories, "diseases": diseases, "commercial": commercial, "project": project,
                "institution": institution, "agrees": agrees, "ethics": papers})
            },
        )
        .boxed()
}

fn user() -> BoxedStrategy<Value> {
    let affiliation = (
        mostly(&["uni", "other"]),
        mostly(&["faculty", "alum"]),
        option::of(mostly(&["DE", "US"])),
        option::weighted(0.8, prop::bool::weighted(0.8)),
        mostly(&["so", "self"]),
        later(),
    );
    let affiliation = affiliation.prop_map(|(institution, role, country, nonprofit, by, expires)| {
        json!({"institution": institution, "role": role, "country": country, "nonprofit": nonprofit, "source": "register",
            "by": by, "expires": expires})
    });
    let said = |value: &'static str| {
        (mostly(&["so", "self"]), moment())
            .prop_map(move |(by, expires)| json!({"value": value, "source": "uni", "by": by, "expires": expires}))
    };
    (subsequence(vec!["alice", "al"], 1..3), vec(affiliation, 0..3), vec(said(REGISTERED), 0..2), vec(prop_oneof![said(REGISTERED), said("terms1")], 0..4))
        .prop_map(|(ids, affiliations, status, terms)| {
            json!({"ids": ids, "affiliations": affiliations, "researcher_status": status, "accepted_terms": terms})
        }).boxed()
}

/// What opens a controlled dataset, most of the time.
fn good_approval(dataset: &'static str) -> BoxedStrategy<Value> {
    (later(), option::of(mostly(&["bound", "attested"])))
        .prop_map(move |(expires, basis)| {
            let purpose = basis.map(|basis| json!({"categories": AIMS, "basis": basis}));
            json!({"dataset": dataset, "source": "dac", "starts": MOMENTS[1], "expires": expires, "purpose": purpose})
        })
        .boxed()
}

/// Questions of which a good part is permitted.
pub(crate) fn question() -> BoxedStrategy<Input> {
    let what = (
        mostly(&["use", "apply"]),
        select(vec!["compute", "download", "export", "publish"]),
    );
    let places = (
        btree_set(mostly(&["DE", "FI", "US", "XX"]), 0..3),
        option::weighted(0.3, mostly(&["DE", "US", "XX"])),
    );
    let data = (
        dataset("d1"),
        option::weighted(0.3, dataset("d2")),
        vec(approval(), 0..3),
    );
    let good = (
        option::weighted(0.8, good_approval("d1")),
        option::weighted(0.8, good_approval("d2")),
    );
    (what, places, purpose(), user(), data, good)
        .prop_map(|((stage, action), places, purpose, user, data, good)| {
            let (first, second, approvals) = data;
            let approvals: Vec<Value> = approvals.into_iter().chain(good.0).chain(good.1).collect();
            let datasets: Vec<Value> = std::iter::once(first).chain(second).collect();
            let input = json!({"version": 1, "stage": stage, "action": action, "purpose": purpose, "user": user,
            "context": {"now": NOW, "processing_countries": places.0, "access_country": places.1},
            "approvals": approvals, "datasets": datasets});
            Input::parse(input.to_string().as_bytes()).unwrap()
        })
        .boxed()
}
