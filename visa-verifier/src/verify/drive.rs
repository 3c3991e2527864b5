//! [`drive`] and [`drive_request`]: the only loops that wait, so that all else is tested without a socket.

use super::request::{Judged, Judging, RequestStep};
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

/// Runs the judgement of a whole request to its end, asking `keys` for what it needs.
pub async fn drive_request(mut judging: Judging<'_>, keys: &KeyStore) -> Judged {
    loop {
        match judging.step() {
            RequestStep::Need(request) => judging.supply(keys.get(&request).await),
            RequestStep::Done(judged) => return judged,
        }
    }
}
