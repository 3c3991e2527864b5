//! The home institution: a small OpenID Provider with five people, and beside it a visa issuer of another house.

mod authorize;
mod page;
mod people;
mod provider;
mod token;
mod userinfo;
mod visas;

pub use people::Person;
pub(crate) use people::{MFA, people};
pub(crate) use provider::{Home, router};
