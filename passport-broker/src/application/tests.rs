//! Applications through the shipped policies: who decides, on what, and what follows.

use serde_json::json;
use visa_verifier::seam::Timestamp;

use super::*;
use crate::bootstrap::{self, Bootstrap};
use crate::caller::Caller;
use crate::committee::GovernError;
use crate::store::applications::{AccessApplication, Stage};
use crate::store::grants::Grant;
use crate::testing::{A, ISSUER, Node, START, bare, catalogue, dataset};

pub(super) const UNI: &str = "uni.example.org";

pub(super) fn wanted() -> Wanted {
    serde_json::from_value(json!({
        "title": "Breast cancer", "summary": "We look for causes.", "datasets": ["A"], "none_barred": true,
        "purpose": { "categories": ["disease"], "diseases": ["MONDO:0007254"], "commercial": false },
        "countries": ["FI"], "until": Timestamp::from_unix(START + 200 * 86_400), "name": "Ada Researcher",
    }))
    .unwrap()
}

pub(super) struct House {
    pub(super) node: Node,
    pub(super) ada: Caller,
    pub(super) ben: Caller,
    pub(super) dan: Caller,
    eve: Caller,
}

/// A dataset that needs `quorum` votes, two researchers of the university, two members of the committee.
pub(super) async fn house(quorum: u32) -> House {
    let node = bare().await;
    let mut sample = catalogue();
    // its own visas speak for its two houses, as a real node's do
    for entry in &mut sample.trust {
        entry.jku = vec![format!("{ISSUER}/jwks")];
        entry.scopes = vec![UNI.to_owned(), "biobank.example.org".to_owned()];
    }
    sample.datasets = vec![dataset(quorum)];
    bootstrap::apply(&node.broker, sample).await.unwrap();
    House {
        ada: node.person("ada", &format!("faculty@{UNI}")).await,
        ben: node.person("ben", &format!("member@{UNI}")).await,
        dan: node.person("dan", "member@biobank.example.org").await,
        eve: node.person("eve", "member@biobank.example.org").await,
        node,
    }
}

impl House {
    pub(super) async fn filed(&self) -> AccessApplication {
        let row = begin(&self.node.broker, &self.ada, wanted()).await.unwrap();
        submit(&self.node.broker, &self.ada, &row.id).await.unwrap()
    }

    async fn yes(&self, who: &Caller, row: &AccessApplication) -> Result<Outcome, GovernError> {
        let digest = digest(row).unwrap();
        let said = Yes {
            reason: "within the consent",
            digest: &digest,
            conditions: vec!["no copies".to_owned()],
            until: None,
        };
        approve(&self.node.broker, who, &row.id, said).await
    }

    async fn held(&self, who: &Caller) -> Vec<Grant> {
        self.node.broker.grants_of(&who.person).await.unwrap()
    }
}

fn code(error: &GovernError) -> String {
    if let GovernError::Denied { reasons } = error {
        let codes: Vec<_> = reasons.iter().map(|reason| reason.code.as_str()).collect();
        codes.join(" ")
    } else {
        error.code().to_owned()
    }
}

