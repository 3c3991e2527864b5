//! Calls to the outside: how much one may take ([`Limit`]), what comes back, and the door ([`Fetch`]).

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, StatusCode};

use super::clock::Timestamp;
use super::fetch_error::FetchError;

/// How much one call may take: time in all, time of silence, and bytes of its answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limit {
    /// From the first connection attempt to the last byte.
    pub time: Duration,
    /// Between two signs of life of the server, once the connection stands.
    pub idle: Duration,
    /// Bytes of the answer's body.
    pub bytes: usize,
}

impl Limit {
    /// A JWK Set or a metadata document: 5 s, 3 s of silence, 256 KiB.
    pub const DOCUMENT: Self = Self {
        time: Duration::from_secs(5),
        idle: Duration::from_secs(3),
        bytes: 256 * 1024,
    };
    /// A token answer, which can hold a Passport: 10 s, 2 MiB.
    pub const TOKENS: Self = Self {
        time: Duration::from_secs(10),
        idle: Duration::from_secs(10),
        bytes: 2 * 1024 * 1024,
    };
}

/// An answer, whole: it was read to its end inside of its [`Limit`].
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The status; redirects are handed back, never followed.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// A way to the outside. [`HttpsFetch`](super::HttpsFetch) is the real one; tests answer from a table.
pub trait Fetch: Send + Sync + fmt::Debug {
    /// Sends `request` and reads the whole answer, inside of `limit`.
    fn send(&self, request: Request<Bytes>, limit: Limit) -> BoxFuture<'_, Result<Fetched, FetchError>>;

    /// The same, and what the connection shows of the server. A client that cannot tell shows nothing.
    fn inspect(&self, request: Request<Bytes>, limit: Limit) -> BoxFuture<'_, Result<(Fetched, Peer), FetchError>> {
        async move { Ok((self.send(request, limit).await?, Peer::default())) }.boxed()
    }
}

/// What a connection shows of the server at its other end.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Peer {
    /// The end of its TLS certificate.
    pub certificate_ends: Option<Timestamp>,
}
