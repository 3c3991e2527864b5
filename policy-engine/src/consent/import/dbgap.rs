//! Consent codes as dbGaP writes them, one a line: `HMB-IRB-NPU-MDS`, `DS-CA-PUB`, `c2<tab>GRU-NPU`.

use super::{RawGroup, RawLabel, RawTerm};

/// NIH's words for its own modifiers; `NPU` there is about organisations.
const MODIFIERS: [(&str, &str); 9] = [
    ("IRB", "DUO:0000021"),
    ("PUB", "DUO:0000019"),
    ("COL", "DUO:0000020"),
    ("NPU", "DUO:0000045"),
    ("GSO", "DUO:0000016"),
    ("CC", "DUO:0000043"),
    ("NMDS", "DUO:0000015"),
    ("RU", "DUO:0000014"),
    ("RTN", "DUO:0000029"),
];

/// One label; a group for each line.
pub(super) fn read(text: &str) -> Vec<RawLabel> {
    let lines = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let groups: Vec<RawGroup> = lines.map(line).collect();
    if groups.is_empty() {
        return Vec::new();
    }
    vec![RawLabel {
        name: String::new(),
        groups,
    }]
}

fn line(line: &str) -> RawGroup {
    // `2<tab>Disease-Specific (Cancer, IRB) (DS-CA-IRB)`: the code stands last, in parentheses of its own
    let (name, rest) = match line.split_once(['\t', ',', ' ', ':']) {
        Some((name, rest)) if is_group(name) => (Some(name), rest.trim()),
        _ => (None, line),
    };
    let code = rest
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once('('))
        .map_or(rest, |(_, code)| code)
        .trim();
    let mut group = code_of(code);
    group.name = Some(match name {
        Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => format!("c{number}"),
        Some(name) => name.to_owned(),
        None => code.to_owned(),
    });
    group
}

/// `2`, `c2`.
fn is_group(name: &str) -> bool {
    let digits = name.strip_prefix('c').unwrap_or(name);
    !digits.is_empty() && digits.len() <= 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn code_of(code: &str) -> RawGroup {
    let mut group = RawGroup::default();
    let mut words = code.split('-').peekable();
    match words.next().unwrap_or_default() {
        "GRU" => group.terms.push(RawTerm::known("GRU", "DUO:0000042")),
        "HMB" => group.terms.push(RawTerm::known("HMB", "DUO:0000006")),
        "POA" => group.terms.push(RawTerm::known("POA", "DUO:0000011")),
        "NRES" => group.terms.push(RawTerm::known("NRES", "DUO:0000004")),
        "DS" => {
            let mut short = Vec::new();
            while let Some(word) = words.next_if(|word| *word != "MDS" && modifier(word).is_none()) {
                short.push(word);
            }
            let mut term = RawTerm::known("DS", "DUO:0000007");
            if !short.is_empty() {
                term.word = format!("DS-{}", short.join("-"));
                term.values = vec![term.word.clone()];
            }
            group.terms.push(term);
        }
        other => group.terms.push(RawTerm::unclear(
            other,
            "It is no primary category of dbGaP (GRU, HMB, DS, POA).",
        )),
    }
    for word in words {
        if word == "MDS" {
            group
                .notes
                .push("MDS allows methods development; without a term against it, our rules do so too".to_owned());
        } else if let Some(id) = modifier(word) {
            group.terms.push(RawTerm::known(word, id));
        } else {
            group
                .terms
                .push(RawTerm::unclear(word, "It is no modifier of dbGaP that we know."));
        }
    }
    group
}

fn modifier(word: &str) -> Option<&'static str> {
    MODIFIERS.iter().find(|(name, _)| *name == word).map(|(_, id)| *id)
}
