//! `authorization_details` (RFC 9396) of our one type: the purpose that a token is for (consent.md 2.3).

use policy_engine::consent::{Narrowing, ResearchPurpose, Tables};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use visa_verifier::token::json::parse;

/// The type that says what a token is for.
pub(crate) const PURPOSE: &str = "visum_purpose";
/// The type that says what a workflow session is of; in an exchange alone.
pub(crate) const SESSION: &str = "visum_session";
/// OAuth's word for details that are refused (RFC 9396 §5).
pub(crate) const ERROR: &str = "invalid_authorization_details";
/// Most bytes of the parameter.
const BYTES: usize = 4096;
/// Deepest nesting: an array of objects of lists.
const DEPTH: usize = 4;

/// The details that were asked for or granted: none, or one purpose.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Details(Vec<Map<String, Value>>);

/// The sentence of what is wrong with them.
pub(crate) type Wrong = String;

impl Details {
    /// Reads the parameter: a JSON array. Types are known to the client or refused; no member is passed over.
    pub(crate) fn parse(text: &str, types: &[String]) -> Result<Self, Wrong> {
        let list: Vec<Map<String, Value>> =
            parse(text.as_bytes(), BYTES, DEPTH).map_err(|error| format!("it is no array of objects: {error}"))?;
        if list.len() > 1 {
            return Err("a token has one purpose: more than one entry stands there".to_owned());
        }
        for entry in &list {
            let kind = entry.get("type").and_then(Value::as_str).unwrap_or_default();
            if kind != PURPOSE || !types.iter().any(|known| known == kind) {
                return Err("the type is not one that this client may ask for".to_owned());
            }
            purpose_of(entry)?;
        }
        Ok(Self(list))
    }

