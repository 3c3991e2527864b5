//! The annotations of policies (policy.md 4): required where they apply, kept for explanations.

use cedar_policy::Effect;

use crate::{decide::DutyKind, error::BundleError};

/// What a policy says of itself to people.
#[derive(Clone, Debug, Eq, PartialEq)]
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
}

impl PolicyNote {
    /// Reads the annotations of a policy or template of `file`; `position` names it as long as it has no id.
    pub(crate) fn read<'a>(
        file: &str,
        position: &str,
        effect: Effect,
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
        })
    }
}
