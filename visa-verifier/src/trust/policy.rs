//! [`TrustPolicy`]: the entries, looked up.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::entry::{Keys, Role, TrustEntry};
use super::relaxation::Relaxation;
use super::wire::TrustDocument;
use crate::token::Issuer;
use crate::visa::VisaType;

/// Whom this node believes, for what. Cheap lookups, cloned by reference; serializes in the form of the trust file.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(try_from = "TrustDocument", into = "TrustDocument")]
pub struct TrustPolicy {
    pub(super) audience: Vec<String>,
    pub(super) clock_skew: u64,
    pub(super) supported_custom_types: Vec<String>,
    pub(super) entries: Vec<Arc<TrustEntry>>,
    pub(super) revoked_keys: BTreeSet<String>,
    pub(super) refused: BTreeSet<Issuer>,
    unique: Arc<BTreeSet<Issuer>>,
    brokers: HashMap<Issuer, usize>,
    visa_issuers: HashMap<Issuer, usize>,
}

/// Entries that contradict each other or promise the impossible.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// Two entries of one role for one issuer.
    #[error("`{iss}` has two entries as {role}")]
    Twice {
        /// The issuer.
        iss: Issuer,
        /// In which list.
        role: Role,
    },
    /// Keys for an address that `jku` does not list.
    #[error("`{iss}` has keys for `{jku}`, which its `jku` does not list")]
    UnlistedJku {
        /// The issuer.
        iss: Issuer,
        /// The address.
        jku: String,
    },
    /// A broker without pinned keys whose issuer is no https URL: nothing could be discovered.
    #[error("`{iss}` has no keys here and none can be discovered, since it is no https URL")]
    NoKeys {
        /// The issuer.
        iss: Issuer,
    },
    /// A file of keys that cannot be pinned.
    #[error("the keys of `{iss}`: {why}")]
    KeyFile {
        /// The issuer.
        iss: Issuer,
        /// What is wrong.
        why: String,
    },
    /// A clock skew above 300 s.
    #[error("`clock_skew` is at most 300 seconds, not {0}")]
    Skew(u64),
    /// A relaxation that only an entry of the other list can accept.
    #[error("`{iss}` cannot accept `{relaxation}`: it is one of {}", .relaxation.role())]
    OtherRole {
        /// The issuer.
        iss: Issuer,
        /// The relaxation.
        relaxation: Relaxation,
    },
    /// An issuer below `.invalid`, which is nobody's (RFC 6761 §6.4): those of test visas.
    #[error("`{iss}` is an issuer of test visas, which nobody believes")]
    Tests {
        /// The issuer.
        iss: Issuer,
    },
    /// A trust that ends before it begins.
    #[error("the trust in `{iss}` ends before it begins")]
    Never {
        /// The issuer.
        iss: Issuer,
    },
    /// A grace above 24 hours.
    #[error("`stale_grace` of `{iss}` is at most 86400 seconds, not {seconds}")]
    Grace {
        /// The issuer.
        iss: Issuer,
        /// What it says.
        seconds: u64,
    },
}

