//! The whole way of a login, through the router: institution, release, code, tokens, Passport, UserInfo.
//!
//! The home institution is an OpenID Provider on a loopback port; the broker's own routes are called in place.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test harness: what is not as expected ends the test"
)]

mod account;
mod admission;
mod answers;
mod bound;
mod cases;
mod devices;
mod endings;
mod enrolling;
mod freshness;
mod home;
mod institutions;
mod introspection;
mod key;
mod linking;
mod load;
mod parties;
mod purposes;
mod pushed;
mod refusals;
mod registering;
mod rems;
#[path = "../common/schema.rs"]
mod schema;
mod services;
mod signing;
mod signing_out;
mod step_up;
mod terms;
mod told_to_sign_out;
mod upstreams;
mod world;
