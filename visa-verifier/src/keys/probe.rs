//! [`probe`]: every key of a trust policy, looked at: what `visum trust check --fetch` shows.

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use http::HeaderMap;
use http::header::DATE;

use super::info::KeyInfo;
use super::served::served;
use super::server::KeyServer;
use super::set::{KeySet, OddKey};
use crate::seam::{Clock, Fetch, FetchError, Timestamp};
use crate::token::Issuer;
use crate::trust::{Keys, Role, TrustEntry, TrustPolicy};

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

/// How many addresses are asked at once.
const AT_ONCE: usize = 8;

/// Looks at the keys of every entry of `trust`, in its order: one fetch per address (two for a discovery), nothing
/// cached. `http://` is refused unless `fetch` lets it by.
pub async fn probe(trust: &TrustPolicy, fetch: &dyn Fetch, clock: &dyn Clock) -> Vec<Probe> {
    let looked_at = trust
        .entries()
        .flat_map(sets_of)
        .map(|(entry, source, set)| async move {
            let found = match (set, server(entry, &source)) {
                (Some(set), _) => Ok(Found::of(&set, trust)),
                (None, Some(server)) => fetched(&server, trust, fetch, clock).await,
                (None, None) => Ok(Found::default()),
            };
            Probe {
                role: entry.role,
                issuer: entry.id.clone(),
                source,
                found,
            }
        });
    // boxed: a future per address is small then, and the whole one may move between threads
    let looked_at: Vec<BoxFuture<'_, Probe>> = looked_at.map(FutureExt::boxed).collect();
    stream::iter(looked_at).buffered(AT_ONCE).collect().await
}

/// Every set of an entry: its keys if the file holds them, else where they are.
fn sets_of(entry: &TrustEntry) -> Vec<(&TrustEntry, ProbeSource, Option<KeySet>)> {
    match &entry.keys {
        Keys::Pinned(set) => vec![(entry, ProbeSource::Pinned, Some(set.clone()))],
        Keys::ByJku(sets) => {
            let one = |(jku, set): (&String, &KeySet)| (entry, ProbeSource::PinnedFor(jku.clone()), Some(set.clone()));
            sets.iter().map(one).collect()
        }
        Keys::Fetched => {
            let mut all: Vec<_> = entry
                .jku
                .iter()
                .map(|jku| (entry, ProbeSource::Jku(jku.clone()), None))
                .collect();
            // a broker's Passports, and the visas of an issuer that lists no address, find keys by discovery
            if entry.role == Role::Broker || all.is_empty() {
                all.push((entry, ProbeSource::Discovery, None));
            }
            all
        }
    }
}

fn server(entry: &TrustEntry, source: &ProbeSource) -> Option<KeyServer> {
    let issuer = entry.id.clone();
    match source {
        ProbeSource::Pinned | ProbeSource::PinnedFor(_) => None,
        ProbeSource::Jku(url) => Some(KeyServer::Jku {
            issuer,
            url: url.clone(),
        }),
        ProbeSource::Discovery => Some(KeyServer::Discovery { issuer }),
    }
}

async fn fetched(
    server: &KeyServer,
    trust: &TrustPolicy,
    fetch: &dyn Fetch,
    clock: &dyn Clock,
) -> Result<Found, FetchError> {
    let asked = clock.now().unix();
    let served = served(server, fetch, true).await?;
    let answered = clock.now().unix();
    // `Date` has whole seconds: between question and answer, whatever it says, no difference is seen
    let ahead = |date: Timestamp| match date.unix() {
        before if before < asked => before - asked,
        after if after > answered => after - answered,
        _ => 0,
    };
    Ok(Found {
        address: Some(served.address),
        clock_ahead: date(&served.document.headers).map(ahead),
        certificate_ends: served.document.peer.certificate_ends,
        ..Found::of(&served.keys, trust)
    })
}

impl Found {
    fn of(set: &KeySet, trust: &TrustPolicy) -> Self {
        let keys: Vec<KeyInfo> = set.described().collect();
        let names = keys.iter().map(|key| &key.thumbprint);
        Self {
            revoked: names
                .filter(|name| trust.revoked_keys().contains(*name))
                .cloned()
                .collect(),
            odd: set.odd().to_vec(),
            keys,
            ..Self::default()
        }
    }
}

/// The `Date` of an answer, in the one form that servers write today (RFC 9110 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
fn date(headers: &HeaderMap) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let text = headers.get(DATE)?.to_str().ok()?;
    let mut parts = text.split_once(", ")?.1.split(' ');
    let (day, month, year, time, zone) = (
        parts.next()?,
        parts.next()?,
        parts.next()?,
        parts.next()?,
        parts.next()?,
    );
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    if zone != "GMT" || parts.next().is_some() {
        return None;
    }
    format!("{year}-{month:02}-{day}T{time}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_is_read_in_its_one_form() {
        for (text, instant) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some("1994-11-06T08:49:37Z")),
            ("Mon, 23 Nov 2026 00:00:00 GMT", Some("2026-11-23T00:00:00Z")),
            ("Mon, 30 Feb 2026 00:00:00 GMT", None),
            ("Mon, 23 Nov 2026 00:00:00 CET", None),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun Nov  6 08:49:37 1994", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(DATE, text.parse().unwrap());
            assert_eq!(date(&headers), instant.map(|i| i.parse().unwrap()), "{text}");
        }
    }
}
