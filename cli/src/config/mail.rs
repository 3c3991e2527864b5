//! `[mail]` of `visum.toml`: the server that tells people by mail that something waits for them.

use std::path::PathBuf;

use passport_broker::mail::Security;
use serde::Deserialize;

/// `[mail]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailTable {
    /// The server's host.
    pub(crate) server: String,
    /// Its port; 465 with `tls`, 587 with `starttls`, 25 with `none`.
    pub(crate) port: Option<u16>,
    /// `tls`, `starttls`, or `none` to this machine.
    #[serde(default)]
    pub(crate) security: SecurityWord,
    /// Whom mail is from: an address, or `name <address>`.
    pub(crate) from: String,
    /// The user, if the server asks for one.
    pub(crate) user: Option<String>,
    /// The file with the password; without it, `VISUM_MAIL_PASSWORD` of the environment.
    pub(crate) password_file: Option<PathBuf>,
}

/// How the connection is kept from others.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SecurityWord {
    /// TLS from the first byte.
    #[default]
    Tls,
    /// TLS before anything is said.
    StartTls,
    /// None.
    None,
}

impl From<SecurityWord> for Security {
    fn from(word: SecurityWord) -> Self {
        match word {
            SecurityWord::Tls => Self::Tls,
            SecurityWord::StartTls => Self::StartTls,
            SecurityWord::None => Self::None,
        }
    }
}

impl MailTable {
    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            SecurityWord::Tls => 465,
            SecurityWord::StartTls => 587,
            SecurityWord::None => 25,
        })
    }
}
