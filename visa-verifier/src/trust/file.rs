//! A trust file, TOML or JSON: strict, with file, line and a suggestion in every error.

use super::locate::line_of;
use super::policy::{TrustError, TrustPolicy};
use super::wire::TrustDocument;
use crate::token::{json, limits};

/// How a trust file is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TrustFormat {
    /// TOML.
    Toml,
    /// JSON.
    Json,
}

impl TrustFormat {
    /// By the file's name: `.json` is JSON, everything else TOML.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        if name.to_ascii_lowercase().ends_with(".json") {
            Self::Json
        } else {
            Self::Toml
        }
    }
}

/// What is wrong with a trust file, and where.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{file}:{line}: {why}{}", .hint.as_ref().map(|h| format!("\nhint: {h}")).unwrap_or_default())]
pub struct TrustFileError {
    /// The file's name, as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub why: String,
    /// What was probably meant.
    pub hint: Option<String>,
}

impl TrustFileError {
    /// Stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "trust.file"
    }
}

/// A trust file, bytes: key sets of a few hundred issuers.
pub(super) const FILE_BYTES: usize = 4 * 1024 * 1024;

impl TrustPolicy {
    /// Reads a trust file's text; `file` is its name for messages. Key files (`jwks_file`) are read by
    /// [`load`](Self::load) only.
    pub fn from_file_text(text: &str, format: TrustFormat, file: &str) -> Result<Self, TrustFileError> {
        Self::try_from(document(text, format, file)?).map_err(|e| located(&e, text, file))
    }
}

/// The document, each member known and of its type.
pub(super) fn document(text: &str, format: TrustFormat, file: &str) -> Result<TrustDocument, TrustFileError> {
    let error = |line: usize, why: String| TrustFileError {
        hint: suggestion(&why),
        file: file.to_owned(),
        line,
        why: cut(&why),
    };
    if text.len() > FILE_BYTES {
        return Err(error(1, format!("longer than {FILE_BYTES} bytes")));
    }
    match format {
        TrustFormat::Json => {
            json::check(text.as_bytes(), FILE_BYTES, limits::DOCUMENT_DEPTH).map_err(|e| {
                let why = e.to_string();
                error(line_in(&why).unwrap_or(1), why)
            })?;
            serde_json::from_str(text).map_err(|e| error(e.line().max(1), without_place(&e.to_string())))
        }
        TrustFormat::Toml => toml::from_str(text).map_err(|e| {
            let before = e.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            error(before.matches('\n').count() + 1, e.message().to_owned())
        }),
    }
}

/// What the entries say against each other, at the line that says it.
pub(super) fn located(error: &TrustError, text: &str, file: &str) -> TrustFileError {
    TrustFileError {
        file: file.to_owned(),
        line: line_of(text, error),
        why: cut(&error.to_string()),
        hint: None,
    }
}

/// The line in serde_json's words "… at line 3 column 5".
fn line_in(message: &str) -> Option<usize> {
    message.rsplit_once(" at line ")?.1.split(' ').next()?.parse().ok()
}

fn without_place(message: &str) -> String {
    message
        .rsplit_once(" at line ")
        .map_or(message, |(start, _)| start)
        .to_owned()
}

/// A message with words out of the file, as it may be shown: short, and nothing that steers a terminal.
fn cut(message: &str) -> String {
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut out: String = message.chars().take(MESSAGE).map(visible).collect();
    if message.chars().nth(MESSAGE).is_some() {
        out.push('…');
    }
    out
}

/// Characters of a message: room for the names of all members of an entry.
const MESSAGE: usize = 600;

/// For serde's "unknown field `x`, expected one of `a`, `b`": the nearest of what was expected.
fn suggestion(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let names = ["unknown field", "unknown variant"];
    if !names.iter().any(|n| message.starts_with(n)) {
        return None;
    }
    let unknown = quoted.next().filter(|name| name.len() < 64)?;
    let (distance, nearest) = quoted.map(|known| (edits(unknown, known), known)).min()?;
    (distance <= 1 + unknown.chars().count() / 3).then(|| format!("did you mean `{nearest}`?"))
}

/// Levenshtein distance, in characters.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut left = i + 1;
        let mut next = vec![left];
        for (pair, cb) in row.windows(2).zip(&b) {
            let (diagonal, above) = (pair.first().copied().unwrap_or(0), pair.last().copied().unwrap_or(0));
            left = (diagonal + usize::from(ca != *cb)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
audience = "https://drs.example.org"
clock_skew = 60

[[trusted_brokers]]
iss = "https://broker.example.org"

[[trusted_visa_issuers]]
iss = "https://visas.example.org"
types = ["ControlledAccessGrants"]
sources = ["https://dac.example.org"]
jku = ["https://visas.example.org/jwks.json"]
until = "2030-01-01T00:00:00Z"
"#;

    #[test]
    fn a_good_file_reads_in_both_forms_and_comes_back() {
        let policy = TrustPolicy::from_file_text(GOOD, TrustFormat::Toml, "trust.toml").unwrap();
        assert_eq!((policy.clock_skew(), policy.entries().count()), (60, 2));
        let text = serde_json::to_string(&policy).unwrap();
        let again = TrustPolicy::from_file_text(&text, TrustFormat::Json, "trust.json").unwrap();
        assert!(policy.entries().eq(again.entries()));
        assert_eq!(policy.audience(), again.audience());
    }

    #[test]
    fn a_wrong_file_is_told_with_line_and_suggestion() {
        let name = "trust.toml";
        for (from, to, line, word) in [
            ("may_link", "may_link", 0, ""),
            ("types =", "typs =", 10, "did you mean `types`?"),
            ("clock_skew = 60", "clock_skew = 301", 3, "at most 300"),
            ("clock_skew = 60", "clock_skew = -1", 3, "-1"),
            ("iss = \"https://visas.example.org\"", "iss = \"\"", 9, "issuer"),
            ("2030-01-01T00:00:00Z", "2030-02-30T00:00:00Z", 13, "instant"),
            ("sources = ", "#", 8, "sources"),
            (
                "[[trusted_brokers]]",
                "[[trusted_broker]]",
                5,
                "did you mean `trusted_brokers`?",
            ),
        ] {
            let text = GOOD.replace(from, to);
            match TrustPolicy::from_file_text(&text, TrustFormat::Toml, name) {
                Ok(_) => assert_eq!(line, 0, "{to}"),
                Err(e) => {
                    assert!(e.to_string().contains(word), "{to}: {e}");
                    assert_eq!(e.line, line, "{to}: {e}");
                }
            }
        }
        let twice = "{\"audience\": \"a\",\n\"audience\": \"b\"}";
        assert_eq!(
            TrustPolicy::from_file_text(twice, TrustFormat::Json, "t.json")
                .unwrap_err()
                .line,
            2
        );
        let unknown = "{\n\"audiance\": \"b\"}";
        let error = TrustPolicy::from_file_text(unknown, TrustFormat::Json, "t.json").unwrap_err();
        assert_eq!(
            (error.line, error.hint.as_deref()),
            (2, Some("did you mean `audience`?"))
        );
    }
}
