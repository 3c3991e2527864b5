//! Pseudonyms that change each month, sealed details, and the keys behind both (audit.md section 4).

mod keystore;
mod person;
mod sealed;

pub use keystore::{Keys, Keystore};
pub use person::{ObjectSalt, PersonKey, Pseudonym};
pub use sealed::Sealed;
