//! Lockdown: one person stops a dataset, a person, an issuer or everything, at once; two lift it (policy.md 6).
//!
//! A stop only narrows, so nothing that could fail stands in its way but the audit log: no solver, no second person,
//! no catalogue that holds together. Lifting is a change of kind `lockdown`, and goes the way of all changes.

mod lift;
mod list;
mod place;

pub use lift::lift;
pub use list::{Shown, list};
pub use place::{OPERATOR, Placed, StopRequest, place, place_on_folder};

#[cfg(test)]
mod tests;
