//! The machine: a Passport, a trust policy and an instant in; what counts out. It asks for keys and does no I/O;
//! `drive` (feature `fetch`) is the loop that waits.

mod access_token;
mod broker;
#[cfg(feature = "fetch")]
mod drive;
mod judge;
mod linking;
mod require;
mod times;
mod verification;
mod visa;

pub use access_token::{AccessToken, AccessTokenRejected, AccessTokenRules};
#[cfg(feature = "fetch")]
pub use drive::drive;
pub use require::{Met, Requirement, Wanted};
pub use verification::{Step, Verification};
