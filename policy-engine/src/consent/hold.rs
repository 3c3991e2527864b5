//! `ConsentHold`: what is stopped, since when, and why (`consent.md` 2.8, 5.1).

use serde::{Deserialize, Serialize};
use visa_verifier::seam::Timestamp;

use super::name::Name;
use super::word::words;

words! {
    /// Why data are held. [`HoldKind::Veto`] bars people and projects, the others hold data.
    HoldKind, "kind of hold" {
        /// Participants took their consent back.
        Withdrawn = "withdrawn",
        /// Consent is in dispute.
        Disputed = "disputed",
        /// Consent has ended.
        Expired = "expired",
        /// Participants are being asked anew.
        Reconsent = "reconsent",
        /// EHDS article 71: binds approvals given after it, not earlier ones.
        OptOut = "opt_out",
        /// A committee or node bars a person or project.
        Veto = "veto",
    }
}

words! {
    /// What a hold reaches.
    HoldScope, "scope of a hold" {
        /// The whole dataset.
        Dataset = "dataset",
        /// A consent group.
        Group = "group",
        /// An object.
        Object = "object",
        /// A participant, by the node's pseudonym.
        Participant = "participant",
        /// A person, by an identity that is presented. Vetoes only.
        User = "user",
        /// A project. Vetoes only.
        Project = "project",
    }
}

/// A hold, in force from `from` until before `until`. Ended, never erased.
///
/// INVARIANT: a veto has scope user or project and no other kind has; every scope but dataset has a target.
/// `ConsentHold::new` and reading keep it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Wire")]
pub struct ConsentHold {
    id: Name,
    kind: HoldKind,
    scope: HoldScope,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Name>,
    from: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

/// A hold whose kind, scope and target do not go together.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HoldError {
    /// A veto of data, or another kind against people.
    #[error("a veto has scope user or project, and no other kind has")]
    Scope,
    /// No target where one is needed.
    #[error("a hold of this scope names its target")]
    Target,
}

impl ConsentHold {
    /// A hold, in force from `from`.
    ///
    /// # Errors
    /// [`HoldError`] if kind, scope and target do not go together.
    pub fn new(
        id: Name,
        kind: HoldKind,
        scope: HoldScope,
        target: Option<Name>,
        from: Timestamp,
        until: Option<Timestamp>,
    ) -> Result<Self, HoldError> {
        let bars = matches!(scope, HoldScope::User | HoldScope::Project);
        if bars != (kind == HoldKind::Veto) {
            return Err(HoldError::Scope);
        }
        if target.is_none() && scope != HoldScope::Dataset {
            return Err(HoldError::Target);
        }
        Ok(Self {
            id,
            kind,
            scope,
            target,
            from,
            until,
        })
    }

    /// Its id, given by who placed it.
    #[must_use]
    pub fn id(&self) -> &Name {
        &self.id
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> HoldKind {
        self.kind
    }

    /// What it reaches.
    #[must_use]
    pub fn scope(&self) -> HoldScope {
        self.scope
    }

    /// Which group, object, participant, person or project; None for a whole dataset.
    #[must_use]
    pub fn target(&self) -> Option<&Name> {
        self.target.as_ref()
    }

    /// Its first second.
    #[must_use]
    pub fn from(&self) -> Timestamp {
        self.from
    }

    /// The second at which it no longer holds.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// The same hold, ended at a moment (by its origin, 5.1).
    #[must_use]
    pub fn ended(mut self, at: Timestamp) -> Self {
        self.until = Some(self.until.map_or(at, |until| until.min(at)));
        self
    }

    /// Whether it is in force: `from ≤ now < until`.
    #[must_use]
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    id: Name,
    kind: HoldKind,
    scope: HoldScope,
    #[serde(default)]
    target: Option<Name>,
    from: Timestamp,
    #[serde(default)]
    until: Option<Timestamp>,
}

impl TryFrom<Wire> for ConsentHold {
    type Error = HoldError;

    fn try_from(wire: Wire) -> Result<Self, HoldError> {
        Self::new(wire.id, wire.kind, wire.scope, wire.target, wire.from, wire.until)
    }
}
