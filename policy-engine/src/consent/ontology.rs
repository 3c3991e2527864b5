//! Disease ontologies as they are published: MONDO in OBO or obographs JSON, or a table; and the one short table that
//! a node keeps of them (`consent.md` 4.4).

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use serde::Deserialize;

use super::disease::{Disease, Diseases};
use super::tables::TablesError;
use super::term::has_form_of_day;

/// Bytes that a file may have.
pub const ONTOLOGY_BYTES: usize = 256 * 1024 * 1024;
/// Terms that an ontology may have; MONDO has about 30 000.
pub(super) const DISEASES: usize = 1_000_000;
/// Parents, and replacements, that one term may have.
pub(super) const PARENTS: usize = 1_000;

const PREFIX: &str = "http://purl.obolibrary.org/obo/MONDO_";
/// The relation from an obsolete term to what replaces it.
const REPLACED_BY: &str = "http://purl.obolibrary.org/obo/IAO_0100001";

/// How a file is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// A table with `id`, `label`, `parents`, `obsolete`, `replaced_by`.
    Table,
    /// OBO 1.2 or 1.4.
    Obo,
    /// obographs JSON.
    Obographs,
}

/// An ontology that was read.
#[derive(Clone, Debug)]
pub struct Ontology {
    /// Its diseases.
    pub diseases: Diseases,
    /// How the file is written.
    pub format: Format,
    /// Its release, as a day; None where the file does not say one.
    pub release: Option<String>,
}

impl Ontology {
    /// Reads a file, whichever of the three it is. Never panics, whatever the bytes.
    ///
    /// # Errors
    /// [`TablesError`] if it is none of them, contradicts itself, or is larger than an ontology of diseases can be.
    pub fn read(bytes: &[u8]) -> Result<Self, TablesError> {
        if bytes.len() > ONTOLOGY_BYTES {
            return Err(TablesError::entry("diseases", "more bytes than an ontology may have"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| TablesError::entry("diseases", "bytes that are no UTF-8"))?;
        let text = text.trim_start_matches('\u{feff}');
        if text.trim_start().starts_with('{') {
            return obographs(text);
        }
        let first = text.lines().next().unwrap_or_default();
        if first.split(',').any(|column| column == "id") {
            return Ok(Self {
                diseases: Diseases::from_csv(text)?,
                format: Format::Table,
                release: None,
            });
        }
        let release = text
            .lines()
            .take_while(|line| !line.starts_with('['))
            .find_map(|line| line.strip_prefix("data-version:"));
        Ok(Self {
            diseases: Diseases::from_obo(text)?,
            format: Format::Obo,
            release: release.and_then(day_in),
        })
    }
}

/// The first day `YYYY-MM-DD` in a text.
fn day_in(text: &str) -> Option<String> {
    text.split(|letter: char| !letter.is_ascii_digit() && letter != '-')
        .map(|part| part.trim_matches('-'))
        .find(|part| has_form_of_day(part))
        .map(str::to_owned)
}

impl Diseases {
    /// The one form in which a node keeps an ontology: a table, sorted, without what judging does not need. Equal
    /// ontologies give equal bytes.
    #[must_use]
    pub fn table(&self) -> String {
        let mut all: Vec<_> = self.entries().collect();
        all.sort_unstable_by(|one, other| one.0.cmp(other.0));
        let mut text = "id,label,parents,obsolete,replaced_by\n".to_owned();
        for (id, disease) in all {
            let joined = |list: &[Box<str>]| {
                let mut list: Vec<&str> = list.iter().map(|one| &**one).collect();
                list.sort_unstable();
                list.dedup();
                list.join("|")
            };
            let label: String = disease.label.chars().filter(|letter| !letter.is_control()).collect();
            let _ = writeln!(
                text,
                "{id},\"{}\",{},{},{}",
                label.replace('"', "\"\""),
                joined(&disease.parents),
                disease.obsolete,
                joined(&disease.replaced_by)
            );
        }
        text
    }
}

#[derive(Deserialize)]
struct Document<'d> {
    #[serde(borrow, default)]
    graphs: Vec<Graph<'d>>,
}

#[derive(Deserialize)]
struct Graph<'d> {
    #[serde(borrow, default)]
    meta: Option<Meta<'d>>,
    #[serde(borrow, default)]
    nodes: Vec<Node<'d>>,
    #[serde(borrow, default)]
    edges: Vec<Edge<'d>>,
}

