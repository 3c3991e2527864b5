//! Keys: sets of them, where they come from, how a signature is checked, and the cache between.

mod info;
#[cfg(feature = "fetch")]
mod probe;
pub mod provider;
mod server;
mod set;
mod signature;
#[cfg(feature = "fetch")]
mod store;
mod supplied;

pub use info::KeyInfo;
#[cfg(feature = "fetch")]
pub use probe::{Found, Probe, ProbeSource, probe};
pub use server::{KeyRequest, KeyServer};
pub use set::{KeySet, KeySetError, OddKey};
pub use signature::{KeyError, Verified};
#[cfg(feature = "fetch")]
pub use store::{KeyStore, KeyStoreSettings};
pub use supplied::{Stale, Supplied};
