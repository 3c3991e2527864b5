//! Clients and servers that others wrote, in front of and behind the gate. Each is installed and started by a script
//! beside this file; one that can't be had fails its test.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod boto3;
mod galaxy;
mod login;
mod pages;
mod py_tes;
mod relying_parties;
mod schemathesis;
mod script;
mod snakemake;
mod toil;
mod walk;
mod wes;
