//! Why an access token gave no Passport and no visas.

use std::time::Duration;

use crate::passport::PassportRejected;
use crate::seam::FetchError;
use crate::verify::AccessTokenRejected;

/// An access token that gave nothing, or a broker that could not be asked. Never holds the token.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The token does not count by its own checks; nobody was asked.
    #[error("{0}")]
    Token(AccessTokenRejected),
    /// No text that may stand behind `Bearer` (RFC 6750 §2.1), or longer than 16 KiB.
    #[error("the text is no bearer token, or a longer one than is taken here")]
    Form,
    /// The broker says that the token does not count, or gives it no visas.
    #[error("the broker does not take the access token ({0})")]
    Refused(String),
    /// The broker does no such thing, or not for us.
    #[error("the broker does not serve this kind of request ({0})")]
    Unsupported(String),
    /// The broker does not accept us as its client.
    #[error("the broker does not accept this node as its client ({0})")]
    Client(String),
    /// The broker cannot make a Passport for this audience or resource (RFC 8693 §2.2.2).
    #[error("the broker gives no Passport for this service ({0})")]
    Target(String),
    /// The broker asks to come back later.
    #[error("the broker answered {status} and may be asked again later")]
    Later {
        /// The status.
        status: u16,
        /// Its wish when, at most an hour.
        after: Option<Duration>,
    },
    /// The broker could not be asked.
    #[error("the broker could not be asked: {0}")]
    Unreachable(FetchError),
    /// The broker's answer is not one.
    #[error("the broker's answer cannot be used: {0}")]
    Answer(String),
    /// The answer is of another broker, or about another person than the token.
    #[error("the broker's answer is not about the access token's person")]
    OtherPerson,
    /// What came does not count here.
    #[error("{0}")]
    Passport(PassportRejected),
    /// Neither exchange nor UserInfo is set up.
    #[error("neither token exchange nor UserInfo is set up for this broker")]
    NoWay,
}

impl SourceError {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Token(rejected) => rejected.code(),
            Self::Form => "source.form",
            Self::Refused(_) => "source.refused",
            Self::Unsupported(_) => "source.unsupported",
            Self::Client(_) => "source.client",
            Self::Target(_) => "source.target",
            Self::Later { .. } => "source.later",
            Self::Unreachable(_) => "source.unreachable",
            Self::Answer(_) => "source.answer",
            Self::OtherPerson => "source.other_person",
            Self::Passport(rejected) => rejected.code().as_str(),
            Self::NoWay => "source.no_way",
        }
    }

    /// Whether nothing is known about the token: 503 rather than 401.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        match self {
            Self::Token(rejected) => rejected.is_unknown(),
            Self::Form | Self::Refused(_) | Self::OtherPerson => false,
            Self::Passport(rejected) => matches!(rejected.code, crate::Code::KeysUnavailable),
            Self::Unsupported(_)
            | Self::Client(_)
            | Self::Target(_)
            | Self::Later { .. }
            | Self::Unreachable(_)
            | Self::Answer(_)
            | Self::NoWay => true,
        }
    }
}
