//! Terms of use and attestations that people are asked for (governed), and what each of them accepted (governed).

use serde::{Deserialize, Serialize};
use visa_verifier::seam::Timestamp;

use super::governed::{Governed, RowDigest, RowKind};

/// Longest text, in bytes.
const TEXT_BYTES: usize = 64 * 1024;
/// Longest other member, in bytes; a URL of a visa has 255 characters (GA4GH Passport, URL Claims 3).
const WORD_BYTES: usize = 255;
/// So long an acceptance counts unless the row says otherwise, in days.
const YEAR: u32 = 365;
/// The longest, in days.
const LONGEST: u32 = 3 * YEAR;

/// Which visa an acceptance becomes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TermsKind {
    /// AcceptedTermsAndPolicies.
    Policies,
    /// ResearcherStatus, attested by the person: counts while an institution states an affiliation of theirs.
    ResearcherStatus,
}

/// A text in its newest version. What it says is what is accepted; another text is another version.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Unchecked")]
pub struct TermsRow {
    /// A short word: lower-case letters, digits, `-`.
    pub id: String,
    /// Which visa.
    pub kind: TermsKind,
    /// What pages call it.
    pub title: String,
    /// Its version, for people.
    pub version: String,
    /// The `value` of the visa: the URL that datasets and other services know it by.
    pub url: String,
    /// The `source` of the visa: the organisation whose text it is (a URL).
    pub source: String,
    /// The text, plain.
    pub text: String,
    /// How many days an acceptance counts.
    pub days: u32,
    /// Nobody goes on to a program before it is accepted; else it can be put off.
    pub required: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    id: String,
    kind: TermsKind,
    title: String,
    version: String,
    url: String,
    source: String,
    text: String,
    #[serde(default = "year")]
    days: u32,
    #[serde(default)]
    required: bool,
}

const fn year() -> u32 {
    YEAR
}

impl TryFrom<Unchecked> for TermsRow {
    type Error = String;

    fn try_from(row: Unchecked) -> Result<Self, String> {
        let short =
            |text: &str| !text.trim().is_empty() && text.len() <= WORD_BYTES && !text.chars().any(char::is_control);
        let word = row
            .id
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if !word || row.id.is_empty() || row.id.len() > 40 {
            return Err("the id of terms has up to 40 lower-case letters, digits and `-`".to_owned());
        }
        if !short(&row.title) || !short(&row.version) {
            return Err(format!("title and version have 1 to {WORD_BYTES} bytes on one line"));
        }
        for (name, url) in [("url", &row.url), ("source", &row.source)] {
            if !short(url) || url::Url::parse(url).is_err() {
                return Err(format!("`{name}` is a URL of at most {WORD_BYTES} characters"));
            }
        }
        if row.text.trim().is_empty() || row.text.len() > TEXT_BYTES {
            return Err(format!("the text has 1 to {TEXT_BYTES} bytes"));
        }
        if row.days == 0 || row.days > LONGEST {
            return Err(format!("an acceptance counts 1 to {LONGEST} days"));
        }
        Ok(Self {
            id: row.id,
            kind: row.kind,
            title: row.title,
            version: row.version,
            url: row.url,
            source: row.source,
            text: row.text,
            days: row.days,
            required: row.required,
        })
    }
}

impl TermsRow {
    /// SHA-256 of the text, lower-case hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        RowDigest::of_bytes(self.text.as_bytes()).as_str().to_owned()
    }
}

impl Governed for TermsRow {
    const KIND: RowKind = RowKind::Terms;

    fn id(&self) -> String {
        self.id.clone()
    }
}

/// What a person accepted: one version of one text.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceRow {
    /// Who (`sub` of our tokens).
    pub person: String,
    /// The id of the terms.
    pub terms: String,
    /// The version, as the page named it.
    pub version: String,
    /// SHA-256 of the text that was on the page.
    pub digest: String,
    /// When.
    pub at: Timestamp,
    /// Until when it counts.
    pub until: Timestamp,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Timestamp>,
}

impl AcceptanceRow {
    /// The id of the row of `person` and `terms`.
    #[must_use]
    pub fn id_of(person: &str, terms: &str) -> String {
        format!("{person}#{terms}")
    }

    /// Whether it is of this very text and counts at `now`.
    #[must_use]
    pub fn is_of(&self, terms: &TermsRow, now: Timestamp) -> bool {
        self.withdrawn.is_none()
            && self.terms == terms.id
            && self.version == terms.version
            && self.digest == terms.digest()
            && now < self.until
    }
}

impl Governed for AcceptanceRow {
    const KIND: RowKind = RowKind::Acceptance;

    fn id(&self) -> String {
        Self::id_of(&self.person, &self.terms)
    }

    fn person(&self) -> Option<String> {
        Some(self.person.clone())
    }

    fn live(&self) -> bool {
        self.withdrawn.is_none()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn terms_have_a_text_a_version_and_urls() {
        let good = json!({ "id": "house-rules", "kind": "policies", "title": "House rules", "version": "1",
            "url": "https://node.example.org/terms", "source": "https://node.example.org", "text": "Be kind." });
        let read = |name: &str, value: serde_json::Value| {
            let mut row = good.clone();
            row[name] = value;
            serde_json::from_value::<TermsRow>(row).is_ok()
        };
        assert!(read("id", json!("house-rules")));
        for (name, value) in [
            ("id", json!("House")),
            ("title", json!(" ")),
            ("version", json!("1\n2")),
            ("url", json!("terms")),
            ("url", json!(format!("https://node.example.org/{}", "a".repeat(255)))),
            ("source", json!("")),
            ("text", json!("")),
            ("text", json!("a".repeat(TEXT_BYTES + 1))),
            ("days", json!(0)),
            ("days", json!(4000)),
            ("kind", json!("grants")),
        ] {
            assert!(!read(name, value.clone()), "{name}: {value}");
        }
    }
}
