//! Policies as text, checked and compiled: the shipped baseline and standard, templates, and a node's own.
//!
//! Spec: policy.md 3 (the shipped set), 4 (annotations), 5 (slices), 6 (bundles, links, lints, observe mode).

mod annotation;
mod bundle;
#[cfg(test)]
mod cases;
mod clock;
mod finding;
mod format;
mod lint;
mod observe;
mod set;
mod shipped;
mod slice;
mod source;
mod sum;
mod validate;

pub use annotation::{Origin, PolicyNote};
pub(crate) use bundle::DEPTH;
pub use bundle::{Bundle, BundleFiles, FILE_BYTES, FILES, LINKS, MANIFEST, Manifest};
pub use finding::{Finding, Severity};
pub use format::format;
pub use observe::OBSERVE_DAYS;
pub use set::Policies;
pub(crate) use set::entity_uid;
pub use shipped::{BASELINE, RESERVED, SCHEMA, STANDARD, TEMPLATES, baseline_digest};
pub use source::{Place, statements};
pub use validate::validate;
