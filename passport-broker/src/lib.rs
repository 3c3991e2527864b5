//! OpenID Provider, relying party, Passport and visa issuer, catalogue and grants.
//!
//! [`Broker`] is the state that handlers hold, [`router`] every route in one table, [`bootstrap`] what `init` and
//! `demo` enter, [`catalogue`] what becomes the snapshot that the proxies decide on.

pub mod admin;
pub mod application;
pub mod bootstrap;
mod broker;
pub mod caller;
pub mod canonical;
pub mod catalogue;
pub mod change;
mod chores;
pub mod client;
pub mod committee;
mod config;
pub mod enrolment;
mod front;
pub mod keys;
pub mod limits;
pub mod lockdown;
pub mod mail;
mod page;
mod passport;
mod past;
mod person;
pub mod policies;
mod provider;
pub mod record;
pub mod rems;
pub mod restored;
pub mod rotation;
mod router;
mod session;
pub mod sessions;
pub mod store;
#[cfg(test)]
pub(crate) mod testing;
pub mod throttle;
mod tongue;
pub mod tried;
mod upstream;
mod visa;
mod way;
mod web;
mod webhook;

pub use broker::{Affected, Audit, Broker, BrokerError, Nothing, Seams};
pub use caller::Caller;
pub use chores::Chores;
pub use config::{Config, OtherLog};
pub use passport::passport_at_work;
pub use router::router;
pub use upstream::preset;
