//! Policies as text, checked and compiled: the shipped baseline and standard, templates, and a node's own.
//!
//! Spec: policy.md 3 (the shipped set), 4 (annotations), 6 (links, lints).

mod annotation;
#[cfg(test)]
mod cases;
mod set;
mod shipped;
mod validate;

pub use annotation::PolicyNote;
pub use set::Policies;
pub use shipped::{BASELINE, RESERVED, STANDARD, TEMPLATES, baseline_digest};
pub use validate::{Finding, validate};
