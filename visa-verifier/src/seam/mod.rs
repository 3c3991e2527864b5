//! What the outside world is to us: time, randomness and the network, each behind a trait.
//!
//! The files of this folder are the only ones that may touch the real ones (house rule, kept by lint).

mod address;
mod clock;
mod fetch;
mod https;
mod random;
mod secret;

pub use address::is_public;
pub use clock::{Clock, FixedClock, SystemClock, Timestamp, TimestampError};
pub use fetch::{Fetch, FetchError, FetchUrl, Fetched, Limit};
pub use https::{FetchSettings, HttpsFetch};
pub use random::{Random, SeededRandom, SystemRandom, token};
pub use secret::Secret;
