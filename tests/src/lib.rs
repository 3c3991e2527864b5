//! The harness of the whole-system tests: the binary that people get, started as they start it.
//!
//! - [`binary`]: where `visum` is, and running its commands
//! - [`demo`]: a whole node on one machine, on free ports, ended when dropped
//! - [`node`]: a node of its own by `visum init` and `visum up`
//! - [`house`]: such a node with a login provider, a catalogue and backends that a test may replace
//! - [`smtp`]: a mail server that keeps what it takes
//! - [`surfer`]: a browser whose requests go to one replica or another
//! - [`key`]: a client's signing key
//! - [`postgres`]: a fresh database, where there is a server
//! - [`outside`]: plain HTTP from the outside world
//! - [`s3`]: an S3 client that signs as it is told
//! - [`tes`]: a TES that keeps what it is sent
//! - [`page`]: a page of the documentation, followed by the letter

pub mod binary;
pub mod demo;
pub mod house;
pub mod key;
pub mod node;
pub mod outside;
pub mod page;
pub mod pdf;
pub mod postgres;
pub mod replica;
pub mod s3;
pub mod smtp;
pub mod surfer;
pub mod tes;
