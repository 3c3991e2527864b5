//! Signing keys: made at first start, kept encrypted, published as a JWK Set (D13).

mod at_rest;
mod error;
mod pair;
mod ring_keys;
pub(crate) mod sealed;
mod signer;
mod test_visa;

pub use at_rest::AtRest;
pub use error::KeyError;
pub use pair::SigningAlg;
pub use ring_keys::{KEY_LIFE, KeyRing, KeyUse, LEAD, SigningKey};
pub use signer::Signer;
pub use test_visa::{TEST_VISA_ISSUER, TEST_VISA_TYPE, sign_test_visa, test_visa_key};
