//! The machine: a Passport, a trust policy and an instant in; what counts out. It asks for keys and does no I/O;
//! `drive` (feature `fetch`) is the loop that waits. [`Request`] is the same for all that one request carries.

mod access_token;
mod broker;
mod cache;
mod crew;
mod dpop;
#[cfg(feature = "fetch")]
mod drive;
mod judge;
mod linking;
mod poll;
mod poll_answer;
mod polled;
mod polled_visa;
mod request;
mod require;
mod times;
mod together;
pub mod userinfo;
mod verification;
mod visa;

pub use access_token::{AccessToken, AccessTokenRejected, AccessTokenRules, TokenProfile};
pub use cache::VerifiedTokens;
pub use dpop::{DpopProof, DpopRejected, PROOF_WINDOW};
#[cfg(feature = "fetch")]
pub use drive::{drive, drive_request};
pub use poll::{Ended, PollSettings, Polls};
pub use poll_answer::PollAnswer;
pub use polled::Polled;
pub use polled_visa::PolledVisa;
pub use request::{CARRIERS, Judged, Judging, Request, RequestStep};
pub use require::{Access, Met, Requirement, Wanted};
pub use together::together;
pub use verification::{Step, Verification};
