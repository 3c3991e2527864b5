//! `docs/operators/broker.md`: its files are written and its commands run, in its order, beside a demo.

use tests::{
    demo::Demo,
    page::{self, Block, Newcomer},
};

#[test]
fn each_command_of_the_page_does_what_it_says() {
    let demo = Demo::start();
    let mut newcomer = Newcomer::beside(&demo.data());
    let ada = newcomer.run("visum demo login ada").out;
    let ada = ada
        .strip_prefix("Logged in as ")
        .and_then(|rest| rest.split(' ').next());
    let mut words = vec![("SUB,ISS", ada.expect("who logged in").to_owned())];
    for block in page::blocks("operators/broker.md").iter().flat_map(Block::lines) {
        newcomer.follow(&block, &words);
        let last = newcomer
            .said
            .last()
            .filter(|(line, _)| line.starts_with("visum visa list"));
        let ids = last.and_then(|(_, said)| said.out.split_whitespace().find(|word| word.starts_with("visa-")));
        words.extend(ids.map(|id| ("visa-ID", id.to_owned())));
    }
    assert!(newcomer.said.len() > 10, "{} commands", newcomer.said.len());
    // what the page claims of them
    let lists: Vec<&str> = newcomer
        .said
        .iter()
        .filter(|(line, _)| line.starts_with("visum upstream list"))
        .map(|(_, said)| said.out.as_str())
        .collect();
    let [before, after] = lists.as_slice() else {
        panic!("{lists:?}")
    };
    assert!(
        !before.contains("orcid") && after.contains("https://orcid.org"),
        "{before}\n{after}"
    );
    assert!(after.contains("login.aai.lifescience-ri.eu/oidc/") && after.contains("idp.uni.example.org"));
    let presets = newcomer.of("visum upstream presets");
    assert!(
        presets.contains("client_secret_post") && presets.contains("ga4gh_passport_v1"),
        "{presets}"
    );
    // what would change is told beside the answer
    let told = |begin: &str| {
        let said = newcomer.said.iter().find(|(line, _)| line.starts_with(begin));
        said.map(|(_, said)| format!("{}{}", said.out, said.err))
            .unwrap_or_default()
    };
    assert!(
        told("visum change propose").contains("portal"),
        "{}",
        told("visum change propose")
    );
    assert!(told("visum registration open").contains("shown this once"));
    assert!(
        newcomer
            .of("visum terms list")
            .contains("https://data.example.org/terms/1")
    );
    assert!(
        newcomer
            .of("visum webhook list")
            .contains("https://desk.example.org/visum")
    );
    assert!(
        told("visum visa issue --to").contains("a visa by this node's word that is new"),
        "{}",
        told("visum visa issue --to")
    );
    let not_here = newcomer
        .said
        .iter()
        .find(|(line, _)| line.contains("--type ControlledAccessGrants --value https://data.biobank"));
    assert!(not_here.is_some_and(|(_, said)| said.err.contains("visum grant issue")));
    let trial = newcomer.of("visum visa issue --test-key");
    let read = visa_verifier::token::CompactToken::parse(trial.trim(), 4_096).expect("a visa");
    assert_eq!(read.header().typ.as_deref(), Some("visum-test-visa+jwt"));
    let added = told("visum upstream add ls-login");
    assert!(added.contains("login provider"), "{added}");
    let set = told("visum upstream set ls-login --group urn:geant:lifescience-ri.eu:group");
    assert!(set.contains("heart-study"), "{set}");
}