#[derive(Deserialize)]
struct Meta<'d> {
    #[serde(borrow, default)]
    version: Option<Cow<'d, str>>,
    #[serde(default)]
    deprecated: bool,
    #[serde(borrow, default, rename = "basicPropertyValues")]
    values: Vec<Property<'d>>,
}

#[derive(Deserialize)]
struct Property<'d> {
    #[serde(borrow, default)]
    pred: Cow<'d, str>,
    #[serde(borrow, default)]
    val: Cow<'d, str>,
}

#[derive(Deserialize)]
struct Node<'d> {
    #[serde(borrow)]
    id: Cow<'d, str>,
    #[serde(borrow, default)]
    lbl: Option<Cow<'d, str>>,
    #[serde(borrow, default)]
    meta: Option<Meta<'d>>,
}

#[derive(Deserialize)]
struct Edge<'d> {
    #[serde(borrow)]
    sub: Cow<'d, str>,
    #[serde(borrow)]
    pred: Cow<'d, str>,
    #[serde(borrow)]
    obj: Cow<'d, str>,
}

fn obographs(text: &str) -> Result<Ontology, TablesError> {
    let document: Document<'_> = serde_json::from_str(text)
        .map_err(|why| TablesError::entry("diseases", format!("no obographs JSON: {why}")))?;
    let mut entries: HashMap<Box<str>, Disease> = HashMap::new();
    let mut release = None;
    for graph in &document.graphs {
        let version = graph.meta.as_ref().and_then(|meta| meta.version.as_deref());
        release = release.or_else(|| version.and_then(day_in));
        for node in &graph.nodes {
            let Some(id) = mondo(&node.id) else { continue };
            let mut disease = Disease {
                label: node.lbl.as_deref().unwrap_or_default().into(),
                ..Disease::default()
            };
            if let Some(meta) = &node.meta {
                disease.obsolete = meta.deprecated;
                let replaced = meta.values.iter().filter(|value| value.pred == REPLACED_BY);
                disease.replaced_by = replaced
                    .map(|value| mondo(&value.val).unwrap_or_else(|| (&*value.val).into()))
                    .collect();
            }
            if entries.insert(id.clone(), disease).is_some() {
                return Err(TablesError::entry("diseases", id));
            }
        }
    }
    for edge in document.graphs.iter().flat_map(|graph| &graph.edges) {
        if edge.pred != "is_a" {
            continue;
        }
        // an edge between others, or from one that is no node, says nothing of a disease
        if let (Some(below), Some(above)) = (mondo(&edge.sub), mondo(&edge.obj))
            && let Some(disease) = entries.get_mut(&below)
        {
            disease.parents.push(above);
        }
    }
    Ok(Ontology {
        diseases: Diseases::filled(entries)?,
        format: Format::Obographs,
        release,
    })
}

