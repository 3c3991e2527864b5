//! What the benches share: a clock of CPU time, rounds that take turns, a world of signed tokens.
//!
//! - [`cpu`]: CPU time of a thread and of the process
//! - [`rounds`]: contenders measured in turns, medians and spread
//! - [`world`]: keys made afresh, visas and Passports signed with them, and the trust in them

pub mod cpu;
pub mod rounds;
pub mod world;
