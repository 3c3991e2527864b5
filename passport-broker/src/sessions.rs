//! The seam to whoever starts workflow sessions: the proxy of the same process. The token endpoint asks it for the small
//! token that TES and WES clients get in exchange for a person's (RFC 8693).

use std::fmt;
use std::net::IpAddr;

use futures::future::BoxFuture;
use serde_json::Value;

/// A session that is asked for, by a client that proved itself, with a token that was checked.
#[derive(Clone)]
pub struct SessionOrder {
    /// The person's access token.
    pub access_token: String,
    /// Thumbprint of the key whose proof came with the request.
    pub proven: Option<String>,
    /// Datasets, actions, images, outputs, purpose, hours.
    pub declaration: Value,
    /// From where.
    pub address: Option<IpAddr>,
    /// The client.
    pub client: String,
}

impl fmt::Debug for SessionOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionOrder")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// A session's token.
#[derive(Clone)]
pub struct SessionToken {
    /// The token.
    pub token: String,
    /// Seconds until it ends.
    pub seconds: u64,
    /// What was granted.
    pub granted: Value,
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionToken")
            .field("granted", &self.granted)
            .finish_non_exhaustive()
    }
}

/// Why no session was started.
#[derive(Clone, Debug)]
pub enum NoSession {
    /// The person's token does not count at the node.
    Token(String),
    /// What was declared cannot be read.
    Declaration(String),
    /// It was refused: denied, or in conflict with another session.
    Refused(String),
    /// It could not be found out now.
    Later(u32),
}

/// Starts workflow sessions.
pub trait Sessions: Send + Sync + fmt::Debug {
    /// The audience (`resource`) of the node for whose TES and WES the tokens are.
    fn audience(&self) -> &str;

    /// Starts one: decided, on record, before its token is told.
    fn start(&self, order: SessionOrder) -> BoxFuture<'_, Result<SessionToken, NoSession>>;
}
