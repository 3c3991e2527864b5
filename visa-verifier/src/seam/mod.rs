//! What the outside world is to us: time, randomness and the network, each behind a trait.
//!
//! The files of this folder are the only ones that may touch the real ones (house rule, kept by lint).

mod address;
mod clock;
#[cfg(feature = "fetch")]
mod fetch;
mod fetch_error;
mod fetch_url;
#[cfg(feature = "fetch")]
mod https;
mod random;
mod secret;

pub use address::is_public;
pub use clock::{Clock, FixedClock, SystemClock, Timestamp, TimestampError};
#[cfg(feature = "fetch")]
pub use fetch::{Fetch, Fetched, Limit};
pub use fetch_error::FetchError;
pub use fetch_url::FetchUrl;
#[cfg(feature = "fetch")]
pub use https::{FetchSettings, HttpsFetch};
pub use random::{Random, SeededRandom, SystemRandom, token};
pub use secret::Secret;
