//! Where the log gets time and random bytes: from its caller, so that a test can hold both.

use std::fmt;

/// Time and randomness. The servers give it their clock and random seams.
pub trait Source: Send + Sync + fmt::Debug {
    /// Microseconds since 1970, UTC.
    fn micros(&self) -> i64;
    /// Fills with cryptographically strong random bytes.
    fn fill(&self, bytes: &mut [u8]);
}
