//! `docs/researchers.md`, "Apply": its file is written and its commands run, in its order, beside a demo.

use tests::{
    demo::Demo,
    page::{self, Block, Newcomer},
};

#[test]
fn each_command_of_applying_does_what_it_says() {
    let demo = Demo::start();
    let mut newcomer = Newcomer::beside(&demo.data());
    let mut words: Vec<(&str, String)> = Vec::new();
    for block in page::blocks_below("researchers.md", "Apply")
        .iter()
        .flat_map(Block::lines)
    {
        newcomer.follow(&block, &words);
        let Some((line, said)) = newcomer.said.last() else {
            continue;
        };
        // what only a run can know
        let after = |begin: &str| {
            let (_, rest) = said.out.split_once(begin)?;
            let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && !"-_".contains(letter));
            Some(rest.get(..end.unwrap_or(rest.len()))?.to_owned())
        };
        if line.starts_with("visum application new") {
            words.push(("app-ID", after("(").unwrap()));
        }
        if line.starts_with("visum application invite") {
            words.push(("CODE", after("--code ").unwrap()));
        }
    }
    assert!(newcomer.said.len() > 20, "{} commands", newcomer.said.len());
    assert!(
        newcomer
            .of("visum application show")
            .contains("the consent says permit")
    );
    assert!(newcomer.of("visum application approve").contains("approved since"));
    assert!(newcomer.of("visum application list").contains("approved"));
    assert!(newcomer.of("visum application report").contains("closed since"));
}
