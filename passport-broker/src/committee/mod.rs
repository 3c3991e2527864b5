//! Committees at work: applications, votes, grants, holds, attested purposes. Each step is one Cedar question and one
//! event; no `if` about who may is in here.

pub mod access;
mod ask;
mod attest;
mod error;
mod facts;
mod foreign;
mod grant;
mod hold;

pub use ask::{Asked, ask};
pub use attest::{Attestation, attest, choose_default, waiting};
pub use error::GovernError;
pub use foreign::ForeignGrant;
pub use grant::{GrantRequest, Granted, issue, revoke};
pub use hold::{Effect, HoldRequest, Placed, place, preview};

#[cfg(test)]
mod tests;
