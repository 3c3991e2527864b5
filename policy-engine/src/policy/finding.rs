//! What is wrong with a policy text: where, in which words, and what to write instead.

use miette::Diagnostic;
use serde::Serialize;

use super::source::Place;

/// How bad it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Can't be put in force.
    Error,
    /// Could be, and is worth a look.
    Warning,
}

/// Something wrong with a bundle or a policy text.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// The file, as its bundle names it.
    pub file: String,
    /// The policy, if it can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Stable code.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub what: String,
    /// Where in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
    /// What to write instead, or what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Finding {
    pub(crate) fn error(file: &str, code: &'static str, what: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            policy: None,
            code,
            severity: Severity::Error,
            what: what.into(),
            at: None,
            help: None,
        }
    }

    pub(crate) fn warning(file: &str, code: &'static str, what: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(file, code, what)
        }
    }

    pub(crate) fn of(mut self, policy: &str) -> Self {
        self.policy = Some(policy.to_owned());
        self
    }

    pub(crate) fn at(mut self, place: Option<Place>) -> Self {
        self.at = place;
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What one of Cedar's errors says, with the place and the advice that it carries.
    pub(crate) fn cedar(file: &str, text: &str, code: &'static str, error: &dyn Diagnostic) -> Self {
        let label = error.labels().and_then(|mut labels| labels.next());
        let place = label.as_ref().map(|label| Place::of(text, label.offset(), label.len()));
        let mut what = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(inner) = source {
            what.push_str(": ");
            what.push_str(&inner.to_string());
            source = inner.source();
        }
        if let Some(words) = label.as_ref().and_then(|label| label.label()) {
            what.push_str(": ");
            what.push_str(words);
        }
        let mut finding = Self::error(file, code, what.replace('\n', " ")).at(place);
        finding.help = error.help().map(|help| help.to_string().replace('\n', " "));
        finding
    }
}
