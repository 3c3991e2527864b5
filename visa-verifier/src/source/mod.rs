//! From an access token to what it stands for: its broker is asked, by token exchange or at UserInfo, and access-token
//! visas are polled at their issuers. All calls go through [`Fetch`](crate::seam::Fetch); what they bring is judged by
//! [`verify`](crate::verify) like everything else.

mod answer;
mod client;
mod error;
mod exchange;
mod metadata;
mod poller;
mod token;
mod userinfo;

pub use client::ClientAuthentication;
pub use error::SourceError;
pub use exchange::{Exchange, ExchangeSettings, Exchanged};
pub use metadata::{Endpoint, Metadata};
pub use poller::{Poller, PollerSettings};
pub use token::{Asked, Fallback, Sourced, TokenMode, TokenSource, TokenSourceSettings, Way};
