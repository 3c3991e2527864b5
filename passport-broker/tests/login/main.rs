//! The whole way of a login, through the router: institution, release, code, tokens, Passport, UserInfo.
//!
//! The home institution is an OpenID Provider on a loopback port; the broker's own routes are called in place.

mod cases;
mod home;
mod key;
mod refusals;
mod world;
