//! Policies of a node and of its committees: drafted, checked, approved by a second person, published, rolled back
//! (policy.md 6 and 7). What is in force changes as a whole or not at all.

mod back;
#[cfg(test)]
mod committee_tests;
mod diff;
mod files;
mod force;
mod report;
mod row;
mod show;
mod step;
#[cfg(test)]
mod tests;
mod watch;
#[cfg(test)]
mod watch_tests;

pub use back::roll_back;
pub use files::Files;
pub use report::{Proof, ProofState, Recorded, Report, Tests};
pub use show::{FileDiff, InForce, Looked, May, Overview, look, overview};
pub use step::{Draft, Drafted, approve, draft, list, one, preview, publish, withdraw};
pub use watch::{Watch, enforce, observe, watched};
