//! GA4GH Passports and Visas to verified facts: tokens in, facts that may be believed out.
//!
//! The way of a token: text is read by [`Passport`] (shape only, believed by no one), a
//! [`Verification`] checks it against a [`TrustPolicy`] and asks for keys when it needs them, and
//! `drive` is the one loop that waits. What comes out is a [`VerifiedPassport`]: the visas that
//! count, the ones that do not with their reasons, and which identities are proven to be one person.
//! Bearer tokens of the broker take a shorter way to an [`AccessToken`].
//!
//! ```
//! use visa_verifier::{Passport, Timestamp, TrustPolicy, Verification, VisaType, trust::TrustFormat, verify::Step};
//!
//! # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data");
//! # let compact = std::fs::read_to_string(format!("{folder}/passport.jwt"))?;
//! # let trust_file = std::fs::read_to_string(format!("{folder}/trust.json"))?;
//! let trust = TrustPolicy::from_file_text(&trust_file, TrustFormat::Json, "trust.json")?; // it pins the keys
//! let now = Timestamp::from_unix(1_800_000_000);
//! let mut verification = Verification::begin(Passport::parse(compact.trim())?, &trust, now);
//! let passport = match verification.step() {
//!     Step::Done(result) => (*result)?,
//!     Step::Need(wanted) => panic!("fetch the keys of {}, and supply them", wanted.server),
//! };
//!
//! let grant = passport.holders(&VisaType::ControlledAccessGrants).next().expect("one counts");
//! assert_eq!(grant.object().value(), "https://data.example.org/1");
//! assert_eq!(passport.rejected()[0].code().as_str(), "EXPIRED"); // and one does not
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The page `docs/verify-passports.md` shows a whole server that fetches keys, and the HTTP door for other languages.
//!
//! The core does no I/O and needs no runtime. Feature `fetch` (default) adds what goes to the network: `KeyStore`,
//! `seam::HttpsFetch`, `drive`.
//!
//! Specification: GA4GH AAI 1.2 and Passport 1.2. No SQL and no HTTP server in here.

// The examples of the pages are compiled and run with those of the code.
#[cfg(all(doctest, feature = "fetch"))]
#[doc = include_str!("../../docs/verify-passports.md")]
struct VerifyPassports;
#[cfg(all(doctest, feature = "fetch"))]
#[doc = include_str!("../README.md")]
struct Readme;

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
pub use verify::{DpopProof, DpopRejected, PROOF_WINDOW};
pub use visa::{By, VisaIdentity, VisaObject, VisaType};
