//! Why a login at an institution failed, in words for a person.

use visa_verifier::seam::FetchError;

use crate::store::StoreError;

/// A login that did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum LoginProblem {
    /// No upstream provider of that name.
    #[error("this node knows no such institution")]
    UnknownUpstream,
    /// The provider's metadata could not be had.
    #[error("the institution `{name}` could not be reached")]
    Discovery {
        /// Its name.
        name: String,
        /// What went wrong, for the log.
        why: String,
    },
    /// The browser brought no pending login for this answer: another browser, a second use, or too late.
    #[error("this sign-in was not begun in this browser, or it is over")]
    NotPending,
    /// No cookie at all came back: the browser keeps none of ours.
    #[error("your browser sent none of the cookies of this node")]
    NoCookies,
    /// The answer names another provider than the one that was asked (RFC 9207).
    #[error("the answer does not come from the institution that was asked")]
    MixedUp,
    /// The provider said no.
    #[error("the institution did not sign you in ({error})")]
    Refused {
        /// Its OAuth error code.
        error: String,
    },
    /// Neither a code nor an error, or fields twice.
    #[error("the institution's answer could not be read")]
    Unreadable,
    /// The code could not be exchanged, or the ID Token does not hold.
    #[error("the institution's answer could not be verified")]
    Unverified {
        /// What went wrong, for the log.
        why: String,
    },
    /// The provider releases no usable identifier.
    #[error("the institution released no identifier that this node can use")]
    NoIdentifier,
    /// The request that led here does not fit a cookie.
    #[error("the sign-in request is too long")]
    TooLong,
    /// A part of this node did not answer.
    #[error("a part of this node did not answer")]
    Unavailable,
    /// Too many tries from one address.
    #[error("too many sign-ins came from your address in the last minute")]
    Throttled,
    /// The identity was taken off its account.
    #[error("this identity was taken off its account")]
    TakenOff,
    /// The institution did not ask again, so that it proves nothing about who sits there now.
    #[error("the institution did not say that you signed in there just now")]
    NotFresh,
    /// The institution's clock and ours do not agree.
    #[error("the institution's answer is dated minutes before or after the time of this node")]
    Clock {
        /// What went wrong, for the log.
        why: String,
    },
    /// The person is barred from this node.
    #[error("this account is suspended")]
    Suspended,
}

impl LoginProblem {
    /// Stable: tests and support compare it.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::UnknownUpstream => "login.unknown_institution",
            Self::Discovery { .. } => "login.institution_unreachable",
            Self::NotPending => "login.not_pending",
            Self::NoCookies => "login.no_cookies",
            Self::MixedUp => "login.mixed_up",
            Self::Refused { .. } => "login.refused",
            Self::Unreadable => "login.unreadable",
            Self::Unverified { .. } => "login.unverified",
            Self::NoIdentifier => "login.no_identifier",
            Self::TooLong => "login.too_long",
            Self::Unavailable => "login.unavailable",
            Self::Throttled => "login.throttled",
            Self::TakenOff => "login.taken_off",
            Self::NotFresh => "login.not_fresh",
            Self::Clock { .. } => "login.clock",
            Self::Suspended => "login.suspended",
        }
    }

    /// What would help.
    pub(crate) const fn remedy(&self) -> &'static str {
        match self {
            Self::UnknownUpstream => "Begin again and choose an institution from the list.",
            Self::Discovery { .. } => "Try again in a few minutes. If it stays so, tell the operator of this node.",
            Self::NotPending | Self::MixedUp | Self::Unreadable => {
                "Begin again from the program that you came from, in one browser window."
            }
            Self::NoCookies => "Allow cookies for this node, then begin again from the program that you came from.",
            Self::Refused { .. } => "If you did not stop the sign-in yourself, ask your institution's help desk.",
            Self::Unverified { .. } => "Tell the operator of this node; the log holds the details.",
            Self::NoIdentifier => {
                "Ask your institution's help desk to release a persistent identifier (a public `sub`) to this node. Until \
                 then sign in with another identity, such as a login service or ORCID; once your institution names you, add \
                 it on your account page."
            }
            Self::TooLong => "Tell whoever runs the program that sent you here.",
            Self::Unavailable | Self::Throttled => "Try again in a few minutes.",
            Self::TakenOff => "Sign in with another identity of the account; on its page you can add this one again.",
            Self::NotFresh => {
                "Sign out at the institution, then begin again. If it stays so, tell the operator of this node."
            }
            Self::Clock { .. } => "Try again. If it stays so, tell the operator: one of the two clocks is wrong.",
            Self::Suspended => "Ask the operator of this node.",
        }
    }

    /// What the log may hold beside the code.
    pub(crate) fn detail(&self) -> Option<&str> {
        match self {
            Self::Discovery { why, .. } | Self::Unverified { why } | Self::Clock { why } => Some(why),
            Self::UnknownUpstream
            | Self::NotPending
            | Self::NoCookies
            | Self::MixedUp
            | Self::Refused { .. }
            | Self::Unreadable
            | Self::NoIdentifier
            | Self::TooLong
            | Self::Unavailable
            | Self::Throttled
            | Self::TakenOff
            | Self::NotFresh
            | Self::Suspended => None,
        }
    }

    /// A login that could not be put on record: it did not happen.
    pub(crate) fn unrecorded(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "a login could not be recorded");
        Self::Unavailable
    }

    /// From anything that the relying-party library says, with its whole chain.
    pub(crate) fn unverified(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::Unverified { why: chain(error) }
    }

    /// A provider that could not be discovered.
    pub(crate) fn discovery(name: &str, error: &openidconnect::DiscoveryError<FetchError>) -> Self {
        Self::Discovery {
            name: name.to_owned(),
            why: chain(error),
        }
    }
}

impl From<StoreError> for LoginProblem {
    fn from(error: StoreError) -> Self {
        tracing::error!(error.code = error.code(), %error, "a login could not be stored");
        Self::Unavailable
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut why = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        why.push_str(": ");
        why.push_str(&inner.to_string());
        source = inner.source();
    }
    why
}
