//! Bytes to claims: bounded strict JSON, the compact JWS, its header, its claims. Nothing is believed here.

pub(crate) mod claims;
mod compact;
mod error;
mod header;
pub mod json;
pub mod limits;
mod members;
mod tree;

pub use claims::{Audience, Issuer, NumericDate, Subject, scope_has};
pub use compact::{CompactToken, TokenDigest};
pub(crate) use error::shown;
pub use error::{ClaimError, TokenError};
pub use header::{Algorithm, Header, same_type};
