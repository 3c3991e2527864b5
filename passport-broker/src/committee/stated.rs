//! A purpose as somebody states it for an approval.

use policy_engine::consent::{Categories, Name, ResearchPurpose};

use super::GovernError;

/// Project and institution may stand in the purpose as well: one of both, or the same twice. They are kept beside it.
pub(super) fn one(
    beside: Option<String>,
    inside: &mut Option<Name>,
    what: &'static str,
) -> Result<Option<String>, GovernError> {
    match (beside, inside.take()) {
        (Some(beside), Some(inside)) if beside != inside.as_str() => Err(GovernError::input(
            "purpose.said_twice",
            format!("The purpose names another {what} than the request does."),
        )),
        (Some(named), _) => Ok(Some(named)),
        (None, inside) => Ok(inside.map(|name| name.to_string())),
    }
}

/// A purpose that an approval can record: stated, not barred, commercial or not said so (D4, consent.md 2.3).
pub(crate) fn check_purpose(purpose: &ResearchPurpose) -> Result<(), GovernError> {
    if purpose.categories.is_unstated() {
        return Err(GovernError::input(
            "purpose.unstated",
            "A purpose has to say what the data are for.",
        ));
    }
    if purpose.categories.has_barred() {
        return Err(GovernError::input(
            "purpose.barred",
            "The purpose names a use that no approval can open.",
        ));
    }
    if purpose.categories.meets(Categories::SCOPE) && purpose.categories.aims().is_empty() {
        return Err(GovernError::input(
            "purpose.no_aim",
            "The purpose says whom the work looks at, and not what for.",
        ));
    }
    if purpose.commercial.is_none() {
        return Err(GovernError::input(
            "purpose.commercial",
            "Say whether the use is commercial: `\"commercial\": false` or `true`.",
        ));
    }
    Ok(())
}
