//! Signing keys: made at first start, kept encrypted, published as a JWK Set (D13).

mod at_rest;
mod error;
mod pair;
mod ring_keys;
pub(crate) mod sealed;
mod signer;

pub use at_rest::AtRest;
pub use error::KeyError;
pub use pair::SigningAlg;
pub use ring_keys::{KEY_LIFE, KeyRing, KeyUse, LEAD, SigningKey};
pub use signer::Signer;