#[tokio::test]
async fn an_application_goes_from_draft_to_a_grant_and_each_step_is_an_event() {
    let house = house(2).await;
    let broker = &house.node.broker;
    let before = house.node.events().len();
    let row = house.filed().await;
    assert_eq!(row.stage, Stage::Submitted);
    let row = send_back(broker, &house.dan, &row.id, "Which genes?").await.unwrap();
    assert_eq!(row.stage, Stage::Returned);
    let row = answer(broker, &house.ada, &row.id, "BRCA1 and BRCA2.").await.unwrap();
    let voted = house.yes(&house.dan, &row).await.unwrap();
    assert!(matches!(voted, Outcome::Voted { needed: 2, .. }), "{voted:?}");
    let again = house.yes(&house.dan, &row).await.unwrap();
    assert!(
        matches!(again, Outcome::Voted { .. }),
        "one person is one vote: {again:?}"
    );
    assert!(house.held(&house.ada).await.is_empty());
    let Outcome::Approved(row, grants) = house.yes(&house.eve, &row).await.unwrap() else {
        panic!("two votes are enough");
    };
    assert_eq!((row.stage, grants.len()), (Stage::Approved, 1));
    let held = house.held(&house.ada).await;
    assert_eq!(held[0].id, grants[0].id);
    assert_eq!(
        (held[0].dataset.as_str(), held[0].project.as_deref()),
        (A, Some(row.id.as_str()))
    );
    let steps: Vec<String> = house.node.events()[before..].to_vec();
    let count = |kind: &str| steps.iter().filter(|step| step.starts_with(kind)).count();
    assert_eq!(
        (count("change.draft success"), count("grant.issue success")),
        (3, 1),
        "{steps:?}"
    );
    assert_eq!(count("change.approve success"), 3, "{steps:?}");
    // the same rows, read back from the log's view at another start
    let broker = house.node.again().await.unwrap();
    let found: AccessApplication = broker.find(&row.id).await.unwrap().unwrap();
    assert_eq!(found, *row);
}

#[tokio::test]
async fn nobody_decides_on_what_they_made_or_gain_by() {
    let house = house(1).await;
    let broker = &house.node.broker;
    // Dan himself applies, with Eve of his house as a member
    let own = begin(broker, &house.dan, wanted()).await.unwrap();
    let invited = invite(broker, &house.dan, &own.id, "eve@biobank.example.org")
        .await
        .unwrap();
    join(broker, &house.eve, &own.id, &invited.code).await.unwrap();
    let own = submit(broker, &house.dan, &own.id).await.unwrap();
    for (name, who) in [("the applicant", &house.dan), ("a member", &house.eve)] {
        let error = house.yes(who, &own).await.unwrap_err();
        assert!(code(&error).contains("policy.four_eyes"), "{name}: {error:?}");
    }
    let stranger = house.yes(&house.ben, &own).await.unwrap_err();
    assert!(code(&stranger).contains("policy.not_dac"), "{stranger:?}");
    // who has voted cannot be brought in afterwards
    let row = begin(broker, &house.ada, wanted()).await.unwrap();
    let invited = invite(broker, &house.ada, &row.id, "dan@biobank.example.org")
        .await
        .unwrap();
    let row = submit(broker, &house.ada, &row.id).await.unwrap();
    vote(broker, &house.dan, &row.id, true, "good", &digest(&row).unwrap())
        .await
        .unwrap();
    let error = join(broker, &house.dan, &row.id, &invited.code).await.unwrap_err();
    assert_eq!(code(&error), "application.member_voted");
}

#[tokio::test]
async fn a_vote_is_for_one_version_and_a_denial_takes_as_many() {
    let house = house(2).await;
    let broker = &house.node.broker;
    let row = house.filed().await;
    let old = digest(&row).unwrap();
    vote(broker, &house.dan, &row.id, true, "good", &old).await.unwrap();
    send_back(broker, &house.eve, &row.id, "Shorter?").await.unwrap();
    let shorter = Wanted {
        until: Timestamp::from_unix(START + 100 * 86_400),
        ..wanted()
    };
    edit(broker, &house.ada, &row.id, shorter).await.unwrap();
    let row = answer(broker, &house.ada, &row.id, "Yes.").await.unwrap();
    assert!(row.votes.is_empty(), "the vote was for another version");
    let error = vote(broker, &house.dan, &row.id, true, "good", &old).await.unwrap_err();
    assert_eq!(code(&error), "application.digest");
    let now = digest(&row).unwrap();
    let once = deny(broker, &house.dan, &row.id, "outside the consent", &now)
        .await
        .unwrap();
    assert_eq!(once.stage, Stage::InReview);
    let twice = deny(broker, &house.eve, &row.id, "outside the consent", &now)
        .await
        .unwrap();
    assert_eq!(twice.stage, Stage::Denied);
    let late = house.yes(&house.dan, &row).await.unwrap_err();
    assert_eq!(code(&late), "application.state");
}

