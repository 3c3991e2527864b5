//! A shared secret that a caller has to show.

use std::fmt;

use subtle::ConstantTimeEq;

use crate::{SampleError, world};

/// A bearer credential. Never shown by `Debug`; compared in constant time.
#[derive(Clone)]
pub struct Credential(Box<str>);

impl Credential {
    /// Takes a credential that somebody else made: 16 to 512 printable ASCII characters without a space.
    ///
    /// # Errors
    /// [`SampleError::Setting`] for any other text.
    pub fn new(text: &str) -> Result<Self, SampleError> {
        if (16..=512).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text.into()));
        }
        Err(SampleError::Setting {
            name: "credential",
            why: "it needs 16 to 512 printable characters".to_owned(),
        })
    }

    /// Makes a new one of 256 random bits.
    ///
    /// # Errors
    /// [`SampleError::Random`] if the system gives no random bytes.
    pub fn random() -> Result<Self, SampleError> {
        Ok(Self(world::token(32)?.into()))
    }

    /// The text itself, for the one who has to send it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Is this what was shown?
    pub(crate) fn is(&self, shown: &str) -> bool {
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(…)")
    }
}