    /// Those of a text that we stored or signed ourselves.
    pub(crate) fn stored(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// For storing; nothing where nothing was asked for.
    pub(crate) fn to_store(&self) -> Option<String> {
        (!self.is_empty()).then(|| json!(self.0).to_string())
    }

    /// Whether there are none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The purpose, if one is there.
    pub(crate) fn purpose(&self) -> Option<ResearchPurpose> {
        self.0
            .first()
            .and_then(|entry| purpose_of(entry).ok().map(|(_, purpose)| purpose))
    }

    /// For a token or an answer.
    pub(crate) fn to_value(&self) -> Value {
        json!(self.0)
    }

    /// What a refresh may ask for: these details again, or narrower ones (RFC 9396 §6). Never others.
    pub(crate) fn narrowed(&self, asked: Self) -> Result<Self, Wrong> {
        let wider = || "a refresh may narrow what was granted, not widen it".to_owned();
        let (Some(own), [entry]) = (self.purpose(), asked.0.as_slice()) else {
            return if asked.is_empty() && !self.is_empty() || asked == *self {
                Ok(self.clone())
            } else {
                Err(wider())
            };
        };
        let (narrowing, _) = purpose_of(entry)?;
        let narrow = own
            .narrow(&narrowing, Tables::builtin().diseases())
            .map_err(|_| wider())?;
        let mut entry = match serde_json::to_value(&narrow) {
            Ok(Value::Object(entry)) => entry,
            _ => return Err(wider()),
        };
        entry.insert("type".into(), json!(PURPOSE));
        Ok(Self(vec![entry]))
    }

    /// What the release page says of it, a line each.
    pub(crate) fn in_words(&self) -> Vec<String> {
        let Some(entry) = self.0.first() else { return Vec::new() };
        let list = |name: &str| {
            let all = entry.get(name).and_then(Value::as_array).into_iter().flatten();
            all.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        };
        let text = |name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
        let commercial = match entry.get("commercial").and_then(Value::as_bool) {
            Some(true) => "Commercial: yes",
            Some(false) => "Commercial: no",
            None => "Commercial: not said",
        };
        let mut lines = vec![format!("For: {}", list("categories"))];
        lines.extend(
            Some(list("diseases"))
                .filter(|all| !all.is_empty())
                .map(|all| format!("Diseases: {all}")),
        );
        lines.push(commercial.to_owned());
        lines.extend(text("project").map(|project| format!("Project: {project}")));
        lines.extend(text("institution").map(|institution| format!("Institution: {institution}")));
        lines
    }
}

/// An entry without its type, read as strictly as the header `Visum-Purpose`: no ethics, no duties, no other member.
fn purpose_of(entry: &Map<String, Value>) -> Result<(Narrowing, ResearchPurpose), Wrong> {
    let mut bare = entry.clone();
    bare.remove("type");
    let wrong = || "the purpose cannot be read: see the words of a purpose".to_owned();
    let narrowing = Narrowing::from_json(Value::Object(bare.clone()).to_string().as_bytes()).map_err(|_| wrong())?;
    let purpose: ResearchPurpose = serde_json::from_value(Value::Object(bare)).map_err(|_| wrong())?;
    if purpose == ResearchPurpose::unstated() {
        return Err("`unstated` is no purpose".to_owned());
    }
    Ok((narrowing, purpose))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Details, Wrong> {
        Details::parse(text, &[PURPOSE.to_owned()])
    }

    const HEART: &str = r#"[{"type":"visum_purpose","categories":["disease","methods"],"diseases":["MONDO:0005267"],"commercial":false}]"#;

    #[test]
    fn details_are_read_strictly_or_not_at_all() {
        let cases = [
            ("one purpose", HEART, true),
            ("none", "[]", true),
            ("no array", r#"{"type":"visum_purpose"}"#, false),
            (
                "another type",
                r#"[{"type":"payment","categories":["disease"]}]"#,
                false,
            ),
            ("no type", r#"[{"categories":["disease"]}]"#, false),
            (
                "an unknown member",
                r#"[{"type":"visum_purpose","categories":["disease"],"datasets":["a"]}]"#,
                false,
            ),
            (
                "ethics of the session's own",
                r#"[{"type":"visum_purpose","categories":["disease"],"ethics":[]}]"#,
                false,
            ),
            (
                "an unknown word",
                r#"[{"type":"visum_purpose","categories":["anything"]}]"#,
                false,
            ),
            (
                "nothing said",
                r#"[{"type":"visum_purpose","categories":["unstated"]}]"#,
                false,
            ),
            (
                "a member twice",
                r#"[{"type":"visum_purpose","categories":["disease"],"categories":["methods"]}]"#,
                false,
            ),
            (
                "two purposes",
                r#"[{"type":"visum_purpose","categories":["disease"]},{"type":"visum_purpose","categories":["methods"]}]"#,
                false,
            ),
            ("no JSON", "heart", false),
        ];
        for (name, text, good) in cases {
            assert_eq!(read(text).is_ok(), good, "{name}: {:?}", read(text));
        }
        assert!(
            Details::parse(HEART, &[]).is_err(),
            "a client that did not register the type"
        );
        assert!(read(&format!("[{}]", " ".repeat(BYTES))).is_err(), "too long");
    }

    #[test]
    fn a_refresh_narrows_and_never_widens() {
        let granted = read(HEART).unwrap();
        let cases = [
            ("the same", HEART, true),
            ("nothing new", "[]", true),
            (
                "fewer words",
                r#"[{"type":"visum_purpose","categories":["methods"]}]"#,
                true,
            ),
            (
                "another word",
                r#"[{"type":"visum_purpose","categories":["disease","ancestry"]}]"#,
                false,
            ),
            (
                "another disease",
                r#"[{"type":"visum_purpose","categories":["disease"],"diseases":["MONDO:0004992"]}]"#,
                false,
            ),
            (
                "commercial now",
                r#"[{"type":"visum_purpose","categories":["disease"],"commercial":true}]"#,
                false,
            ),
        ];
        for (name, text, good) in cases {
            assert_eq!(granted.narrowed(read(text).unwrap()).is_ok(), good, "{name}");
        }
        assert!(
            Details::default().narrowed(read(HEART).unwrap()).is_err(),
            "none was granted"
        );
        assert_eq!(Details::default().narrowed(Details::default()), Ok(Details::default()));
        let narrow = granted
            .narrowed(read(r#"[{"type":"visum_purpose","categories":["methods"]}]"#).unwrap())
            .unwrap();
        assert_eq!(
            narrow.purpose().unwrap().commercial,
            Some(false),
            "what is not said stays as it was"
        );
    }
}
