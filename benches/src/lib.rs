//! What the benches share: a clock of CPU time, rounds that take turns, a world of signed tokens.
//!
//! - [`archive`]: datasets and objects without end, the same in every run
//! - [`memory`]: what the process holds
//! - [`cpu`]: CPU time of a thread and of the process
//! - [`node`]: a node with datasets and policies, and somebody with verified visas who asks it
//! - [`bare`]: the same questions for Cedar alone
//! - [`rounds`]: contenders measured in turns, medians and spread
//! - [`world`]: keys made afresh, visas and Passports signed with them, and the trust in them

pub mod archive;
pub mod bare;
pub mod cpu;
pub mod memory;
pub mod node;
pub mod rounds;
pub mod world;
