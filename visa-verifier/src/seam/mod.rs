//! What the outside world is to us: time, randomness and the network, each behind a trait.
//!
//! The files of this folder are the only ones that may touch the real ones (house rule, kept by lint).

mod address;
#[cfg(feature = "fetch")]
mod certificate;
#[cfg(feature = "fetch")]
mod certificate_files;
mod clock;
#[cfg(feature = "fetch")]
mod document;
#[cfg(feature = "fetch")]
mod fetch;
mod fetch_error;
mod fetch_url;
#[cfg(feature = "fetch")]
mod https;
mod random;
#[cfg(feature = "fetch")]
mod resolve;
mod secret;
#[cfg(feature = "fetch")]
mod settings;
mod steady;

pub use address::{is_public, may_be_called};
#[cfg(feature = "fetch")]
pub use certificate_files::{CertificateError, CertificateFiles};
pub use clock::{Clock, FixedClock, SystemClock, Timestamp, TimestampError};
#[cfg(feature = "fetch")]
pub use document::{Document, document};
#[cfg(feature = "fetch")]
pub use fetch::{Fetch, Fetched, Limit, Peer};
pub use fetch_error::FetchError;
pub use fetch_url::FetchUrl;
#[cfg(feature = "fetch")]
pub use https::HttpsFetch;
pub use random::{Random, SeededRandom, SystemRandom, token};
#[cfg(feature = "fetch")]
pub use resolve::{Resolver, SystemResolver};
pub use secret::Secret;
#[cfg(feature = "fetch")]
pub use settings::{FetchSettings, ProxySettings};
pub use steady::SteadyClock;
