//! What is wrong with an authorization request: shown on a page of our own, or told to the client.

use crate::page::FieldProblem;

/// A fault that is shown here and never sent anywhere: the client or its redirect URI is not proven.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum NotProven {
    /// The request has no readable shape.
    #[error("the sign-in request could not be read: {0}")]
    Unreadable(#[from] FieldProblem),
    /// It is longer than [`REQUEST_BYTES`].
    #[error("the sign-in request is too long")]
    TooLong,
    /// Nobody registered this client.
    #[error("no program is registered under this client id")]
    UnknownClient,
    /// The client did not register this URI.
    #[error("the program did not register the address to which it wants you sent back")]
    Redirect,
    /// The request that was pushed before is another client's, was used, or is over (RFC 9126 §4).
    #[error("the request that the program announced is not known, was used before, or is over")]
    Pushed,
}

impl NotProven {
    /// Stable code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "authorize.unreadable",
            Self::TooLong => "authorize.too_long",
            Self::UnknownClient => "authorize.unknown_client",
            Self::Redirect => "authorize.redirect_uri",
            Self::Pushed => "authorize.request_uri",
        }
    }
}

/// A fault that the client is told of by its redirect URI (RFC 6749 §4.1.2.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    /// OAuth's word.
    pub(crate) error: &'static str,
    /// A sentence for whoever wrote the client.
    pub(crate) description: String,
}

impl Refusal {
    /// With a sentence.
    pub(crate) fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self {
            error,
            description: description.into(),
        }
    }
}
