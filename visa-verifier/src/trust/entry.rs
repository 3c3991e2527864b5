//! [`TrustEntry`]: who may say what (trust.md part B; the same shape whether static or resolved).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use super::relaxation::Relaxation;
use crate::keys::{KeyServer, KeySet};
use crate::seam::Timestamp;
use crate::token::Issuer;
use crate::visa::VisaType;

/// What an entry's issuer is believed as.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Role {
    /// Signs Passports, hands out visas at UserInfo.
    Broker,
    /// Signs visas.
    VisaIssuer,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broker => "broker",
            Self::VisaIssuer => "visa issuer",
        })
    }
}

/// Where an issuer's keys come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    /// Given out of band; a token's `jku` is not consulted.
    Pinned(KeySet),
    /// Given out of band per address; a token's `jku` must be listed and picks the set.
    ByJku(BTreeMap<String, KeySet>),
    /// Fetched from a listed `jku`, or by discovery where a token has none.
    Fetched,
}

/// One issuer and what it is believed for. The defaults are the narrow ones: empty lists, `false`.
#[derive(Clone, Debug, PartialEq)]
pub struct TrustEntry {
    /// As what it is believed.
    pub role: Role,
    /// The exact `iss`.
    pub id: Issuer,
    /// Its keys.
    pub keys: Keys,
    /// The key set addresses that its tokens may name, as exact strings.
    pub jku: Vec<String>,
    /// The visa types that it may assert; `*` for any.
    pub visa_types: Vec<String>,
    /// The sources that it may name; `*` for any.
    pub sources: Vec<String>,
    /// The datasets that its ControlledAccessGrants may name, or their prefixes ending in `*`; `None`: the
    /// dataset's own committee entry decides alone (trust.md part B, rule 5).
    pub datasets: Option<Vec<String>>,
    /// Data classes that it is certified for.
    pub data_classes: Vec<String>,
    /// Institutions (register ids) for which its affiliations count, beside a source that is the institution itself.
    pub speaks_for: Vec<String>,
    /// The same by the part behind the `@`, exact.
    pub scopes: Vec<String>,
    /// Issuers whose identities it may link with its own; `*` for any.
    pub may_link: Vec<String>,
    /// Whether its links may be chained with those of another linker that says so too.
    pub chain: bool,
    /// Whether it never gives one person two subjects (REFEDS `ID/unique`): two of its subjects in one set of
    /// linked identities are a contradiction.
    pub unique_ids: bool,
    /// Whether its Passports without `aud` are taken as credentials (DRS only, at most 10 minutes old).
    pub passport_without_audience: bool,
    /// How long its keys stay good when they cannot be fetched: at most 1 h, at most 24 h if set.
    pub stale_grace: Duration,
    /// Whether it may log administrators in.
    pub admin: bool,
    /// The deviations from the profiles that are accepted of it.
    pub accept: BTreeSet<Relaxation>,
    /// The beginning of this trust; from always on if absent.
    pub from: Option<Timestamp>,
    /// The end of this trust.
    pub until: Option<Timestamp>,
    /// Why it is believed, in the words of whoever answers for it (CLH-02).
    pub reason: Option<String>,
    /// Whom to ask about it.
    pub contact: Option<String>,
    /// Why it is believed: the file's own words, or the digests of a federation chain.
    pub evidence: Vec<String>,
}

/// How long keys stay good after the last good fetch, if the entry does not say more.
pub(crate) const GRACE: Duration = Duration::from_secs(3_600);

impl TrustEntry {
    /// An entry that believes nothing yet: no keys beyond fetching, no types, no sources.
    #[must_use]
    pub fn new(role: Role, id: Issuer) -> Self {
        Self {
            role,
            id,
            keys: Keys::Fetched,
            jku: Vec::new(),
            visa_types: Vec::new(),
            sources: Vec::new(),
            datasets: None,
            data_classes: Vec::new(),
            speaks_for: Vec::new(),
            scopes: Vec::new(),
            may_link: Vec::new(),
            chain: false,
            unique_ids: false,
            passport_without_audience: false,
            stale_grace: GRACE,
            admin: false,
            accept: BTreeSet::new(),
            from: None,
            until: None,
            reason: None,
            contact: None,
            evidence: Vec::new(),
        }
    }

