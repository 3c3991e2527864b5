//! Randomness: the system's, and a seeded one for tests.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SecureRandom;

/// A source of random bytes. Servers hold one.
pub trait Random: Send + Sync + fmt::Debug {
    /// Fills `bytes`. Never leaves them predictable: the system's source ends the process rather than fail.
    fn fill(&self, bytes: &mut [u8]);
}

/// A random text of `bytes` random bytes in base64url: codes, tokens, nonces.
#[must_use]
pub fn token(random: &dyn Random, bytes: usize) -> String {
    let mut raw = vec![0; bytes];
    random.fill(&mut raw);
    URL_SAFE_NO_PAD.encode(raw)
}

/// The operating system's randomness, through ring.
pub struct SystemRandom(ring::rand::SystemRandom);

impl SystemRandom {
    /// Ready at once; nothing is read yet.
    #[must_use]
    pub fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the seam")]
        Self(ring::rand::SystemRandom::new())
    }
}

impl Default for SystemRandom {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SystemRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemRandom")
    }
}

impl Random for SystemRandom {
    #[expect(
        clippy::expect_used,
        reason = "without randomness no secret can be made; going on would be worse than stopping"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes).expect("the operating system gives random bytes");
    }
}

/// The same bytes for the same seed, in the same order: tests only, never a secret.
#[derive(Debug)]
pub struct SeededRandom(AtomicU64);

impl SeededRandom {
    /// Begins at `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64: one addition a step, so that concurrent callers never share an output
            let mut z = self
                .0
                .fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst)
                .wrapping_add(0x9E37_79B9_7F4A_7C15);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            for (to, from) in chunk.iter_mut().zip(z.to_le_bytes()) {
                *to = from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_bytes_again_and_another_seed_others() {
        let (a, b, c) = (SeededRandom::new(1), SeededRandom::new(1), SeededRandom::new(2));
        assert_eq!(token(&a, 20), token(&b, 20));
        assert_ne!(token(&a, 20), token(&c, 20));
    }

    #[test]
    fn system_tokens_differ_and_have_the_asked_length() {
        let random = SystemRandom::new();
        assert_eq!(token(&random, 32).len(), 43);
        assert_ne!(token(&random, 32), token(&random, 32));
    }
}
