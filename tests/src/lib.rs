//! The harness of the whole-system tests: the binary that people get, started as they start it.
//!
//! - [`binary`]: where `visum` is, and running its commands
//! - [`demo`]: a whole node on one machine, on free ports, ended when dropped
//! - [`outside`]: plain HTTP from the outside world

pub mod binary;
pub mod demo;
pub mod outside;
