//! [`drive`]: the only loop that waits, so that all else is tested without a socket.

use super::verification::{Step, Verification};
use crate::keys::KeyStore;
use crate::passport::{PassportRejected, VerifiedPassport};

/// Runs a verification to its end, asking `keys` for what it needs.
pub async fn drive(mut verification: Verification<'_>, keys: &KeyStore) -> Result<VerifiedPassport, PassportRejected> {
    loop {
        match verification.step() {
            Step::Need(request) => verification.supply(keys.get(&request).await),
            Step::Done(result) => return *result,
        }
    }
}