    /// Whether it is believed at `now`: not before `from`, no longer at `until`.
    #[must_use]
    pub fn stands(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }

    /// Whether it may assert visas of this type. Linking is a trust of its own: `*` holds it too, since a file
    /// that says `*` says it knowingly, but what may be joined is still bounded by `may_link`.
    #[must_use]
    pub fn may_assert(&self, kind: &VisaType) -> bool {
        listed(&self.visa_types, kind.as_str())
    }

    /// Whether it may name this source.
    #[must_use]
    pub fn may_name(&self, source: &str) -> bool {
        listed(&self.sources, source)
    }

    /// Whether its grants may name this dataset.
    #[must_use]
    pub fn may_grant(&self, dataset: &str) -> bool {
        self.datasets.as_ref().is_none_or(|list| {
            list.iter()
                .any(|d| d == dataset || d.strip_suffix('*').is_some_and(|prefix| dataset.starts_with(prefix)))
        })
    }

    /// Whether this deviation is accepted of it.
    #[must_use]
    pub fn accepts(&self, relaxation: Relaxation) -> bool {
        self.accept.contains(&relaxation)
    }

    /// Whether it may link an identity of `issuer` with its own.
    #[must_use]
    pub fn may_join(&self, issuer: &Issuer) -> bool {
        *issuer == self.id || listed(&self.may_link, issuer.as_str())
    }

    /// Keys for a token of this issuer that names `jku`, or a server to ask; `None` if the `jku` is not listed.
    #[must_use]
    pub fn keys_for(&self, jku: Option<&str>) -> Option<KeySource<'_>> {
        match (&self.keys, jku) {
            (Keys::Pinned(set), _) => Some(KeySource::Here(set)),
            (Keys::ByJku(sets), Some(jku)) if self.lists(jku) => sets.get(jku).map(KeySource::Here),
            (Keys::ByJku(sets), None) => Some(KeySource::Joined(KeySet::joined(sets.values()))),
            (Keys::Fetched, Some(jku)) if self.lists(jku) => Some(KeySource::Ask(KeyServer::Jku {
                issuer: self.id.clone(),
                url: jku.to_owned(),
            })),
            (Keys::Fetched, None) => Some(KeySource::Ask(KeyServer::Discovery {
                issuer: self.id.clone(),
            })),
            (Keys::ByJku(_) | Keys::Fetched, Some(_)) => None,
        }
    }

    fn lists(&self, jku: &str) -> bool {
        self.jku.iter().any(|listed| listed == jku)
    }
}

/// Where the keys for one token are.
#[derive(Clone, Debug)]
pub enum KeySource<'e> {
    /// In the entry.
    Here(&'e KeySet),
    /// In several sets of the entry, since the token does not name one.
    Joined(KeySet),
    /// At a server that the entry names.
    Ask(KeyServer),
}

fn listed(list: &[String], text: &str) -> bool {
    list.iter().any(|l| l == text || l == "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_entry_believes_nothing() {
        let entry = TrustEntry::new(Role::VisaIssuer, "https://a.example".parse().unwrap());
        assert!(!entry.may_assert(&VisaType::ControlledAccessGrants));
        assert!(!entry.may_name("https://a.example"));
        assert!(!entry.may_join(&"https://b.example".parse().unwrap()));
        assert!(entry.may_join(&"https://a.example".parse().unwrap()));
        assert!(entry.keys_for(Some("https://a.example/jwks")).is_none());
    }

    #[test]
    fn datasets_are_exact_or_prefixes() {
        let mut entry = TrustEntry::new(Role::VisaIssuer, "https://a.example".parse().unwrap());
        assert!(entry.may_grant("https://d.example/1"));
        entry.datasets = Some(vec!["https://d.example/1".into(), "https://e.example/*".into()]);
        assert!(entry.may_grant("https://d.example/1") && entry.may_grant("https://e.example/x"));
        assert!(!entry.may_grant("https://d.example/12"));
    }
}
