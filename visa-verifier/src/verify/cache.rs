//! [`VerifiedTokens`]: signatures that were confirmed before, by the digest of the token.
//!
//! What is remembered is that this very text carries the good signature of this very key, and what it says; never a
//! verdict. Whether the visa counts is judged anew each time: the entry of its issuer must be the same one (one trust
//! snapshot), its key must still stand in the issuer's set and not on the list of revoked ones, and times, audience
//! and polls are looked at again. So nothing lives longer here than it would without a memory.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::passport::Facts;
use crate::token::TokenDigest;

/// Verified visas, bounded by bytes and by count. Cheap to clone; clones share what they remember.
#[derive(Clone)]
pub struct VerifiedTokens {
    shards: Arc<[Mutex<Shard>]>,
    bounds: Bounds,
}

/// The bounds of one shard.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    bytes: usize,
    count: usize,
}

#[derive(Default)]
struct Shard {
    known: HashMap<TokenDigest, Known>,
    /// Oldest first; each entry of `known` stands here once.
    order: VecDeque<TokenDigest>,
    bytes: usize,
}

struct Known {
    facts: Arc<Facts>,
    bytes: usize,
    /// Asked for since it was last passed over.
    used: bool,
}

/// Locks that many callers share.
const SHARDS: usize = 16;
/// What an entry takes beside the text of its token: the read claims, the object, the maps. Measured, rounded up.
const BESIDE: usize = 1_024;

impl Default for VerifiedTokens {
    /// 32 MiB, 20,000 tokens.
    fn default() -> Self {
        Self::new(32 * 1024 * 1024, 20_000)
    }
}

impl VerifiedTokens {
    /// Remembers about `bytes` of at most `count` tokens; past that the ones that nobody asked for go first.
    #[must_use]
    pub fn new(bytes: usize, count: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            bounds: Bounds {
                bytes: bytes / SHARDS,
                count: count / SHARDS,
            },
        }
    }

    /// How many tokens are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| locked(shard).known.len()).sum()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the token of this digest is remembered. Says nothing about whether it counts.
    #[must_use]
    pub fn knows(&self, digest: &TokenDigest) -> bool {
        self.get(digest).is_some()
    }

    pub(crate) fn get(&self, digest: &TokenDigest) -> Option<Arc<Facts>> {
        let mut shard = locked(self.shard(digest)?);
        let known = shard.known.get_mut(digest)?;
        known.used = true;
        Some(Arc::clone(&known.facts))
    }

    /// Remembers a token of `length` bytes.
    pub(crate) fn keep(&self, facts: &Arc<Facts>, length: usize) {
        if let Some(shard) = self.shard(&facts.digest) {
            // the claims and the object hold the payload twice, in other words
            locked(shard).keep(facts, 2 * length + BESIDE, self.bounds);
        }
    }

    pub(crate) fn forget(&self, digest: &TokenDigest) {
        if let Some(shard) = self.shard(digest) {
            locked(shard).forget(digest);
        }
    }

    fn shard(&self, digest: &TokenDigest) -> Option<&Mutex<Shard>> {
        let first = digest.as_bytes().first().copied()?;
        self.shards.get(usize::from(first) % SHARDS)
    }
}

impl Shard {
    fn keep(&mut self, facts: &Arc<Facts>, bytes: usize, bounds: Bounds) {
        if bytes > bounds.bytes || bounds.count == 0 {
            return;
        }
        self.forget(&facts.digest);
        while self.known.len() >= bounds.count || self.bytes + bytes > bounds.bytes {
            let Some(oldest) = self.order.pop_front() else { break };
            match self.known.get_mut(&oldest) {
                // asked for: it gets a second chance
                Some(known) if known.used => {
                    known.used = false;
                    self.order.push_back(oldest);
                }
                Some(_) | None => self.remove(&oldest),
            }
        }
        self.bytes += bytes;
        self.order.push_back(facts.digest);
        let known = Known {
            facts: Arc::clone(facts),
            bytes,
            used: false,
        };
        self.known.insert(facts.digest, known);
    }

    fn forget(&mut self, digest: &TokenDigest) {
        if self.known.contains_key(digest) {
            self.remove(digest);
            self.order.retain(|other| other != digest);
        }
    }

    fn remove(&mut self, digest: &TokenDigest) {
        if let Some(known) = self.known.remove(digest) {
            self.bytes = self.bytes.saturating_sub(known.bytes);
        }
    }
}

fn locked(shard: &Mutex<Shard>) -> std::sync::MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for VerifiedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedTokens").field("tokens", &self.len()).finish()
    }
}
