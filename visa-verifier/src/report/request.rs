//! [`verify`]: a whole request, keys fetched on the way.

use super::input::VerifyInput;
use super::outcome::Report;
use crate::keys::KeyStore;
use crate::seam::Timestamp;
use crate::token::TokenDigest;
use crate::trust::TrustPolicy;
use crate::verify::{Polled, drive_request};

/// Judges `input` by `trust` as of `now`. Keys that are not in the trust policy are asked of `keys`; nobody is polled.
pub async fn verify(input: &VerifyInput, trust: &TrustPolicy, now: Timestamp, keys: &KeyStore) -> Report {
    let mut polled = Polled::new();
    for visa in &input.polled {
        polled.confirm(TokenDigest::of(visa), now);
    }
    let judged = drive_request(input.request().polled(polled).begin(trust, now), keys).await;
    Report::of(&judged, input.require.as_ref(), now)
}
