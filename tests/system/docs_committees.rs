//! `docs/data-access-committees.md`: its files are written and its commands run, in its order, beside a demo.

use tests::{
    binary,
    demo::Demo,
    page::{self, Block, Newcomer},
};

/// What the page writes for what only a run can know, and how what was printed names it.
const NAMES: [(&str, &str); 4] = [
    ("hold-ID", "hold-"),
    ("change-ID", "change-"),
    ("grant-ID", "(grant "),
    ("app-ID", "app-"),
];

#[test]
fn each_command_of_the_page_does_what_it_says() {
    let demo = Demo::start();
    let mut newcomer = Newcomer::beside(&demo.data());
    let mut words: Vec<(&str, String)> = Vec::new();
    let blocks = page::blocks("data-access-committees.md");
    // a line may speak of what the line before it printed
    for block in blocks.iter().flat_map(Block::lines) {
        newcomer.follow(&block, &words);
        // the newest id of each kind is what the page speaks of from here on
        for (name, begin) in NAMES {
            let named = newcomer.said.iter().rev().find_map(|(_, said)| id(said, begin));
            if let Some(named) = named {
                words.retain(|(known, _)| *known != name);
                words.push((name, named));
            }
        }
        if let Some(ada) = newcomer.said.iter().find_map(|(line, said)| {
            let begun = line.starts_with("visum demo login ada").then_some(&said.out)?;
            begun
                .strip_prefix("Logged in as ")?
                .split(' ')
                .next()
                .map(str::to_owned)
        }) {
            words.retain(|(known, _)| *known != "SUB,ISS");
            words.push(("SUB,ISS", ada));
        }
    }
    assert!(newcomer.said.len() > 30, "{} commands", newcomer.said.len());
    // what the page claims of them
    let of = |begin: &str| newcomer.of(begin).to_owned();
    assert!(
        of("visum can-i").contains("consent.approval_missing"),
        "{}",
        of("visum can-i")
    );
    assert!(
        of("visum grant issue --preview").contains("works with this grant"),
        "{}",
        of("visum grant issue --preview")
    );
    assert!(
        of("visum grant issue --yes").contains("Granted"),
        "{}",
        of("visum grant issue --yes")
    );
    assert!(
        of("visum access who-can").contains("until"),
        "{}",
        of("visum access who-can")
    );
}

/// The first word that begins so.
fn id(said: &binary::Said, begin: &str) -> Option<String> {
    let text = format!("{}\n{}", said.out, said.err);
    let (_, rest) = text.split_once(begin)?;
    let word: String = rest
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
        .collect();
    let front = if begin.ends_with('-') { begin } else { "" };
    (word.len() > 8).then(|| format!("{front}{word}"))
}
