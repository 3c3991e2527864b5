//! `docs/policy-authors.md`: its files are written and its commands run, in its order, beside a demo that has decided things.

use std::{path::Path, process::Command};

use tests::{binary, demo::Demo, outside};

/// A fenced block of the page.
struct Block {
    /// `sh`, or the file that it is.
    info: String,
    text: String,
}

fn page() -> Vec<Block> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/policy-authors.md");
    let text = std::fs::read_to_string(path).unwrap();
    let parts: Vec<&str> = text.split("\n```").collect();
    // Every second part is within a fence.
    let blocks = parts.iter().skip(1).step_by(2).map(|part| {
        let (info, text) = part.split_once('\n').unwrap();
        Block {
            info: info.to_owned(),
            text: format!("{text}\n"),
        }
    });
    blocks.collect()
}

/// Runs one line; its comment may name the exit status.
fn run(line: &str, folder: &Path) -> binary::Said {
    // The page's `visum` is the binary under test.
    let script = format!("visum() {{ \"$VISUM_UNDER_TEST\" \"$@\"; }}\n{line}");
    let mut command = Command::new("sh");
    command
        .args(["-c", &script])
        .current_dir(folder)
        .env("VISUM_UNDER_TEST", binary::path())
        .env("NO_COLOR", "1");
    let said = binary::Said::from(command.output().unwrap());
    let expected = line
        .split_once("# exit ")
        .map_or(0, |(_, code)| code.trim().parse().unwrap());
    assert_eq!(said.code, expected, "{line}\n{}\n{}", said.out, said.err);
    said
}

#[tokio::test]
async fn each_command_of_the_page_does_what_it_says() {
    let demo = Demo::start();
    let (ada, object) = (demo.token("ada"), "a-cohort.vcf");
    // Ada is given the address of a controlled object: the decision that the page's second version turns.
    let url = demo.access(object).await;
    let given = outside::get(&url, Some(&ada)).await;
    assert_eq!(given.status, 200, "{}", given.text());

    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("visum-data")).unwrap();
    std::os::unix::fs::symlink(demo.data(), folder.path().join("visum-data/demo")).unwrap();
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(240);
    let soon = soon.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut said = Vec::new();
    for block in page() {
        if let Some((_, file)) = block.info.split_once(' ') {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, block.text.replace("{in 10 days}", &soon)).unwrap();
        } else {
            assert_eq!(
                block.info, "sh",
                "a block of the page that is neither file nor commands"
            );
            for line in block.text.lines().filter(|line| !line.trim().is_empty()) {
                said.push((line.to_owned(), run(line, folder.path())));
            }
        }
    }
    assert!(said.len() > 15, "{} commands", said.len());
    let of = |begin: &str| &said.iter().find(|(line, _)| line.starts_with(begin)).unwrap().1.out;
    // What the page claims of them.
    assert!(of("visum policy test house-rules --covered").contains("2 of 2 own cases and 152 of 152"));
    assert!(of("visum policy test house-rules-2 ").contains("\"shipped\": {"));
    let replayed = of("visum policy diff shipped house-rules-2 --replay");
    assert!(
        replayed.contains("drs:GetAccessUrl") && replayed.contains("house.controlled-stays"),
        "{replayed}"
    );
    assert!(of("visum policy diff shipped shipped --replay").contains(" 0 of "));
}