#[tokio::test]
async fn each_member_accepts_for_themself_and_who_leaves_ends_their_own_part_only() {
    let house = house(1).await;
    let broker = &house.node.broker;
    let row = begin(broker, &house.ada, wanted()).await.unwrap();
    let invited = invite(broker, &house.ada, &row.id, "ben@uni.example.org")
        .await
        .unwrap();
    for (name, address, expected) in [
        ("twice", "BEN@uni.example.org", "application.invited_already"),
        ("no institution's", "ben@mail.example.net", "application.address"),
        ("no address", "ben", "application.address"),
    ] {
        let error = invite(broker, &house.ada, &row.id, address).await.unwrap_err();
        assert_eq!(code(&error), expected, "{name}");
    }
    let row = submit(broker, &house.ada, &row.id).await.unwrap();
    let cases = [
        ("a wrong code", &house.ben, "made-up", "admin.not_found"),
        (
            "of another house",
            &house.eve,
            invited.code.as_str(),
            "application.join_institution",
        ),
        (
            "the applicant",
            &house.ada,
            invited.code.as_str(),
            "application.member_already",
        ),
    ];
    for (name, who, sent, expected) in cases {
        assert_eq!(
            code(&join(broker, who, &row.id, sent).await.unwrap_err()),
            expected,
            "{name}"
        );
    }
    house.yes(&house.dan, &row).await.unwrap();
    assert!(house.held(&house.ben).await.is_empty(), "he has not accepted");
    join(broker, &house.ben, &row.id, &invited.code).await.unwrap();
    assert_eq!(
        code(&join(broker, &house.ben, &row.id, &invited.code).await.unwrap_err()),
        "admin.not_found",
        "a code is good once"
    );
    assert!(house.held(&house.ben).await.is_empty(), "the committee lets him in");
    let (_, grants) = admit(broker, &house.dan, &row.id).await.unwrap();
    assert_eq!(grants.len(), 1);
    assert_eq!(
        code(&admit(broker, &house.dan, &row.id).await.unwrap_err()),
        "application.nobody_waits"
    );
    assert_eq!(house.held(&house.ben).await.len(), 1);
    leave(broker, &house.ben, &row.id).await.unwrap();
    assert!(house.held(&house.ben).await.is_empty());
    assert_eq!(house.held(&house.ada).await.len(), 1, "she keeps hers");
    let gone = open(broker, &house.ben, &row.id).await.unwrap_err();
    assert_eq!(code(&gone), "admin.not_found", "who has left sees it no more");
}

#[tokio::test]
async fn what_is_approved_stays_while_an_amendment_is_decided_and_ends_with_the_report() {
    let house = house(1).await;
    let broker = &house.node.broker;
    let row = house.filed().await;
    house.yes(&house.dan, &row).await.unwrap();
    let first = house.held(&house.ada).await.remove(0);
    let wider = Wanted {
        purpose: serde_json::from_value(
            json!({ "categories": ["disease", "genetic"], "diseases": ["MONDO:0007254"], "commercial": false }),
        )
        .unwrap(),
        ..wanted()
    };
    amend(broker, &house.ada, &row.id, wider.clone()).await.unwrap();
    let row = submit(broker, &house.ada, &row.id).await.unwrap();
    assert_eq!(house.held(&house.ada).await[0].id, first.id);
    // denied: back to what was approved
    let denied = deny(broker, &house.dan, &row.id, "too wide", &digest(&row).unwrap())
        .await
        .unwrap();
    assert_eq!(denied.stage, Stage::Approved);
    assert_eq!(denied.terms.purpose, wanted().purpose);
    assert_eq!(house.held(&house.ada).await[0].id, first.id);
    // approved: the old grant is over, the new one says more
    amend(broker, &house.ada, &row.id, wider.clone()).await.unwrap();
    let row = submit(broker, &house.ada, &row.id).await.unwrap();
    house.yes(&house.dan, &row).await.unwrap();
    let held = house.held(&house.ada).await;
    assert_eq!(held.len(), 1);
    assert_ne!(held[0].id, first.id);
    assert_eq!(held[0].purpose.as_ref(), Some(&wider.purpose));
    // a later end, and nothing else
    let later = Timestamp::from_unix(START + 300 * 86_400);
    let row = extend(broker, &house.ada, &row.id, later, "the sequencing was late")
        .await
        .unwrap();
    house.yes(&house.dan, &row).await.unwrap();
    assert_eq!(house.held(&house.ada).await[0].until, later);
    let error = withdraw(broker, &house.ada, &row.id, "done").await.unwrap_err();
    assert_eq!(
        code(&error),
        "application.state",
        "what is approved ends with its report"
    );
    let row = report(
        broker,
        &house.ada,
        &row.id,
        "We found two.",
        vec!["https://doi.org/10.1/x".to_owned()],
    )
    .await
    .unwrap();
    assert_eq!(row.stage, Stage::Closed);
    assert!(house.held(&house.ada).await.is_empty());
}

