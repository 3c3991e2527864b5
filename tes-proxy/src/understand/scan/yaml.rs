//! YAML in a text: aliases are found out, and scalars that are written with escapes are read.

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

/// Longer texts are no YAML that somebody wrote.
const BYTES: usize = 1 << 20;
/// Events of one text.
const EVENTS: usize = 200_000;

/// What YAML there is.
#[derive(Debug, Default)]
pub(super) struct Strings {
    pub(super) strings: Vec<String>,
    /// Something stands for text elsewhere in it.
    pub(super) alias: bool,
    /// A tag asks its reader to make something else of it.
    pub(super) tagged: bool,
}

/// Whether a tag makes something of its text: every tag but those of the core schema's own types (YAML 1.2.2 §10.3).
/// `!!python/object` has the core schema's prefix too.
fn makes(tag: &Tag) -> bool {
    let plain = ["map", "seq", "str", "null", "bool", "int", "float"].contains(&tag.suffix.as_str());
    !(tag.is_yaml_core_schema() && plain)
}

/// May it be YAML? An alias needs its sign, an escape its backslash, a tag its mark, and all of them a structure.
fn may_be(text: &str) -> bool {
    text.len() <= BYTES && text.contains(['*', '\\', '!', '&']) && text.contains([':', '-', '[', '{'])
}

/// Reads as much of a text as is YAML.
pub(super) fn strings(text: &str) -> Strings {
    let mut found = Strings::default();
    if !may_be(text) {
        return found;
    }
    let mut inside = false;
    for event in Parser::new_from_str(text).take(EVENTS) {
        // shell scripts and prose are no YAML after a while, and then what was found so far counts
        let Ok((event, _)) = event else { break };
        match event {
            Event::Alias(_) => found.alias = true,
            Event::SequenceStart(_, tag) | Event::MappingStart(_, tag) => {
                inside = true;
                found.tagged |= tag.is_some_and(|tag| makes(&tag));
            }
            Event::Scalar(text, style, _, tag) => {
                found.tagged |= inside && tag.is_some_and(|tag| makes(&tag));
                if style == ScalarStyle::DoubleQuoted && text.contains("//") {
                    found.strings.push(text.into_owned());
                }
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => {}
        }
    }
    found
}
