//! A page of the documentation, followed by the letter: its files written, its commands run, in its order.

use std::path::{Path, PathBuf};

use crate::binary;

/// A fenced block of a page.
#[derive(Clone, Debug)]
pub struct Block {
    /// `sh`, or a language and the file that the text is.
    pub info: String,
    /// What stands in it.
    pub text: String,
}

impl Block {
    /// A file as it is; commands one by one.
    #[must_use]
    pub fn lines(&self) -> Vec<Self> {
        if self.info != "sh" {
            return vec![self.clone()];
        }
        let one = |line: &str| Self {
            info: self.info.clone(),
            text: line.to_owned(),
        };
        self.text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(one)
            .collect()
    }
}

/// The fenced blocks of a page of `docs/`.
///
/// # Panics
/// If there is no such page.
#[must_use]
#[expect(clippy::expect_used, reason = "a test without its page fails")]
pub fn blocks(page: &str) -> Vec<Block> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page);
    of_text(&std::fs::read_to_string(path).expect("the page"))
}

/// Those below one heading `## …` of a page.
///
/// # Panics
/// If there is no such page or heading.
#[must_use]
#[expect(clippy::expect_used, reason = "a test without its section fails")]
pub fn blocks_below(page: &str, heading: &str) -> Vec<Block> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page);
    let text = std::fs::read_to_string(path).expect("the page");
    let (_, section) = text.split_once(&format!("\n## {heading}\n")).expect("the section");
    of_text(section.split("\n## ").next().unwrap_or_default())
}

fn of_text(text: &str) -> Vec<Block> {
    // every second part is within a fence
    let parts = text.split("\n```").skip(1).step_by(2);
    parts
        .map(|part| {
            let (info, text) = part.split_once('\n').unwrap_or((part, ""));
            Block {
                info: info.to_owned(),
                text: format!("{text}\n"),
            }
        })
        .collect()
}

/// A newcomer who follows a page in an empty folder.
#[derive(Debug)]
pub struct Newcomer {
    folder: tempfile::TempDir,
    /// Each line with what came of it.
    pub said: Vec<(String, binary::Said)>,
}

impl Newcomer {
    /// In an empty folder, where `visum-data/demo` is a running demo's.
    ///
    /// # Panics
    /// If the folder can't be made.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without its folder fails")]
    pub fn beside(demo: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("visum-data")).expect("a folder");
        std::os::unix::fs::symlink(demo, folder.path().join("visum-data/demo")).expect("a link");
        Self {
            folder,
            said: Vec::new(),
        }
    }

    /// Where.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Does what a block says. Its comment may name a line's exit status: `# exit 1`; 0 otherwise. Each first of `words`
    /// stands for its second, since a page can't know it.
    ///
    /// # Panics
    /// If a command ends otherwise.
    #[expect(clippy::expect_used, reason = "a test that can't write its files fails")]
    pub fn follow(&mut self, block: &Block, words: &[(&str, String)]) {
        let filled = words
            .iter()
            .fold(block.text.clone(), |text, (name, word)| text.replace(name, word));
        if let Some((_, file)) = block.info.split_once(' ') {
            let path = self.folder.path().join(file);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).expect("a folder");
            }
            std::fs::write(path, filled).expect("a file");
            return;
        }
        assert_eq!(block.info, "sh", "a block that is neither a file nor commands");
        for line in filled.lines().filter(|line| !line.trim().is_empty()) {
            let said = self.run(line);
            self.said.push((line.to_owned(), said));
        }
    }

    /// What the first line that begins so printed.
    ///
    /// # Panics
    /// If no line does.
    #[must_use]
    #[expect(clippy::panic, reason = "a test of a line that is not there fails")]
    pub fn of(&self, begin: &str) -> &str {
        match self.said.iter().find(|(line, _)| line.starts_with(begin)) {
            Some((_, said)) => &said.out,
            None => panic!("no line of the page begins with `{begin}`"),
        }
    }

    /// Runs one line beside the page's own.
    ///
    /// # Panics
    /// If it ends otherwise than its comment says.
    #[expect(clippy::expect_used, reason = "a test without a shell fails")]
    pub fn run(&self, line: &str) -> binary::Said {
        // the page's `visum` is the binary under test; logins are kept in the folder
        let script = format!("visum() {{ \"$VISUM_UNDER_TEST\" \"$@\"; }}\n{line}");
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", &script])
            .current_dir(self.folder.path())
            .env("VISUM_UNDER_TEST", binary::path())
            .env("VISUM_HOME", self.folder.path().join("home"))
            .env("NO_COLOR", "1");
        let said = binary::Said::from(command.output().expect("a shell"));
        let expected = line.split_once("# exit ").map_or("0", |(_, code)| code.trim());
        assert_eq!(said.code.to_string(), expected, "{line}\n{}\n{}", said.out, said.err);
        said
    }
}
