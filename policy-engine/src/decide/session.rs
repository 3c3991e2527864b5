//! The circumstances of a request: login, client, network, token. From the door, never from policy data.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use visa_verifier::seam::Timestamp;

use crate::consent::{Narrowing, ResearchPurpose};

/// The kind of client that speaks for the caller.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// A person's browser.
    #[default]
    Browser,
    /// A command line.
    Cli,
    /// A workflow engine with a person's token.
    Workflow,
    /// A machine of its own.
    Service,
}

impl ClientKind {
    /// The word in the Cedar schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Cli => "cli",
            Self::Workflow => "workflow",
            Self::Service => "service",
        }
    }
}

/// The client behind a token.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: ClientKind,
    /// The token is bound to its key (DPoP, mutual TLS), and the binding was checked.
    pub sender_constrained: bool,
}

/// One authenticated session. Values that are not known are the lowest ones.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Session {
    /// Strength of the login: 0 none, 1 single factor, 2 multi factor. Larger values count as 2.
    pub authn: u8,
    /// Identity assurance: 0 none, 1 low, 2 medium, 3 high. Larger values count as 3.
    pub identity: u8,
    /// When the person logged in (with the second factor, if `authn` is 2); `None`: not known, no fresh login.
    pub authenticated: Option<Timestamp>,
    /// The client.
    pub client: Client,
    /// When the token ends.
    pub token_expires: Timestamp,
    /// The person's default purpose, chosen at the broker.
    pub default_purpose: Option<ResearchPurpose>,
    /// The purpose of the token's `authorization_details`.
    pub token_purpose: Option<ResearchPurpose>,
    /// The header `Visum-Purpose`, which only narrows.
    pub narrow: Option<Narrowing>,
    /// Where the connection comes from.
    pub address: IpAddr,
    /// Its country, if known (ISO 3166-1 alpha-2).
    pub country: Option<String>,
    /// Inside the institution's own network, by configuration.
    pub internal: bool,
    /// The affiliation was confirmed recently enough (REFEDS `/ATP/ePA-1m`).
    pub affiliation_fresh: bool,
}

impl Session {
    /// A session of which nothing but its end and address is known: no assurance, no purpose.
    pub fn unknown(address: IpAddr, token_expires: Timestamp) -> Self {
        Self {
            authn: 0,
            identity: 0,
            authenticated: None,
            client: Client::default(),
            token_expires,
            default_purpose: None,
            token_purpose: None,
            narrow: None,
            address,
            country: None,
            internal: false,
            affiliation_fresh: false,
        }
    }
}
