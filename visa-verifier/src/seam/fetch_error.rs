//! [`FetchError`]: what can go wrong in a call to the outside.

/// A call that could not be made or finished. Messages name the host, never a path or query (those can hold secrets).
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No URL that may be called: scheme, user information, fragment or host.
    #[error("`{url}` may not be called: {why}")]
    Url {
        /// The URL's start, without its query.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The name leads to an address that may not be called.
    #[error("`{host}` leads to an address that may not be called")]
    Address {
        /// The host asked for.
        host: String,
    },
    /// No answer in time.
    #[error("`{host}` did not answer in time")]
    Slow {
        /// The host asked for.
        host: String,
    },
    /// No connection: name, network or TLS.
    #[error("`{host}` could not be reached: {why}")]
    Unreachable {
        /// The host asked for.
        host: String,
        /// The transport's own words.
        why: String,
    },
    /// A connection, but no TLS that proves the server: its certificate, its name, its version (VIS-28, BRK-24).
    #[error("`{host}` does not prove by TLS that it is the server meant: {why}")]
    Tls {
        /// The host asked for.
        host: String,
        /// The TLS library's own words.
        why: String,
    },
    /// The answer is longer than its limit.
    #[error("the answer of `{host}` is longer than {bytes} bytes")]
    TooLarge {
        /// The host asked for.
        host: String,
        /// The limit.
        bytes: usize,
    },
    /// An answer that is not the document asked for.
    #[error("`{host}` answered {status} instead of a document")]
    Status {
        /// The host asked for.
        host: String,
        /// The status.
        status: u16,
    },
    /// An answer whose `Content-Type` is not JSON.
    #[error("`{host}` answered with `{kind}`, which is not JSON")]
    ContentType {
        /// The host asked for.
        host: String,
        /// What it says, at most 60 characters; `no content type` if it says nothing.
        kind: String,
    },
    /// A document that cannot be used.
    #[error("the document of `{host}` cannot be used: {why}")]
    Document {
        /// The host asked for.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// Asked so shortly before that it is not asked again yet.
    #[error("`{host}` failed a moment ago and is not asked again yet")]
    Resting {
        /// The host asked for.
        host: String,
    },
    /// The client itself could not be made (roots, CA file).
    #[error("the outgoing client could not be made: {why}")]
    Client {
        /// What is wrong.
        why: String,
    },
}

impl FetchError {
    /// Stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Url { .. } => "fetch.url",
            Self::Address { .. } => "fetch.address",
            Self::Slow { .. } => "fetch.slow",
            Self::Unreachable { .. } => "fetch.unreachable",
            Self::Tls { .. } => "fetch.tls",
            Self::TooLarge { .. } => "fetch.too_large",
            Self::Status { .. } => "fetch.status",
            Self::ContentType { .. } => "fetch.content_type",
            Self::Document { .. } => "fetch.document",
            Self::Resting { .. } => "fetch.resting",
            Self::Client { .. } => "fetch.client",
        }
    }
}
