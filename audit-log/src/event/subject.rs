//! What was touched, why it was allowed, where it went, what it changed.
//!
//! Fields stand in the alphabetical order of their names in the log: the canonical encoding rests on it
//! (`encoding.rs` checks).

use serde::{Deserialize, Serialize};

use super::word::{AboutKind, Basis, DataClass, Mode, Verdict};
use super::{Digest, Name};
use crate::pseudonym::PersonKey;

/// One dataset, or one object of it, that an event is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct What {
    /// Data category (EHDS word).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Name>,
    /// Data class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<DataClass>,
    /// The dataset's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<Name>,
    /// Whether it may be downloaded or only computed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Salted digest of the object's id, or before the event is written the id itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Name>,
    /// First byte and last byte (inclusive) that were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<(u64, u64)>,
}

impl What {
    /// A dataset, by its id.
    #[must_use]
    pub fn dataset(id: impl Into<Name>) -> Self {
        Self {
            dataset: Some(id.into()),
            ..Self::default()
        }
    }

    /// Something that belongs to no dataset we know (a denied, unmapped object).
    #[must_use]
    pub fn unmapped() -> Self {
        Self::default()
    }

    /// An object of it. The log keeps only a digest with the log's own salt.
    #[must_use]
    pub fn object(mut self, id: impl Into<Name>) -> Self {
        self.object = Some(id.into());
        self
    }

    /// The data class.
    #[must_use]
    pub fn class(mut self, class: DataClass) -> Self {
        self.class = Some(class);
        self
    }

    /// The data category.
    #[must_use]
    pub fn category(mut self, category: impl Into<Name>) -> Self {
        self.category = Some(category.into());
        self
    }

    /// Download or compute-only.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// The byte range, both ends inclusive.
    #[must_use]
    pub fn range(mut self, first: u64, last: u64) -> Self {
        self.range = Some((first, last));
        self
    }
}

/// Why it was allowed or denied (ISO 27789 purpose of use, GDPR Art. 30, EHDS permit).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// What the purpose rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// Category words of the purpose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Name>,
    /// The deciding code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Name>,
    /// The decision's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Name>,
    /// Digest of the sealed facts record; the writer sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Digest>,
    /// Permit or legal ground, by reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<Name>,
    /// Policies in observe mode that would have denied and let it through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observed: Vec<Name>,
    /// Policies that decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Name>,
    /// The purpose's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Name>,
    /// The snapshot's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Name>,
    /// Until when it holds, in Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// What the consent engine said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Digests of the visas it rests on (`jti` and issuer).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visas: Vec<Digest>,
}

impl Why {
    /// By this decision.
    #[must_use]
    pub fn decision(id: impl Into<Name>) -> Self {
        Self {
            decision: Some(id.into()),
            ..Self::default()
        }
    }

    /// For this code alone, without a decision of the engine.
    #[must_use]
    pub fn code(code: impl Into<Name>) -> Self {
        Self {
            code: Some(code.into()),
            ..Self::default()
        }
    }

    /// With the deciding code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Name>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// With the policies that decided.
    #[must_use]
    pub fn policies<N: Into<Name>>(mut self, ids: impl IntoIterator<Item = N>) -> Self {
        self.policies = ids.into_iter().map(Into::into).collect();
        self
    }

    /// With the policies in observe mode that would have denied it.
    #[must_use]
    pub fn observed<N: Into<Name>>(mut self, ids: impl IntoIterator<Item = N>) -> Self {
        self.observed = ids.into_iter().map(Into::into).collect();
        self
    }

    /// With the digests of the visas it rests on.
    #[must_use]
    pub fn visas(mut self, digests: impl IntoIterator<Item = Digest>) -> Self {
        self.visas = digests.into_iter().collect();
        self
    }

    /// With the purpose's id, what it rests on, and its category words.
    #[must_use]
    pub fn purpose<N: Into<Name>>(
        mut self,
        id: Option<Name>,
        basis: Basis,
        categories: impl IntoIterator<Item = N>,
    ) -> Self {
        self.purpose = id;
        self.basis = Some(basis);
        self.categories = categories.into_iter().map(Into::into).collect();
        self
    }

    /// With the consent engine's verdict.
    #[must_use]
    pub fn verdict(mut self, verdict: Verdict) -> Self {
        self.verdict = Some(verdict);
        self
    }

    /// With the version of the snapshot.
    #[must_use]
    pub fn snapshot(mut self, version: impl std::fmt::Display) -> Self {
        self.snapshot = Some(Name::new(&version.to_string()));
        self
    }

    /// With the permit or legal ground.
    #[must_use]
    pub fn ground(mut self, reference: impl Into<Name>) -> Self {
        self.ground = Some(reference.into());
        self
    }

    /// Valid until, in Unix seconds.
    #[must_use]
    pub fn until(mut self, unix: i64) -> Self {
        self.until = Some(unix);
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Where data went (GDPR Art. 30 recipients, third countries).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Where {
    /// The recipient's country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Name>,
    /// The recipient institution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<Name>,
    /// Where it is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Name>,
}

/// The digests of one governed row before and after a change (D16); new rows have no `before`, removed ones no `after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowChange {
    /// Digest of the row as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Digest>,
    /// Digest of the row as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Digest>,
}

/// What a change did: rows, who agreed, and the digest of the reason's text (the text itself never).
#[derive(Clone, Debug, Default)]
pub struct Did {
    pub(crate) rows: Vec<RowChange>,
    pub(crate) approvers: Vec<PersonKey>,
    pub(crate) reason: Option<Digest>,
}

impl Did {
    /// Changed one row.
    #[must_use]
    pub fn row(before: Option<Digest>, after: Option<Digest>) -> Self {
        Self {
            rows: vec![RowChange { after, before }],
            ..Self::default()
        }
    }

    /// Changed one more row.
    #[must_use]
    pub fn and_row(mut self, before: Option<Digest>, after: Option<Digest>) -> Self {
        self.rows.push(RowChange { after, before });
        self
    }

    /// Agreed to by this person.
    #[must_use]
    pub fn approver(mut self, key: &PersonKey) -> Self {
        self.approvers.push(key.clone());
        self
    }

    /// With the digest of the reason's text.
    #[must_use]
    pub fn reason(mut self, digest: Digest) -> Self {
        self.reason = Some(digest);
        self
    }
}

/// A thing that the event names by its id: the task, the grant, the hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Its id; never a person, never a sample.
    pub id: Name,
    /// What kind of thing.
    pub kind: AboutKind,
}

/// A peer's checkpoint head, entered here (cross-anchoring, audit.md section 1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// The peer log's origin.
    pub origin: Name,
    /// Its root hash.
    pub root: Digest,
    /// Its size.
    pub size: u64,
}
