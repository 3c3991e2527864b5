//! Requests through the whole gate: a played broker, the real engine, log and index, the sample node behind it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test code outside of test functions"
)]

mod between;
mod bound;
mod broker;
mod drs;
mod fresh;
mod key;
mod lasting;
mod levels;
mod passport;
mod renewal;
mod routes;
mod several;
mod slow;
mod steps;
mod tes;
mod tries;
mod wes;
mod world;