/// `MONDO:0004992` of an IRI or of itself.
fn mondo(id: &str) -> Option<Box<str>> {
    if let Some(digits) = id.strip_prefix(PREFIX) {
        return Some(format!("MONDO:{digits}").into());
    }
    id.starts_with("MONDO:").then(|| id.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::disease::Standing;
    use super::*;

    const JSON: &str = r#"{"graphs":[{"id":"http://purl.obolibrary.org/obo/mondo.owl",
        "meta":{"version":"http://purl.obolibrary.org/obo/mondo/releases/2026-05-05/mondo.owl"},
        "nodes":[{"id":"http://purl.obolibrary.org/obo/MONDO_0000001","lbl":"disease","type":"CLASS"},
          {"id":"http://purl.obolibrary.org/obo/MONDO_0000002","lbl":"a \"kind\", of it"},
          {"id":"http://purl.obolibrary.org/obo/MONDO_0000003","meta":{"deprecated":true,"basicPropertyValues":[
             {"pred":"http://purl.obolibrary.org/obo/IAO_0100001","val":"MONDO:0000002"},{"pred":"x","val":"y"}]}},
          {"id":"http://purl.obolibrary.org/obo/CL_0000001","lbl":"cell"}],
        "edges":[{"sub":"http://purl.obolibrary.org/obo/MONDO_0000002","pred":"is_a",
             "obj":"http://purl.obolibrary.org/obo/MONDO_0000001"},
          {"sub":"http://purl.obolibrary.org/obo/MONDO_0000001","pred":"http://purl.obolibrary.org/obo/RO_0002573",
             "obj":"http://purl.obolibrary.org/obo/MONDO_0000002"}]}]}"#;
    const OBO: &str = "format-version: 1.2\ndata-version: releases/2026-05-05\n\n[Term]\nid: MONDO:0000001\n\
        name: disease\n\n[Term]\nid: MONDO:0000002\nname: a \"kind\", of it\nis_a: MONDO:0000001 ! disease\n\n\
        [Term]\nid: MONDO:0000003\nis_obsolete: true\nreplaced_by: MONDO:0000002\n\n[Term]\nid: CL:0000001\n";

    #[test]
    fn the_same_release_says_the_same_in_every_form() {
        let json = Ontology::read(JSON.as_bytes()).unwrap();
        let obo = Ontology::read(OBO.as_bytes()).unwrap();
        let table = Ontology::read(json.diseases.table().as_bytes()).unwrap();
        assert_eq!(
            (json.format, obo.format, table.format),
            (Format::Obographs, Format::Obo, Format::Table)
        );
        assert_eq!(json.release.as_deref(), Some("2026-05-05"));
        assert_eq!(obo.release.as_deref(), Some("2026-05-05"));
        for read in [&json, &obo, &table] {
            let diseases = &read.diseases;
            assert_eq!(diseases.len(), 3, "{:?}", read.format);
            assert!(diseases.is_under_any("MONDO:0000002", ["MONDO:0000001"]));
            assert!(!diseases.is_under_any("MONDO:0000001", ["MONDO:0000002"]));
            assert_eq!(diseases.standing("MONDO:0000003"), Standing::Obsolete);
            assert_eq!(diseases.replaced_by("MONDO:0000003"), ["MONDO:0000002"]);
            assert_eq!(diseases.label("MONDO:0000002"), Some("a \"kind\", of it"));
            assert_eq!(diseases.table(), json.diseases.table(), "one form, equal bytes");
        }
    }

    #[test]
    fn files_that_are_no_ontology_are_refused() {
        let twice = format!("{OBO}\n[Term]\nid: MONDO:0000001\n");
        let cases: [(&str, &[u8]); 8] = [
            ("nothing", b""),
            ("text", b"hello"),
            ("JSON of another kind", b"{\"graphs\":[]}"),
            ("a list", b"[]"),
            ("half a JSON", b"{\"graphs\":[{\"nodes\":["),
            ("no UTF-8", b"\xff\xfe"),
            ("a table without rows", b"id,label\n"),
            ("an id twice", twice.as_bytes()),
        ];
        for (name, bytes) in cases {
            assert!(Ontology::read(bytes).is_err(), "{name}");
        }
        let parents = format!(
            "id,label,parents,obsolete\nMONDO:1,a,{},false\n",
            "MONDO:2|".repeat(2_000)
        );
        assert!(Ontology::read(parents.as_bytes()).is_err(), "too many parents");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Ontology::read(&bytes);
        }

        #[test]
        fn a_file_cut_or_changed_anywhere_is_read_or_refused(at in 0_usize..1_000, byte in any::<u8>()) {
            for text in [JSON, OBO] {
                let mut bytes = text.as_bytes().to_vec();
                let at = at % bytes.len();
                bytes[at] = byte;
                let _ = Ontology::read(&bytes);
                bytes.truncate(at);
                let _ = Ontology::read(&bytes);
            }
        }
    }
}
