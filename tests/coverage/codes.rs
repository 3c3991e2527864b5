//! Collects what looks like a code, `area.fact`, and asks the page for it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The crates whose codes people meet.
const CRATES: [&str; 6] = [
    "visa-verifier",
    "audit-log",
    "policy-engine",
    "passport-broker",
    "tes-proxy",
    "cli",
];

/// Literals of the same form that are file names or hosts, by what stands behind the dot.
const NO_FACTS: [&str; 22] = [
    "cedar",
    "cedarschema",
    "com",
    "config",
    "css",
    "cwl",
    "db",
    "example",
    "fa",
    "ga",
    "html",
    "io",
    "json",
    "nf",
    "organization",
    "rs",
    "sh",
    "smk",
    "toml",
    "vcf",
    "wdl",
    "yaml",
];

/// Other literals of the same form: settings, tags, fields of logs, what webhooks are told.
const NO_CODES: [&str; 15] = [
    "drs.backend",
    "endings.announced",
    "log.vkey",
    "proxy.trusted_proxies",
    "resources.backend_parameters",
    "resources.backend_parameters_strict",
    "resources.zones",
    "storage_door.networks",
    "tes.backend",
    "trs.backend",
    "visum.datasets",
    "visum.decision",
    "visum.owner",
    "visum.walltime",
    "wes.backend",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The codes that have a row (or stand among the events) on the page.
fn listed() -> BTreeSet<String> {
    let page = std::fs::read_to_string(root().join("docs/reference/codes.md")).unwrap();
    page.lines()
        .filter_map(|line| match line.strip_prefix("| `") {
            Some(row) => row.split('`').next().map(|code| vec![code.to_owned()]),
            None => line
                .starts_with('`')
                .then(|| line.split('`').skip(1).step_by(2).map(str::to_owned).collect()),
        })
        .flatten()
        .collect()
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let test =
            ["tests", "tests.rs", "testing.rs", "cases.rs"].contains(&name.as_str()) || name.ends_with("_tests.rs");
        if test {
            continue;
        }
        if path.is_dir() {
            rust_files(&path, files);
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
}

/// Whether a literal has the form of a code.
fn is_code(text: &str) -> bool {
    let word = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_lowercase())
            && part.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    text.split_once('.')
        // `context.` begins the paths of Cedar's facts
        .is_some_and(|(area, fact)| area != "context" && word(area) && word(fact) && !NO_FACTS.contains(&fact))
        && !NO_CODES.contains(&text)
}

/// The codes of a source text, without its comments and its tests.
fn codes_of(source: &str) -> BTreeSet<String> {
    source
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .filter(|text| is_code(text))
        .map(str::to_owned)
        .collect()
}

/// Each code of the sources, with a place where it stands.
fn in_sources() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for name in CRATES {
        let mut files = Vec::new();
        rust_files(&root().join(name).join("src"), &mut files);
        for file in files {
            for code in codes_of(&std::fs::read_to_string(&file).unwrap()) {
                found.entry(code).or_insert_with(|| file.display().to_string());
            }
        }
    }
    found
}

/// What is not on the page, with the place that has it.
fn missing(codes: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    let listed = listed();
    codes.into_iter().filter(|(code, _)| !listed.contains(code)).collect()
}

#[test]
fn every_code_of_the_programs_is_on_the_page() {
    let found = in_sources();
    for known in ["audit.unavailable", "grant.until", "request.route", "bearer.expired"] {
        assert!(found.contains_key(known), "the scan no longer sees {known}");
    }
    assert_eq!(missing(found), [], "add them to docs/reference/codes.md");
}

#[test]
fn every_code_of_the_consent_rules_is_on_the_page() {
    let table = std::fs::read_to_string(root().join("policy-engine/rules/codes.csv")).unwrap();
    let codes: Vec<_> = table
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .map(|code| (code.to_owned(), "codes.csv".to_owned()))
        .collect();
    assert!(codes.len() > 50, "{codes:?}");
    assert_eq!(missing(codes), [], "add them to docs/reference/codes.md");
}

#[test]
fn every_code_of_the_shipped_policies_is_on_the_page() {
    let mut codes = Vec::new();
    for name in ["baseline.cedar", "standard.cedar", "templates.cedar"] {
        let text = std::fs::read_to_string(root().join("policy-engine/policies").join(name)).unwrap();
        let said = text.lines().filter_map(|line| line.strip_prefix("@code(\""));
        codes.extend(
            said.filter_map(|rest| rest.split('"').next())
                .map(|code| (code.to_owned(), name.to_owned())),
        );
    }
    assert!(codes.len() > 30, "{codes:?}");
    assert_eq!(missing(codes), [], "add them to docs/reference/codes.md");
}

#[test]
fn every_code_of_visas_and_passports_is_on_the_page() {
    let codes = visa_verifier::Code::ALL
        .iter()
        .map(|code| (code.as_str().to_owned(), "visa-verifier".to_owned()));
    assert_eq!(missing(codes), [], "add them to docs/reference/codes.md");
}

#[test]
fn no_code_has_two_rows() {
    let page = std::fs::read_to_string(root().join("docs/reference/codes.md")).unwrap();
    let mut seen = BTreeSet::new();
    for code in page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
    {
        assert!(seen.insert(code), "{code} stands twice");
    }
}
