//! `docs/researchers.md`, "Apply" and "Outputs": files are written and commands run, in the page's order, beside a demo.

use serde_json::Value;
use tests::{
    demo::Demo,
    page::{self, Block, Newcomer},
    s3::S3,
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

#[tokio::test(flavor = "multi_thread")]
async fn each_command_of_outputs_does_what_it_says() {
    let demo = Demo::start();
    let mut newcomer = Newcomer::beside(&demo.data());
    let first = format!(
        "visum demo login ada\nvisum demo login dan --profile dan\nvisum session start --dataset {} --json",
        demo.fact("/datasets/0/id")
    );
    let block = |text: &str| Block {
        info: "sh".to_owned(),
        text: format!("{text}\n"),
    };
    newcomer.follow(&block(&first), &[]);
    let session: Value = serde_json::from_str(newcomer.of("visum session start")).unwrap();
    let scratch = session["s3"]["scratch"].as_str().unwrap().to_owned();
    let table = b"region\tn\nnorth\t120\nsouth\t40\n";
    let path = format!("/{}counts.tsv", scratch.trim_start_matches("s3://"));
    let put = S3::of(&session).put(&path, table).await;
    assert_eq!(put.status, 200, "{}", put.text());
    let mut words = vec![
        ("SESSION", session["id"].as_str().unwrap().to_owned()),
        ("FILE", format!("{scratch}counts.tsv")),
    ];
    let blocks = page::blocks_below("researchers.md", "Outputs");
    for block in blocks.iter().flat_map(Block::lines) {
        newcomer.follow(&block, &words);
        if let Some((line, said)) = newcomer.said.last()
            && line.starts_with("visum output request")
        {
            let id = said
                .out
                .split_once("Request ")
                .and_then(|(_, rest)| rest.split_once(':'));
            words.push(("REQUEST", id.unwrap().0.to_owned()));
        }
    }
    assert!(newcomer.of("visum output list").contains("counts.tsv"));
    assert!(newcomer.of("visum output release").contains("released"));
    assert!(newcomer.of("visum output receipt").contains("approved for"));
    for folder in ["look", "results"] {
        let file = newcomer.folder().join(folder).join("0-counts.tsv");
        assert_eq!(std::fs::read(file).unwrap(), table, "{folder}");
    }
    assert!(!newcomer.folder().join("early/0-counts.tsv").exists());
}
