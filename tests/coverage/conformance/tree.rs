//! The sources that the page points into: texts by path, what they declare, which requirement ids they name.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// What can be asked for a text; the real tree, or a few texts of a test.
pub(super) trait Sources {
    /// The text at a path of the tree.
    fn text(&self, path: &str) -> Option<String>;
}

impl Sources for BTreeMap<&str, &str> {
    fn text(&self, path: &str) -> Option<String> {
        self.get(path).map(|text| (*text).to_owned())
    }
}

/// The repository.
#[derive(Debug)]
pub(super) struct Tree(pub(super) PathBuf);

impl Sources for Tree {
    fn text(&self, path: &str) -> Option<String> {
        // a page that is moved to another machine must still be right: nothing outside of the tree
        let inside = !path.starts_with('/') && !path.split('/').any(|part| part == "..");
        inside
            .then(|| std::fs::read_to_string(self.0.join(path)).ok())
            .flatten()
    }
}

impl Tree {
    /// Each id of `groups` that a source text or a page names, with its place. The guard's own samples are left out.
    pub(super) fn named(&self, groups: &[&str]) -> Vec<(String, String)> {
        let mut files = Vec::new();
        collect(&self.0, &mut files);
        files.sort();
        let mut named = Vec::new();
        for file in files {
            let place = file.strip_prefix(&self.0).unwrap_or(&file).display().to_string();
            if place.starts_with("tests/coverage/conformance") {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            for (at, line) in text.lines().enumerate() {
                named.extend(
                    ids(line, groups)
                        .into_iter()
                        .map(|id| (id, format!("{place}:{}", at + 1))),
                );
            }
        }
        named
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                collect(&path, files);
            }
        } else if name.ends_with(".rs") || name.ends_with(".md") {
            files.push(path);
        }
    }
}

/// The ids in a line: a group's letters, a dash, two digits, and nothing that would make it part of another word.
pub(super) fn ids(line: &str, groups: &[&str]) -> Vec<String> {
    let inner = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    line.split(|c| !inner(c))
        .filter(|word| {
            word.rsplit_once('-').is_some_and(|(group, digits)| {
                groups.contains(&group) && digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit())
            })
        })
        .map(str::to_owned)
        .collect()
}

/// Whether a Rust text declares `item` (the last part of a path with `::`); another text, whether it quotes it.
pub(super) fn declares(path: &str, text: &str, item: &str) -> bool {
    if !path.ends_with(".rs") {
        return text.contains(&format!("\"{item}\""));
    }
    let name = item.rsplit("::").next().unwrap_or(item);
    text.lines().any(|line| declared(line) == Some(name))
}

/// The name that a line declares.
fn declared(line: &str) -> Option<&str> {
    const KINDS: [&str; 8] = [
        "fn ", "struct ", "enum ", "trait ", "const ", "static ", "type ", "mod ",
    ];
    let line = line.trim_start();
    if line.starts_with("//") {
        return None;
    }
    let mut rest = line;
    for word in ["pub(crate) ", "pub(super) ", "pub ", "unsafe ", "async "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    // `const fn`, `pub const fn`
    let rest = match rest.strip_prefix("const ") {
        Some(after) if after.starts_with("fn ") => after,
        Some(_) | None => rest,
    };
    let after = KINDS.iter().find_map(|kind| rest.strip_prefix(kind))?;
    after.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

/// Whether a Rust text has a test of this name, that is, a function under a test attribute. In another text a vector
/// is quoted by its id.
pub(super) fn has_test(path: &str, text: &str, name: &str) -> bool {
    if !path.ends_with(".rs") {
        return text.contains(&format!("\"{name}\""));
    }
    let lines: Vec<&str> = text.lines().collect();
    let function = format!("fn {name}(");
    lines.iter().enumerate().any(|(at, line)| {
        line.contains(&function)
            && lines
                .iter()
                .take(at)
                .rev()
                .map(|above| above.trim())
                .take_while(|above| above.starts_with('#') || above.starts_with("//"))
                .any(|above| above.starts_with("#[test]") || above.starts_with("#[tokio::test"))
    })
}

/// The text of the function `name`: up to the brace that stands as deep as its first line. The whole text if there is
/// no such function.
pub(super) fn body<'t>(text: &'t str, name: &str) -> &'t str {
    let Some(at) = text.find(&format!("fn {name}(")) else {
        return text;
    };
    let line = text
        .get(..at)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |end| end + 1);
    let rest = text.get(line..).unwrap_or_default();
    let indent = rest.len() - rest.trim_start_matches(' ').len();
    let end = format!("\n{}}}\n", " ".repeat(indent));
    rest.find(&end).and_then(|end| rest.get(..end)).unwrap_or(rest)
}
