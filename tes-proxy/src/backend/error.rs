//! What can go wrong with a backend, and how a client hears of it: never in the backend's own words (E55).

use http::StatusCode;

use crate::problem::Problem;

/// A backend did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// No connection, or it broke.
    #[error("the {api} backend cannot be reached")]
    Down {
        /// Which API.
        api: &'static str,
    },
    /// There was no connection: it heard nothing of the request.
    #[error("the {api} backend cannot be reached")]
    Unreached {
        /// Which API.
        api: &'static str,
    },
    /// It failed again and again and is left alone for a while: nothing was sent.
    #[error("the {api} backend failed several times and is left alone for a moment")]
    Open {
        /// Which API.
        api: &'static str,
        /// Seconds.
        seconds: u32,
    },
    /// It did not answer in time.
    #[error("the {api} backend did not answer in time")]
    Slow {
        /// Which API.
        api: &'static str,
    },
    /// It answered with an error.
    #[error("the {api} backend answered {status}")]
    Refused {
        /// Which API.
        api: &'static str,
        /// Its status.
        status: u16,
    },
    /// It does not know the thing.
    #[error("the {api} backend does not know it")]
    Unknown {
        /// Which API.
        api: &'static str,
    },
    /// It is not ready: try again after so many seconds.
    #[error("the {api} backend asks to come back later")]
    Later {
        /// Which API.
        api: &'static str,
        /// Seconds.
        seconds: u32,
    },
    /// It prepares the thing: accepted, to be asked for again after so many seconds.
    #[error("the {api} backend is preparing it; ask again")]
    Preparing {
        /// Which API.
        api: &'static str,
        /// Seconds.
        seconds: u32,
    },
    /// Its answer cannot be read, is too large, or is encoded.
    #[error("the answer of the {api} backend cannot be used: {why}")]
    Unreadable {
        /// Which API.
        api: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The client itself could not be made or asked.
    #[error("the connection to the {api} backend is not set up: {why}")]
    Setup {
        /// Which API.
        api: &'static str,
        /// What is wrong.
        why: &'static str,
    },
}

impl BackendError {
    /// Is it certain that the backend heard nothing?
    pub(crate) const fn unheard(&self) -> bool {
        matches!(self, Self::Unreached { .. } | Self::Open { .. } | Self::Setup { .. })
    }

    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Down { .. } | Self::Unreached { .. } => "backend.down",
            Self::Open { .. } => "backend.open",
            Self::Slow { .. } => "backend.slow",
            Self::Refused { .. } => "backend.refused",
            Self::Unknown { .. } => "backend.unknown",
            Self::Later { .. } => "backend.later",
            Self::Preparing { .. } => "backend.preparing",
            Self::Unreadable { .. } => "backend.unreadable",
            Self::Setup { .. } => "backend.setup",
        }
    }
}

impl From<BackendError> for Problem {
    fn from(error: BackendError) -> Self {
        let sentence = error.to_string();
        match error {
            BackendError::Slow { .. } => Self::new(StatusCode::GATEWAY_TIMEOUT, "backend.slow", sentence),
            BackendError::Open { seconds, .. } => Self::unavailable("backend.open", sentence, seconds),
            BackendError::Later { seconds, .. } => Self::unavailable("backend.later", sentence, seconds),
            BackendError::Preparing { seconds, .. } => Self {
                retry_after: Some(seconds),
                ..Self::new(StatusCode::ACCEPTED, "backend.preparing", sentence)
            },
            BackendError::Unknown { .. } => Self::new(StatusCode::NOT_FOUND, "request.not_found", "not found"),
            BackendError::Down { .. }
            | BackendError::Unreached { .. }
            | BackendError::Refused { .. }
            | BackendError::Unreadable { .. }
            | BackendError::Setup { .. } => Self::new(StatusCode::BAD_GATEWAY, error.code(), sentence),
        }
    }
}
