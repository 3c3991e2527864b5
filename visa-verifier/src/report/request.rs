//! [`verify`]: a whole request, keys fetched on the way.

use super::input::VerifyInput;
use super::outcome::Report;
use crate::keys::KeyStore;
use crate::passport::Passport;
use crate::seam::Timestamp;
use crate::token::TokenDigest;
use crate::trust::TrustPolicy;
use crate::verify::{Verification, drive};

/// Judges `input` by `trust` as of `now`. Keys that are not in the trust policy are asked of `keys`.
pub async fn verify(input: &VerifyInput, trust: &TrustPolicy, now: Timestamp, keys: &KeyStore) -> Report {
    let polled: Vec<TokenDigest> = input.polled.iter().map(|visa| TokenDigest::of(visa)).collect();
    let signed = input.passports.iter().map(|text| Passport::parse(text));
    let userinfo = input.userinfo.iter().map(Passport::from_userinfo);
    let alone = input.visa.iter().map(|visa| Passport::of_one(visa));
    let mut results = Vec::new();
    for passport in signed.chain(userinfo).chain(alone) {
        results.push(match passport {
            Ok(passport) => {
                drive(
                    Verification::begin(passport, trust, now).polled(polled.iter().copied()),
                    keys,
                )
                .await
            }
            Err(rejected) => Err(rejected),
        });
    }
    Report::of(&results, input.visa.is_some(), input.require.as_ref(), now)
}
