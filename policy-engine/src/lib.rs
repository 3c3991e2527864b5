//! Consent (DUO) and Cedar policies over verified facts: one explained decision.
//!
//! A request is read into an [`intent::Intent`], a verified passport and its session into [`decide::Facts`];
//! [`decide::Engine::decide`] judges both on one [`snapshot::Snapshot`]. Consent is judged by [`consent`] (a small
//! pure function), who, where and how by Cedar policies; one forbid that nobody can remove stands between.
//!
//! No I/O in here: no clock, network or disk; but for [`review::proof`], which talks to a solver's process.

pub mod catalogue;
pub mod consent;
pub mod decide;
mod entity;
pub mod error;
pub mod intent;
pub mod policy;
pub mod review;
pub mod snapshot;
mod xml;

pub use entity::EntityName;