/// Whether the host of an issuer lies below `.invalid`.
fn is_of_tests(iss: &str) -> bool {
    let rest = iss.split_once("://").map_or(iss, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().trim_end_matches('.');
    host.rsplit('.')
        .next()
        .is_some_and(|top| top.eq_ignore_ascii_case("invalid"))
}

impl TrustPolicy {
    /// A policy of these entries; `audience` are our own identifiers.
    pub fn new(audience: Vec<String>, entries: Vec<TrustEntry>) -> Result<Self, TrustError> {
        let mut policy = Self {
            audience,
            ..Self::default()
        };
        for entry in entries {
            policy.add(entry)?;
        }
        Ok(policy)
    }

    /// Adds an entry. The one that stands stays: a second one for the same role and issuer is an error.
    pub fn add(&mut self, entry: TrustEntry) -> Result<(), TrustError> {
        let iss = entry.id.clone();
        if let Keys::ByJku(sets) = &entry.keys
            && let Some(jku) = sets.keys().find(|jku| !entry.jku.contains(jku))
        {
            return Err(TrustError::UnlistedJku { iss, jku: jku.clone() });
        }
        if entry.stale_grace.as_secs() > 86_400 {
            let seconds = entry.stale_grace.as_secs();
            return Err(TrustError::Grace { iss, seconds });
        }
        if let Some(&relaxation) = entry.accept.iter().find(|r| r.role() != entry.role) {
            return Err(TrustError::OtherRole { iss, relaxation });
        }
        if is_of_tests(iss.as_str()) {
            return Err(TrustError::Tests { iss });
        }
        if let (Some(from), Some(until)) = (entry.from, entry.until)
            && until <= from
        {
            return Err(TrustError::Never { iss });
        }
        let index = match entry.role {
            Role::Broker => &mut self.brokers,
            Role::VisaIssuer => &mut self.visa_issuers,
        };
        if index.contains_key(&iss) {
            return Err(TrustError::Twice { iss, role: entry.role });
        }
        if entry.unique_ids {
            Arc::make_mut(&mut self.unique).insert(entry.id.clone());
        }
        index.insert(iss, self.entries.len());
        self.entries.push(Arc::new(entry));
        Ok(())
    }

    /// The entry of `iss` in this role; `None` if there is none or the issuer is refused.
    #[must_use]
    pub fn entry(&self, role: Role, iss: &Issuer) -> Option<&Arc<TrustEntry>> {
        self.entry_named(role, iss.as_str())
    }

    /// The same by the issuer's text.
    pub(crate) fn entry_named(&self, role: Role, iss: &str) -> Option<&Arc<TrustEntry>> {
        if self.refused.contains(iss) {
            return None;
        }
        let index = match role {
            Role::Broker => &self.brokers,
            Role::VisaIssuer => &self.visa_issuers,
        };
        self.entries.get(*index.get(iss)?)
    }

    /// The providers that never give one person two subjects, in whatever role they are trusted.
    pub(crate) const fn unique(&self) -> &Arc<BTreeSet<Issuer>> {
        &self.unique
    }

    /// All entries, in the order of the file.
    pub fn entries(&self) -> impl Iterator<Item = &TrustEntry> {
        self.entries.iter().map(AsRef::as_ref)
    }

    /// Our own identifiers, compared with `aud`.
    #[must_use]
    pub fn audience(&self) -> &[String] {
        &self.audience
    }

    /// Sets our own identifiers.
    pub fn set_audience(&mut self, audience: Vec<String>) {
        self.audience = audience;
    }

    /// How far clocks may differ, seconds, at most 300.
    #[must_use]
    pub const fn clock_skew(&self) -> u64 {
        self.clock_skew
    }

    /// Sets how far clocks may differ.
    pub const fn set_clock_skew(&mut self, seconds: u64) -> Result<(), TrustError> {
        if seconds > crate::token::limits::SKEW_SECONDS {
            return Err(TrustError::Skew(seconds));
        }
        self.clock_skew = seconds;
        Ok(())
    }

    /// Custom visa types that this node reads.
    #[must_use]
    pub fn supported_custom_types(&self) -> &[String] {
        &self.supported_custom_types
    }

    /// Reads visas of a custom type from now on.
    pub fn support(&mut self, kind: &VisaType) {
        if let VisaType::Custom(url) = kind
            && !self.supported_custom_types.iter().any(|s| s.as_str() == &**url)
        {
            self.supported_custom_types.push(url.to_string());
        }
    }

    /// Thumbprints of keys that beat every cache, every pin and the grace.
    #[must_use]
    pub const fn revoked_keys(&self) -> &BTreeSet<String> {
        &self.revoked_keys
    }

    /// Revokes a key by its RFC 7638 thumbprint.
    pub fn revoke_key(&mut self, thumbprint: String) {
        self.revoked_keys.insert(thumbprint);
    }

    /// Refuses an issuer in every role, whatever its entries say (refusals win).
    pub fn refuse(&mut self, iss: Issuer) {
        self.refused.insert(iss);
    }
}

#[cfg(test)]
mod tests {
    use super::is_of_tests;

    #[test]
    fn what_lies_below_invalid_is_an_issuer_of_tests_however_it_is_spelt() {
        for (iss, tests) in [
            ("https://test-visas.invalid", true),
            ("https://TEST.Invalid./x", true),
            ("https://a:b@c.invalid:8443/y?z", true),
            ("https://invalid", true),
            ("https://invalid.example.org", false),
            ("https://visas.example.org/a.invalid", false),
            ("https://notinvalid", false),
        ] {
            assert_eq!(is_of_tests(iss), tests, "{iss}");
        }
    }
}
