//! Signing keys: made at first start, kept encrypted, published as a JWK Set (D13).

mod at_rest;
mod error;
mod ring_keys;
pub(crate) mod sealed;
mod signer;

pub use at_rest::AtRest;
pub use error::KeyError;
pub use ring_keys::{KeyRing, KeyUse, SigningKey};
pub use signer::Signer;
