//! Committees at work: applications, votes, grants, holds, attested purposes. Each step is one Cedar question and one
//! event; no `if` about who may is in here.

pub mod access;
mod ask;
mod attest;
mod ending;
mod error;
mod facts;
mod foreign;
mod foresee;
mod governor;
mod grant;
mod hold;
mod houses;
mod service;
mod stated;
mod unmatched;

pub use ask::{Asked, ask};
pub use attest::{Attestation, attest, choose_default, waiting};
pub use ending::release;
pub use error::GovernError;
pub use foreign::ForeignGrant;
pub use foresee::{Foresight, Lack, foresee};
pub use governor::governor;
pub(crate) use grant::{Given, give};
pub use grant::{GrantRequest, Granted, issue, revoke};
pub use hold::{Effect, HoldRequest, Placed, effect_of_dataset, place, preview};
pub(crate) use houses::houses;
pub use service::{
    ServiceCaller, confirm, holds as service_holds, place as place_by_service, release as release_by_service,
};

pub(crate) use stated::check_purpose;
pub use unmatched::{Decided, decide as decide_unmatched};

#[cfg(test)]
mod foresee_tests;
#[cfg(test)]
mod seat_tests;
#[cfg(test)]
mod service_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unmatched_tests;
