//! Why something was believed, and what institution an affiliation proves.

use std::sync::Arc;

use super::entry::TrustEntry;
use super::relaxation::Relaxation;
use crate::keys::{Stale, Supplied};
use crate::seam::Timestamp;
use crate::visa::VisaObject;

/// Why a visa counts: the entry and the key that let it in. Shown in explanations and in the audit log.
#[derive(Clone, Debug)]
pub struct Evidence {
    entry: Arc<TrustEntry>,
    thumbprint: Arc<str>,
    stale: Option<Stale>,
    keys_until: Option<Timestamp>,
    relaxed: Vec<Relaxation>,
}

impl Evidence {
    pub(crate) fn new(entry: Arc<TrustEntry>, thumbprint: Arc<str>, keys: &Supplied) -> Self {
        Self {
            entry,
            thumbprint,
            stale: keys.stale,
            keys_until: keys.until,
            relaxed: Vec::new(),
        }
    }

    /// The same, having needed these.
    pub(crate) fn relaxing(mut self, relaxed: impl IntoIterator<Item = Relaxation>) -> Self {
        for one in relaxed {
            if !self.relaxed.contains(&one) {
                self.relaxed.push(one);
            }
        }
        self.relaxed.sort_unstable();
        self
    }

    /// The deviations that were accepted for it, each named in its entry; empty if it follows the profiles.
    #[must_use]
    pub fn relaxed(&self) -> &[Relaxation] {
        &self.relaxed
    }

    /// The trust entry.
    #[must_use]
    pub fn entry(&self) -> &TrustEntry {
        &self.entry
    }

    /// RFC 7638 thumbprint of the key.
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Whether the keys came from the grace of an unreachable server (D1); the audit event says so.
    #[must_use]
    pub const fn stale_keys(&self) -> bool {
        self.stale.is_some()
    }

    /// Since when its key server is silent and when that grace ends, if the keys live by it.
    #[must_use]
    pub const fn stale(&self) -> Option<Stale> {
        self.stale
    }

    /// Until when the key counts if its server is never reached again; `None`: the key was given, not fetched.
    #[must_use]
    pub const fn keys_until(&self) -> Option<Timestamp> {
        self.keys_until
    }
}

/// The node's register of institutions, as far as affiliations need it.
pub trait Register {
    /// The institution whose register id is exactly `source`.
    fn by_id(&self, source: &str) -> Option<&str>;
    /// The institution that owns exactly this scope (the part behind the `@`).
    fn by_scope(&self, scope: &str) -> Option<&str>;
}

/// What an affiliation visa proves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Affiliated {
    /// This institution (its register id), with this role there.
    At {
        /// Register id.
        institution: String,
        /// The role.
        role: String,
    },
    /// Nobody who may speak for the institution says so; counts for nothing.
    NotSpokenFor,
    /// Not an affiliation, or the register knows neither its source nor its scope.
    Unknown,
}

impl Affiliated {
    /// Code for explanations; `None` if it proves an institution.
    #[must_use]
    pub const fn code(&self) -> Option<&'static str> {
        match self {
            Self::At { .. } => None,
            Self::NotSpokenFor => Some("affiliation_not_spoken_for"),
            Self::Unknown => Some("affiliation_unknown"),
        }
    }
}

/// Trust rule 9: an affiliation proves an institution only if its `source` is that institution in the register,
/// or its issuer's entry lists the institution or its scope in `speaks_for` or `scopes`.
pub(crate) fn evidence_affiliated(object: &VisaObject, entry: &TrustEntry, register: &dyn Register) -> Affiliated {
    let Some(affiliation) = object.affiliation() else {
        return Affiliated::Unknown;
    };
    let at = |institution: &str| Affiliated::At {
        institution: institution.to_owned(),
        role: affiliation.role.to_owned(),
    };
    let by_scope = register.by_scope(affiliation.affiliation);
    match (register.by_id(object.source()), by_scope) {
        // the source speaks for itself, not for the owner of another's scope
        (Some(source), None) => at(source),
        (Some(source), Some(scope)) if source == scope => at(source),
        (_, Some(institution)) => {
            let spoken_for = entry.speaks_for.iter().any(|s| s == institution)
                || entry.scopes.iter().any(|s| s == affiliation.affiliation);
            if spoken_for {
                at(institution)
            } else {
                Affiliated::NotSpokenFor
            }
        }
        (None, None) => Affiliated::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::trust::Role;

    #[derive(Debug)]
    struct Two;

    impl Register for Two {
        fn by_id(&self, source: &str) -> Option<&str> {
            ["https://ror.example/a", "https://ror.example/b"]
                .into_iter()
                .find(|i| *i == source)
        }

        fn by_scope(&self, scope: &str) -> Option<&str> {
            match scope {
                "a.example" => Some("https://ror.example/a"),
                "b.example" => Some("https://ror.example/b"),
                _ => None,
            }
        }
    }

    #[test]
    fn an_affiliation_proves_only_an_institution_that_somebody_may_speak_for() {
        let a = Affiliated::At {
            institution: "https://ror.example/a".into(),
            role: "faculty".into(),
        };
        for (name, value, source, speaks_for, scopes, want) in [
            (
                "the institution itself",
                "faculty@a.example",
                "https://ror.example/a",
                "",
                "",
                a.clone(),
            ),
            (
                "itself, unregistered scope",
                "faculty@x.example",
                "https://ror.example/a",
                "",
                "",
                a.clone(),
            ),
            (
                "another institution",
                "faculty@a.example",
                "https://ror.example/b",
                "",
                "",
                Affiliated::NotSpokenFor,
            ),
            (
                "a stranger",
                "faculty@a.example",
                "https://x.example",
                "",
                "",
                Affiliated::NotSpokenFor,
            ),
            (
                "speaks for it",
                "faculty@a.example",
                "https://x.example",
                "https://ror.example/a",
                "",
                a.clone(),
            ),
            ("by scope", "faculty@a.example", "https://x.example", "", "a.example", a),
            (
                "a suffix is no scope",
                "faculty@a.example",
                "https://x.example",
                "",
                "example",
                Affiliated::NotSpokenFor,
            ),
            (
                "nobody knows it",
                "faculty@c.example",
                "https://x.example",
                "",
                "c.example",
                Affiliated::Unknown,
            ),
        ] {
            let object = json!({"type": "AffiliationAndRole", "asserted": 1, "value": value, "source": source});
            let object = VisaObject::read(&object, &[]).unwrap();
            let mut entry = TrustEntry::new(Role::VisaIssuer, "https://i.example".parse().unwrap());
            entry.speaks_for = vec![speaks_for.to_owned()];
            entry.scopes = vec![scopes.to_owned()];
            assert_eq!(evidence_affiliated(&object, &entry, &Two), want, "{name}");
        }
    }
}
