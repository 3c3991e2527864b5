//! EGA: the `DATA_USE`s of a policy, as the submission XML has them, or the same in JSON.

use serde_json::Value;

use crate::xml::{Event, Reader};

use super::{ImportError, RawGroup, RawLabel, RawTerm, Source, iri, json, unreadable};

/// Policies: XML by its first letter, else JSON.
pub(super) fn read(text: &str) -> Result<Vec<RawLabel>, ImportError> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('<') {
        return xml(text);
    }
    let root = json(Source::Ega, text)?;
    let policies: Vec<&Value> = match &root {
        Value::Array(list) => list.iter().collect(),
        one @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => vec![one],
    };
    policies.into_iter().map(policy).collect()
}

fn policy(policy: &Value) -> Result<RawLabel, ImportError> {
    let text = |key: &&str| policy.get(*key).and_then(Value::as_str).map(str::to_owned);
    let name = [
        "accession_id",
        "accessionId",
        "egaAccession",
        "ega_accession",
        "id",
        "alias",
        "title",
    ]
    .iter()
    .find_map(text)
    .unwrap_or_default();
    let uses = ["data_uses", "dataUses", "data_use", "dataUse", "DATA_USES", "duo"]
        .iter()
        .find_map(|key| policy.get(*key));
    let mut group = RawGroup::default();
    for one in match uses {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(Value::Null) | None => Vec::new(),
        Some(one) => vec![one],
    } {
        let mut term = iri::term(Source::Ega, one)?;
        let ontology = one.get("ontology").and_then(Value::as_str).unwrap_or("DUO");
        name_of(&mut term, ontology);
        group.terms.push(term);
    }
    if uses.is_none() && !policy.is_object() {
        return Err(unreadable(Source::Ega, "a policy is no object"));
    }
    Ok(RawLabel {
        name,
        groups: vec![group],
    })
}

/// `ontology="DUO" code="0000042"`.
fn name_of(term: &mut RawTerm, ontology: &str) {
    if !ontology.eq_ignore_ascii_case("DUO") {
        term.unclear = Some("It is of another ontology than DUO.");
        term.word = format!("{ontology}:{}", term.word);
    } else if !term.word.is_empty() && term.word.bytes().all(|byte| byte.is_ascii_digit()) {
        term.word = format!("DUO:{}", term.word);
    }
}

/// Where in a document we are.
#[derive(Default)]
struct Walk {
    labels: Vec<RawLabel>,
    term: Option<RawTerm>,
    ontology: String,
    /// Of a `MODIFIER`: its parts.
    modifier: Option<(String, String)>,
    path: Vec<String>,
}

fn xml(text: &str) -> Result<Vec<RawLabel>, ImportError> {
    let mut reader = Reader::new(text);
    let mut walk = Walk::default();
    while let Some(event) = reader
        .next()
        .map_err(|why| unreadable(Source::Ega, format!("it is no XML: {why}")))?
    {
        match event {
            Event::Open(name, attributes) => walk.open(name, &attributes),
            Event::Close(name) => walk.close(name),
            Event::Text(text) => walk.text(text.trim()),
        }
    }
    Ok(walk.labels)
}

impl Walk {
    fn open(&mut self, name: &str, attributes: &[(&str, String)]) {
        let get = |wanted: &str| {
            attributes
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(wanted))
                .map(|(_, value)| value.clone())
        };
        match name {
            "POLICY" => self.labels.push(RawLabel {
                name: get("accession").or_else(|| get("alias")).unwrap_or_default(),
                groups: vec![RawGroup::default()],
            }),
            "DATA_USE" => {
                self.ontology = get("ontology").unwrap_or_else(|| "DUO".to_owned());
                let mut term = RawTerm::of(get("code").unwrap_or_default());
                term.version = get("version");
                self.term = Some(term);
            }
            "MODIFIER" => self.modifier = Some((String::new(), String::new())),
            _ => {}
        }
        self.path.push(name.to_owned());
    }

    fn text(&mut self, text: &str) {
        let Some(term) = &mut self.term else { return };
        match (self.path.last().map(String::as_str), &mut self.modifier) {
            (Some("DATA_USE"), _) if term.word.is_empty() => term.word = text.to_owned(),
            (Some("DB"), Some((db, _))) => text.clone_into(db),
            (Some("ID" | "URL" | "MODIFIER"), Some((_, id))) if id.is_empty() => text.clone_into(id),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        self.path.pop();
        match name {
            "MODIFIER" => {
                if let (Some((db, id)), Some(term)) = (self.modifier.take(), &mut self.term) {
                    let local = db.is_empty() || id.contains(':') || id.contains('/');
                    match (id.is_empty(), local) {
                        (true, _) => term.unclear = Some("It has a modifier that cannot be read."),
                        (false, true) => term.values.push(id),
                        (false, false) => term.values.push(format!("{db}:{id}")),
                    }
                }
            }
            "DATA_USE" => {
                if let Some(mut term) = self.term.take() {
                    name_of(&mut term, &self.ontology);
                    if term.word.is_empty() {
                        term = RawTerm::unclear("DATA_USE", "It has neither a code nor an address.");
                    }
                    // a data use outside of any policy is a label of its own
                    if self.labels.is_empty() {
                        self.labels.push(RawLabel {
                            name: String::new(),
                            groups: vec![RawGroup::default()],
                        });
                    }
                    let group = self.labels.last_mut().and_then(|label| label.groups.last_mut());
                    if let Some(group) = group {
                        group.terms.push(term);
                    }
                }
            }
            _ => {}
        }
    }
}
