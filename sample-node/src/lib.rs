//! A sample node: a home institution, and a DRS, a TES, a WES and a TRS, for the demo and the tests.
//!
//! It is plainly a sample and not for production: its people are fictional and log in without a password, a second
//! factor is asserted and never checked, and its TES runs local programs without isolating them. What it does do is
//! real: OpenID Connect with signed tokens, checksums, ranges, staged inputs, local processes, uploaded outputs.
//!
//! It uses nothing else of Visum, so that the parts under test meet software that doesn't share their code. The
//! doors are [`Settings`] and [`SampleNode::start`].

mod credential;
mod drs;
mod error;
pub mod files;
mod home;
mod jws;
mod node;
mod problem;
mod serve;
mod settings;
mod tes;
mod trs;
mod wes;
mod world;

pub use credential::Credential;
pub use drs::Object;
pub use error::SampleError;
pub use home::Person;
pub use node::SampleNode;
pub use settings::{Addresses, ForeignGrants, HomeSettings, S3Settings, Settings, StoreSettings, TesSettings};
pub use tes::{Note, Tool};
