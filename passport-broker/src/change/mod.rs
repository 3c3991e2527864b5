//! Facts are governed as policies are: a change is a document with a digest, what it widens is computed, and what
//! widens counts only when a second person has approved that very digest (policy.md 6, D16).
//!
//! What narrows takes effect at once. A change concerns one dataset at most; its own committee approves it.

mod consent_event;
mod edit;
mod outlook;
mod proposal;
pub mod relabel;
pub mod show;
mod state;
mod step;
mod words;

pub use outlook::{Line, Outlook};
pub use proposal::Proposal;
pub use relabel::tell as tell_relabel;
pub use show::{May, Shown, Stuck};
pub use state::{StateRequest, preview_state, propose_state};
pub use step::{Proposed, apply, approve, preview, propose, withdraw};
pub use words::{Told, harmless, tell};

#[cfg(test)]
mod alone;
#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod relabel_tests;
#[cfg(test)]
mod state_tests;
#[cfg(test)]
mod statement_tests;
#[cfg(test)]
mod tests;
