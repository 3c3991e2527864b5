//! The decision: facts, intent and one snapshot in; permit or deny out, with reasons, duties and an end.
//!
//! Spec: policy.md 4 (decision), 8 (interface); consent.md 2.3 (purpose), 2.11 (outward codes).

mod answer;
mod ask;
mod behind;
mod cache;
mod consented;
mod current;
mod decision;
mod duty;
mod engine;
mod facts;
mod govern;
mod grants;
mod held;
mod inquiry;
mod kept;
mod kept_questions;
mod people;
mod presented;
mod purpose;
mod question;
mod read;
mod ready;
mod resolve;
mod session;
#[cfg(test)]
pub(crate) mod tests;
mod turn;
mod work;

pub use behind::{Behind, Fit};
pub use cache::{DECISIONS, DecisionCache};
pub use current::Current;
pub use decision::{Answer, ConsentVerdict, Decision, Observed, Reason, ResolvedRead, RestsOn};
pub use duty::{Duty, DutyKind};
pub use engine::Engine;
pub(crate) use engine::hex_digest;
pub use facts::{Facts, GROUP, MEMBERSHIP};
pub use inquiry::NOT_HELD;
pub use kept::KeptFacts;
pub(crate) use kept_questions::KeptQuestions;
pub use question::{
    Application, ApplicationState, Bundle, Change, ChangeKind, ChangeStep, GovernQuestion, WorkItem, WorkKind,
    WorkState,
};
pub(crate) use ready::{GrantTimes, Ready};
pub use session::{Client, ClientKind, Session};
pub use turn::{Explanation, Lever, LeverKind, Turn};
