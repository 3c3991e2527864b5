//! `docs/operators/broker.md`: its files are written and its commands run, in its order, beside a demo.

use tests::{
    demo::Demo,
    page::{self, Block, Newcomer},
};

#[test]
fn each_command_of_the_page_does_what_it_says() {
    let demo = Demo::start();
    let mut newcomer = Newcomer::beside(&demo.data());
    for block in page::blocks("operators/broker.md").iter().flat_map(Block::lines) {
        newcomer.follow(&block, &[]);
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
    let added = told("visum upstream add ls-login");
    assert!(added.contains("login provider"), "{added}");
    let set = told("visum upstream set ls-login --group urn:geant:lifescience-ri.eu:group");
    assert!(set.contains("heart-study"), "{set}");
}
