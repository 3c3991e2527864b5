//! Which term a word names: ids, IRIs, labels, and shorthands, which changed their meaning once.

use super::super::name::Name;
use super::super::tables::Tables;

/// The releases of DUO that this build knows, in order (`consent.md` 7).
pub(super) const RELEASES: [&str; 3] = ["2020-02-03", "2021-02-23", "2022-09-15"];

/// The release from which NPU names another term, and from which NMDS has its present meaning.
pub(super) const CHANGED: &str = "2021-02-23";

/// No methods research: the term whose meaning depends on the release.
pub(super) const NMDS: &str = "DUO:0000015";

const SHORTHANDS: [(&str, &str); 26] = [
    ("NRES", "DUO:0000004"),
    ("GRU-CC", "DUO:0000005"),
    ("HMB", "DUO:0000006"),
    ("DS", "DUO:0000007"),
    ("POA", "DUO:0000011"),
    ("RS", "DUO:0000012"),
    ("RU", "DUO:0000014"),
    ("RUO", "DUO:0000014"),
    ("NMDS", NMDS),
    ("GSO", "DUO:0000016"),
    ("NPUNCU", "DUO:0000018"),
    ("PUB", "DUO:0000019"),
    ("COL", "DUO:0000020"),
    ("IRB", "DUO:0000021"),
    ("GS", "DUO:0000022"),
    ("MOR", "DUO:0000024"),
    ("TS", "DUO:0000025"),
    ("US", "DUO:0000026"),
    ("PS", "DUO:0000027"),
    ("IS", "DUO:0000028"),
    ("RTN", "DUO:0000029"),
    ("GRU", "DUO:0000042"),
    ("CC", "DUO:0000043"),
    ("NPOA", "DUO:0000044"),
    ("NPU", "DUO:0000045"),
    ("NCU", "DUO:0000046"),
];

/// Why a shorthand names no term.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shorthand {
    Unknown,
    /// It named one term before [`CHANGED`] and another since.
    DependsOnRelease,
}

/// The id that an id, an IRI or an exact label names. Shorthands are another matter.
pub(super) fn by_id<'t>(word: &str, tables: &'t Tables) -> Option<&'t str> {
    let word = word.trim();
    let local = word.rsplit(['/', '#']).next().unwrap_or(word);
    if let Some(digits) = local
        .get(..4)
        .filter(|start| start.eq_ignore_ascii_case("duo:") || start.eq_ignore_ascii_case("duo_"))
        .and_then(|_| local.get(4..))
    {
        return by_digits(digits, tables);
    }
    // `obo:DUO_0000042`
    if let Some(curie) = local.strip_prefix("obo:").and_then(|rest| rest.strip_prefix("DUO_")) {
        return by_digits(curie, tables);
    }
    tables
        .rules()
        .labels()
        .find(|(label, _)| label.eq_ignore_ascii_case(word))
        .map(|(_, id)| id)
}

/// The id of `0000042`, or of the eight digits with which the OWL file spells NPOA.
pub(super) fn by_digits<'t>(digits: &str, tables: &'t Tables) -> Option<&'t str> {
    let digits = match digits.len() {
        7 => digits,
        8 => digits.strip_prefix('0')?,
        _ => return None,
    };
    let wanted = format!("DUO:{digits}");
    tables.rules().id(&wanted)
}

/// The id that a shorthand names.
pub(super) fn by_shorthand(word: &str, release: Option<&Name>) -> Result<&'static str, Shorthand> {
    let word = word.trim();
    if word == "NPU" {
        return match release {
            None => Err(Shorthand::DependsOnRelease),
            Some(release) if release.as_str() < CHANGED => Ok("DUO:0000018"),
            Some(_) => Ok("DUO:0000045"),
        };
    }
    SHORTHANDS
        .iter()
        .find(|(shorthand, _)| *shorthand == word)
        .map(|(_, id)| *id)
        .ok_or(Shorthand::Unknown)
}

/// The release in force on a day; None before the first that this build knows.
pub(super) fn release_on(day: &str) -> Option<&'static str> {
    RELEASES.iter().rev().find(|release| **release <= day).copied()
}
