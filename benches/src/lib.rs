//! What the benches share: a clock of CPU time, rounds that take turns, a world of signed tokens.
//!
//! - [`cpu`]: CPU time of a thread and of the process
//! - [`node`]: a node with datasets and policies, and somebody with verified visas who asks it
//! - [`bare`]: the same questions for Cedar alone
//! - [`rounds`]: contenders measured in turns, medians and spread
//! - [`world`]: keys made afresh, visas and Passports signed with them, and the trust in them

pub mod bare;
pub mod cpu;
pub mod node;
pub mod rounds;
pub mod world;
