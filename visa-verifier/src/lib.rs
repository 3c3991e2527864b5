//! GA4GH Passports and Visas to verified facts: tokens in, facts that may be believed out.
//!
//! The way of a token: text is read by [`Passport`] (shape only, believed by no one), a
//! [`Verification`] checks it against a [`TrustPolicy`] and asks for keys when it needs them, and
//! `drive` is the one loop that waits. What comes out is a [`VerifiedPassport`]: the visas that
//! count, the ones that do not with their reasons, and which identities are proven to be one person.
//! Bearer tokens of the broker take a shorter way to an [`AccessToken`].
//!
//! The core does no I/O and needs no runtime. Feature `fetch` (default) adds what goes to the network: `KeyStore`,
//! `seam::HttpsFetch`, `drive`.
//!
//! Specification: GA4GH AAI 1.2 and Passport 1.2. No SQL and no HTTP server in here.

pub mod keys;
pub mod passport;
pub mod report;
pub mod seam;
#[cfg(feature = "fetch")]
pub mod source;
pub mod token;
pub mod trust;
pub mod verify;
pub mod visa;

pub use keys::{KeyError, KeyServer, KeySet};
#[cfg(feature = "fetch")]
pub use keys::{KeyStore, KeyStoreSettings};
pub use passport::{Code, Passport, PassportRejected, Rejected, VerifiedPassport, Visa};
#[cfg(feature = "fetch")]
pub use seam::Fetch;
pub use seam::{Clock, Secret, Timestamp};
pub use token::{Audience, ClaimError, Issuer, NumericDate, Subject, TokenError};
pub use trust::{Evidence, TrustEntry, TrustPolicy};
#[cfg(feature = "fetch")]
pub use verify::drive;
pub use verify::{AccessToken, AccessTokenRejected, AccessTokenRules, Verification};
pub use visa::{By, VisaIdentity, VisaObject, VisaType};
