//! Why a command could not do its work: what was wrong, where, and what to do.

use crate::exit::Exit;

/// A failure with a stable code, a sentence and a hint for the person at the terminal.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CommandError {
    code: String,
    message: String,
    hint: Option<String>,
    exit: Exit,
}

impl CommandError {
    /// The command was used wrongly, or its input is refused (exit 2).
    pub(crate) fn refused(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            hint: None,
            exit: Exit::Refused,
        }
    }

    /// The answer could not be found out: a server, file or table is not to be had (exit 3).
    pub(crate) fn unknown(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            hint: None,
            exit: Exit::Unknown,
        }
    }

    /// The answer is no (exit 1).
    pub(crate) fn denied(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            hint: None,
            exit: Exit::No,
        }
    }

    /// Adds what to do next; stands on its own line.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The stable code, such as `config.unknown_key`.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// What to do next, if there is something to say.
    pub(crate) fn next(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The exit status that belongs to it.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }
}
