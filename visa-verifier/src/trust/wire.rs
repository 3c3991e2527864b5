//! The form of a trust file and of trust in a snapshot: strict, every member named.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::entry::{GRACE, Keys, Role, TrustEntry};
use super::policy::{TrustError, TrustPolicy};
use super::relaxation::Relaxation;
use crate::keys::KeySet;
use crate::seam::Timestamp;
use crate::token::Issuer;

/// The whole document.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrustDocument {
    #[serde(default, skip_serializing_if = "OneOrMany::is_empty")]
    audience: OneOrMany,
    #[serde(default)]
    clock_skew: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    supported_custom_types: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    revoked_keys: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    refused: BTreeSet<Issuer>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    trusted_brokers: Vec<Broker>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    trusted_visa_issuers: Vec<VisaIssuer>,
}

/// One text, or a list of them.
#[derive(Default, Deserialize, Serialize)]
#[serde(untagged, expecting = "expected a string or a list of strings")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
    #[default]
    None,
}

impl OneOrMany {
    const fn is_empty(&self) -> bool {
        match self {
            Self::One(_) => false,
            Self::Many(list) => list.is_empty(),
            Self::None => true,
        }
    }

    fn into_list(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(list) => list,
            Self::None => Vec::new(),
        }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Broker {
    iss: Issuer,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jwks: Option<KeySet>,
    #[serde(default, skip_serializing_if = "is_false")]
    passport_without_audience: bool,
    #[serde(default = "grace", skip_serializing_if = "is_grace")]
    stale_grace: u64,
    #[serde(default, skip_serializing_if = "is_false")]
    unique_ids: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    admin: bool,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    accept: BTreeSet<Relaxation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    /// A file beside this one; its keys are pinned when the file is loaded, so it is never written.
    #[serde(default, skip_serializing)]
    jwks_file: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct VisaIssuer {
    iss: Issuer,
    types: Vec<String>,
    sources: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    jku: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keys: Option<KeysText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    datasets: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    data_classes: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    speaks_for: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    may_link: Vec<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    chain: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    unique_ids: bool,
    #[serde(default = "grace", skip_serializing_if = "is_grace")]
    stale_grace: u64,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    accept: BTreeSet<Relaxation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    /// A file beside this one; its keys are pinned when the file is loaded, so it is never written.
    #[serde(default, skip_serializing)]
    jwks_file: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum KeysText {
    Pinned(KeySet),
    ByJku(BTreeMap<String, KeySet>),
}

const fn grace() -> u64 {
    GRACE.as_secs()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_grace(seconds: &u64) -> bool {
    *seconds == grace()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl TryFrom<TrustDocument> for TrustPolicy {
    type Error = TrustError;

    fn try_from(document: TrustDocument) -> Result<Self, TrustError> {
        let mut policy = Self::new(document.audience.into_list(), Vec::new())?;
        policy.set_clock_skew(document.clock_skew)?;
        policy.supported_custom_types = document.supported_custom_types;
        policy.revoked_keys = document.revoked_keys;
        policy.refused = document.refused;
        for broker in document.trusted_brokers {
            policy.add(broker.into_entry()?)?;
        }
        for issuer in document.trusted_visa_issuers {
            policy.add(issuer.into_entry()?)?;
        }
        Ok(policy)
    }
}

impl TrustDocument {
    /// Pins the keys of every `jwks_file`; `read` gives a file's keys by its name, or why not.
    pub(super) fn pin_files(&mut self, read: impl Fn(&str) -> Result<KeySet, String>) -> Result<(), TrustError> {
        for broker in &mut self.trusted_brokers {
            let Some(name) = broker.jwks_file.take() else { continue };
            broker.jwks = Some(pinned(&broker.iss, &name, broker.jwks.is_some(), &read)?);
        }
        for issuer in &mut self.trusted_visa_issuers {
            let Some(name) = issuer.jwks_file.take() else { continue };
            let set = pinned(&issuer.iss, &name, issuer.keys.is_some(), &read)?;
            issuer.keys = Some(KeysText::Pinned(set));
        }
        Ok(())
    }
}

fn pinned(
    iss: &Issuer,
    name: &str,
    others: bool,
    read: impl Fn(&str) -> Result<KeySet, String>,
) -> Result<KeySet, TrustError> {
    let wrong = |why| TrustError::KeyFile { iss: iss.clone(), why };
    if others {
        return Err(wrong(
            "it has keys of its own and a `jwks_file`; one of both".to_owned(),
        ));
    }
    let set = read(name).map_err(wrong)?;
    if set.is_empty() {
        return Err(wrong(format!("`{name}` holds no key that can be used")));
    }
    Ok(set)
}

/// A key file that was not read: there is none where the text of a policy comes without a place on disk.
fn no_file(iss: &Issuer, file: Option<&str>) -> Result<(), TrustError> {
    let why = "`jwks_file` is read from a trust file on disk only; write the keys here".to_owned();
    file.map_or(Ok(()), |_| Err(TrustError::KeyFile { iss: iss.clone(), why }))
}

impl Broker {
    fn into_entry(self) -> Result<TrustEntry, TrustError> {
        no_file(&self.iss, self.jwks_file.as_deref())?;
        let keys = match self.jwks {
            Some(set) => Keys::Pinned(set),
            None if self.iss.as_str().starts_with("http") => Keys::Fetched,
            None => return Err(TrustError::NoKeys { iss: self.iss }),
        };
        Ok(TrustEntry {
            keys,
            passport_without_audience: self.passport_without_audience,
            stale_grace: Duration::from_secs(self.stale_grace),
            unique_ids: self.unique_ids,
            admin: self.admin,
            accept: self.accept,
            from: self.from,
            until: self.until,
            reason: self.reason,
            contact: self.contact,
            evidence: self.evidence,
            ..TrustEntry::new(Role::Broker, self.iss)
        })
    }
}

impl VisaIssuer {
    fn into_entry(self) -> Result<TrustEntry, TrustError> {
        no_file(&self.iss, self.jwks_file.as_deref())?;
        Ok(TrustEntry {
            role: Role::VisaIssuer,
            id: self.iss,
            keys: match self.keys {
                Some(KeysText::Pinned(set)) => Keys::Pinned(set),
                Some(KeysText::ByJku(sets)) => Keys::ByJku(sets),
                None => Keys::Fetched,
            },
            jku: self.jku,
            visa_types: self.types,
            sources: self.sources,
            datasets: self.datasets,
            data_classes: self.data_classes,
            speaks_for: self.speaks_for,
            scopes: self.scopes,
            may_link: self.may_link,
            chain: self.chain,
            unique_ids: self.unique_ids,
            passport_without_audience: false,
            stale_grace: Duration::from_secs(self.stale_grace),
            admin: false,
            accept: self.accept,
            from: self.from,
            until: self.until,
            reason: self.reason,
            contact: self.contact,
            evidence: self.evidence,
        })
    }
}

impl From<TrustPolicy> for TrustDocument {
    fn from(policy: TrustPolicy) -> Self {
        let (mut trusted_brokers, mut trusted_visa_issuers) = (Vec::new(), Vec::new());
        for entry in &policy.entries {
            match entry.role {
                Role::Broker => trusted_brokers.push(Broker::of(entry)),
                Role::VisaIssuer => trusted_visa_issuers.push(VisaIssuer::of(entry)),
            }
        }
        Self {
            audience: OneOrMany::Many(policy.audience),
            clock_skew: policy.clock_skew,
            supported_custom_types: policy.supported_custom_types,
            revoked_keys: policy.revoked_keys,
            refused: policy.refused,
            trusted_brokers,
            trusted_visa_issuers,
        }
    }
}

impl Broker {
    fn of(entry: &TrustEntry) -> Self {
        Self {
            iss: entry.id.clone(),
            jwks: match &entry.keys {
                Keys::Pinned(set) => Some(set.clone()),
                Keys::ByJku(sets) => Some(KeySet::joined(sets.values())),
                Keys::Fetched => None,
            },
            passport_without_audience: entry.passport_without_audience,
            stale_grace: entry.stale_grace.as_secs(),
            unique_ids: entry.unique_ids,
            admin: entry.admin,
            accept: entry.accept.clone(),
            from: entry.from,
            until: entry.until,
            reason: entry.reason.clone(),
            contact: entry.contact.clone(),
            jwks_file: None,
            evidence: entry.evidence.clone(),
        }
    }
}

impl VisaIssuer {
    fn of(entry: &TrustEntry) -> Self {
        Self {
            iss: entry.id.clone(),
            types: entry.visa_types.clone(),
            sources: entry.sources.clone(),
            jku: entry.jku.clone(),
            keys: match &entry.keys {
                Keys::Pinned(set) => Some(KeysText::Pinned(set.clone())),
                Keys::ByJku(sets) => Some(KeysText::ByJku(sets.clone())),
                Keys::Fetched => None,
            },
            datasets: entry.datasets.clone(),
            data_classes: entry.data_classes.clone(),
            speaks_for: entry.speaks_for.clone(),
            scopes: entry.scopes.clone(),
            may_link: entry.may_link.clone(),
            chain: entry.chain,
            unique_ids: entry.unique_ids,
            stale_grace: entry.stale_grace.as_secs(),
            accept: entry.accept.clone(),
            from: entry.from,
            until: entry.until,
            reason: entry.reason.clone(),
            contact: entry.contact.clone(),
            jwks_file: None,
            evidence: entry.evidence.clone(),
        }
    }
}
