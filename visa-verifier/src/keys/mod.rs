//! Keys: sets of them, where they come from, how a signature is checked, and the cache between.

#[cfg(feature = "fetch")]
mod backoff;
#[cfg(feature = "fetch")]
mod bounded;
#[cfg(feature = "fetch")]
mod discovery;
#[cfg(feature = "fetch")]
mod hosts;
mod info;
#[cfg(feature = "fetch")]
mod probe;
pub mod provider;
#[cfg(feature = "fetch")]
mod served;
mod server;
mod set;
mod signature;
#[cfg(feature = "fetch")]
mod slot;
#[cfg(feature = "fetch")]
mod store;
mod supplied;
#[cfg(test)]
mod wycheproof;

#[cfg(feature = "fetch")]
pub(crate) use discovery::{Discovery, discover};
pub use info::KeyInfo;
#[cfg(feature = "fetch")]
pub use probe::{Found, Probe, ProbeSource, probe};
pub use server::{KeyRequest, KeyServer};
pub use set::{KeySet, KeySetError, OddKey};
pub use signature::{KeyError, Verified};
#[cfg(feature = "fetch")]
pub use store::{KeyStore, KeyStoreSettings, KeyStoreState};
pub use supplied::{Stale, Supplied};