#[tokio::test]
async fn others_see_nothing_and_the_committee_sees_what_was_tried_before() {
    let house = house(1).await;
    let broker = &house.node.broker;
    let draft = begin(broker, &house.ada, wanted()).await.unwrap();
    assert_eq!(
        code(&open(broker, &house.dan, &draft.id).await.unwrap_err()),
        "admin.not_found"
    );
    let row = submit(broker, &house.ada, &draft.id).await.unwrap();
    assert_eq!(
        code(&open(broker, &house.ben, &row.id).await.unwrap_err()),
        "admin.not_found"
    );
    let seen = open(broker, &house.dan, &row.id).await.unwrap();
    assert_eq!(seen.seat, Seat::Reader);
    let told = shown(broker, &house.dan, seen).await.unwrap();
    assert!(told.may.decide);
    assert_eq!(told.tried.len(), 1);
    let fit = told.datasets[0].fit.as_ref().unwrap();
    assert_eq!(fit.verdict, policy_engine::consent::Verdict::Permit, "{fit:?}");
    assert_eq!(list(broker, &house.dan, true).await.unwrap().len(), 1);
    assert!(list(broker, &house.ben, true).await.unwrap().is_empty());
    assert!(list(broker, &house.ben, false).await.unwrap().is_empty());
    house.node.clock.advance(std::time::Duration::from_secs(8 * 86_400));
    let late = shown(broker, &house.ada, open(broker, &house.ada, &row.id).await.unwrap())
        .await
        .unwrap();
    assert!(late.due[0].contains("8 days"), "{:?}", late.due);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_its_reason() {
    let house = house(1).await;
    let broker = &house.node.broker;
    type Change = fn(&mut Wanted);
    let cases: [(&str, Change, &str); 9] = [
        ("not confirmed", |w| w.none_barred = false, "application.barred"),
        (
            "a barred use",
            |w| {
                w.purpose =
                    serde_json::from_value(json!({ "categories": ["disease", "advertising"], "commercial": false }))
                        .unwrap()
            },
            "purpose.barred",
        ),
        ("no title", |w| w.title = "  ".to_owned(), "application.text"),
        (
            "a title of two lines",
            |w| w.title = "a\nb".to_owned(),
            "application.text",
        ),
        ("no dataset", |w| w.datasets.clear(), "application.datasets"),
        (
            "a dataset that is not here",
            |w| w.datasets.push("Z".to_owned()),
            "admin.no_such_dataset",
        ),
        (
            "a country in words",
            |w| w.countries = vec!["Finland".to_owned()],
            "application.countries",
        ),
        (
            "an end in the past",
            |w| w.until = Timestamp::from_unix(START),
            "application.until",
        ),
        (
            "another's institution",
            |w| w.institution = Some("https://biobank.example.org".to_owned()),
            "application.institution",
        ),
    ];
    for (name, change, expected) in cases {
        let mut odd = wanted();
        change(&mut odd);
        assert_eq!(
            code(&begin(broker, &house.ada, odd).await.unwrap_err()),
            expected,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_letter_that_the_committee_read_is_what_ethics_terms_ask_for_and_one_that_nobody_read_is_not() {
    let house = house(1).await;
    let broker = &house.node.broker;
    let mut record = serde_json::to_value(dataset(1)).unwrap();
    let terms = record.pointer_mut("/consent/uses/0/terms").unwrap();
    terms.as_array_mut().unwrap().push(json!({ "id": "DUO:0000021" }));
    let asks = Bootstrap {
        datasets: vec![serde_json::from_value(record).unwrap()],
        ..Bootstrap::default()
    };
    bootstrap::apply(broker, asks).await.unwrap();
    let works = async |broker: &crate::Broker| {
        let review = crate::committee::access::who_can(broker, &house.dan, A).await.unwrap();
        let uses = review.people.into_iter().flat_map(|person| person.uses);
        uses.filter(|standing| standing.permit && standing.kind == policy_engine::review::gains::Use::Download)
            .count()
    };
    let letter = Paper {
        kind: crate::store::applications::DocumentKind::Ethics,
        title: "Letter".to_owned(),
        institution: Some(format!("https://{UNI}")),
        starts: Some(Timestamp::from_unix(START - 86_400)),
        expires: Some(Timestamp::from_unix(START + 100 * 86_400)),
    };
    // approved without: what the consent asks for is missing
    let bare = house.filed().await;
    house.yes(&house.dan, &bare).await.unwrap();
    assert_eq!(works(broker).await, 0);
    // handed in and read: the approval names it, and so do its visas
    amend(broker, &house.ada, &bare.id, wanted()).await.unwrap();
    let boardless = Paper {
        institution: None,
        ..letter.clone()
    };
    let error = hand_in(broker, &house.ada, &bare.id, boardless, &pdf::sample())
        .await
        .unwrap_err();
    assert_eq!(code(&error), "application.ethics_board");
    let row = hand_in(broker, &house.ada, &bare.id, letter, &pdf::sample())
        .await
        .unwrap();
    let paper = row.documents[0].id.clone();
    let row = submit(broker, &house.ada, &row.id).await.unwrap();
    let told = shown(broker, &house.dan, open(broker, &house.dan, &row.id).await.unwrap())
        .await
        .unwrap();
    let fit = told.datasets[0].fit.clone().unwrap();
    assert_eq!(
        fit.verdict,
        policy_engine::consent::Verdict::Review,
        "nobody has read it: {fit:?}"
    );
    tick(broker, &house.dan, &row.id, &paper).await.unwrap();
    let Outcome::Approved(row, _) = house.yes(&house.dan, &row).await.unwrap() else {
        panic!("one vote is enough");
    };
    assert_eq!(row.approval.unwrap().ethics, std::slice::from_ref(&paper));
    assert_eq!(works(broker).await, 1);
    // kept sealed, read by who may, deleted a year after the end
    let (_, file, _) = document(broker, &house.dan, &row.id, &paper).await.unwrap();
    assert_eq!(file, pdf::sample());
    assert_eq!(
        code(&document(broker, &house.ben, &row.id, &paper).await.unwrap_err()),
        "admin.not_found"
    );
    let raw = std::fs::read(house.node.dir.path().join("broker.db")).unwrap();
    assert!(
        !raw.windows(9).any(|part| part == b"%PDF-1.4\n"),
        "a file lies open in the database"
    );
    report(broker, &house.ada, &row.id, "Done.", Vec::new()).await.unwrap();
    assert_eq!(sweep(broker).await.unwrap(), 0);
    house.node.clock.advance(std::time::Duration::from_secs(366 * 86_400));
    assert_eq!(sweep(broker).await.unwrap(), 1);
    let ada = house.node.caller("ada").await;
    assert_eq!(
        code(&document(broker, &ada, &row.id, &paper).await.unwrap_err()),
        "admin.not_found"
    );
}
