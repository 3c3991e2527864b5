//! The annotations of policies (policy.md 4): required where they apply, kept for explanations.

use cedar_policy::Effect;
use serde::Serialize;
use visa_verifier::seam::Timestamp;

use crate::{decide::DutyKind, error::BundleError};

/// Where a policy comes from.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Compiled in; nobody can undo it.
    Baseline,
    /// Shipped, replaceable.
    Standard,
    /// A shipped template; by itself it does nothing.
    Template,
    /// A link of this template.
    Link(String),
    /// A file of a node or committee.
    File(String),
}

impl Origin {
    pub(super) fn of(file: &str, shipped: bool) -> Self {
        match file {
            "baseline.cedar" if shipped => Self::Baseline,
            "standard.cedar" if shipped => Self::Standard,
            "templates.cedar" if shipped => Self::Template,
            _ => Self::File(file.to_owned()),
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Baseline => f.write_str("baseline"),
            Self::Standard => f.write_str("standard"),
            Self::Template => f.write_str("template"),
            Self::Link(template) => write!(f, "link of {template}"),
            Self::File(file) => f.write_str(file),
        }
    }
}

/// What a policy says of itself to people.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct PolicyNote {
    /// `@id`.
    pub id: String,
    /// Whether it forbids.
    pub forbids: bool,
    /// `@reason`: one sentence to the person asking.
    pub reason: String,
    /// `@code`, on forbids.
    pub code: String,
    /// `@remedy`, on forbids.
    pub remedy: String,
    /// `@needs`, on permits.
    pub needs: String,
    /// `@obligation`, on permits: a duty of the node.
    pub duty: Option<DutyKind>,
    /// `@params`, on templates: what fills its slots.
    pub params: String,
    /// Where it comes from.
    pub origin: Origin,
    /// In observe mode until then: what it would deny is recorded and let through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_until: Option<Timestamp>,
}

impl PolicyNote {
    /// Reads the annotations of a policy or template of `file`; `position` names it as long as it has no id.
    pub(crate) fn read<'a>(
        file: &str,
        position: &str,
        effect: Effect,
        shipped: bool,
        annotation: impl Fn(&'static str) -> Option<&'a str>,
    ) -> Result<Self, BundleError> {
        let forbids = effect == Effect::Forbid;
        let id = annotation("id").filter(|id| !id.is_empty()).unwrap_or(position);
        let need = |name: &'static str| {
            annotation(name)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
                .ok_or_else(|| BundleError::Annotation {
                    file: file.to_owned(),
                    policy: id.to_owned(),
                    annotation: name,
                })
        };
        let on = |when: bool, name| if when { need(name) } else { Ok(String::new()) };
        let duty = match annotation("obligation").map(|word| (word, DutyKind::from_name(word))) {
            None => None,
            Some((_, Some(kind))) if !forbids => Some(kind),
            Some(_) => {
                return Err(BundleError::Annotation {
                    file: file.to_owned(),
                    policy: id.to_owned(),
                    annotation: "obligation (a duty of a permit, in a known word)",
                });
            }
        };
        Ok(Self {
            id: need("id")?,
            forbids,
            reason: need("reason")?,
            code: on(forbids, "code")?,
            remedy: on(forbids, "remedy")?,
            needs: on(!forbids, "needs")?,
            duty,
            params: annotation("params").unwrap_or_default().to_owned(),
            origin: Origin::of(file, shipped),
            observed_until: None,
        })
    }
}
