//! `docs/policy-authors.md`: its files are written and its commands run, in its order, beside a demo that has decided things.

use tests::{
    demo::Demo,
    outside,
    page::{self, Newcomer},
};

#[tokio::test]
async fn each_command_of_the_page_does_what_it_says() {
    let demo = Demo::start();
    let (ada, object) = (demo.token("ada"), "a-cohort.vcf");
    // Ada is given the address of a controlled object: the decision that the page's second version turns.
    let url = demo.access(object).await;
    let given = outside::get(&url, Some(&ada)).await;
    assert_eq!(given.status, 200, "{}", given.text());

    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(240);
    let words = [("{in 10 days}", soon.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())];
    let mut newcomer = Newcomer::beside(&demo.data());
    for block in page::blocks("policy-authors.md") {
        newcomer.follow(&block, &words);
    }
    assert!(newcomer.said.len() > 15, "{} commands", newcomer.said.len());
    let of = |begin: &str| newcomer.of(begin);
    // What the page claims of them.
    assert!(of("visum policy test house-rules --covered").contains("2 of 2 own cases and 161 of 161"));
    assert!(of("visum policy test house-rules-2 ").contains("\"shipped\": {"));
    let replayed = of("visum policy diff shipped house-rules-2 --replay");
    assert!(
        replayed.contains("drs:GetAccessUrl") && replayed.contains("house.controlled-stays"),
        "{replayed}"
    );
    assert!(of("visum policy diff shipped shipped --replay").contains(" 0 of "));
    let proven = of("visum policy prove house-rules --against");
    assert_eq!(proven.matches("proven  ").count(), 26, "{proven}");
    let wider = of("visum policy prove shipped --against");
    assert!(
        wider.contains("A researcher may get a link to the data") && wider.contains("`house.inside-only` denied it"),
        "{wider}"
    );
    let previewed = of("visum policy publish house-rules --reason \"No downloads from outside.\" --preview");
    assert!(previewed.contains("added house.inside-only"), "{previewed}");
    let published = of("visum policy publish house-rules --reason \"No downloads from outside.\" --require-proof");
    assert!(published.contains("In force: node"), "{published}");
    assert!(of("visum policy list --node").contains("No downloads from outside."));
    assert!(of("visum policy rollback").contains("In force: node"));
}
