//! What a request is for: the first source that says it, narrowed by the session (consent.md 2.3).

use visa_verifier::seam::Timestamp;

use super::{Engine, Facts};
use crate::{
    consent::{Dataset, NarrowError, ResearchPurpose, recorded_purpose},
    intent::Intent,
};

/// The purpose of a request for these datasets.
///
/// # Errors
/// [`NarrowError`] if the session's header can't narrow it: the request is refused.
pub(crate) fn purpose(
    engine: &Engine,
    facts: &Facts,
    intent: &Intent,
    datasets: &[&Dataset],
    now: Timestamp,
) -> Result<ResearchPurpose, NarrowError> {
    let session = facts.session();
    let recorded = || {
        let approvals = facts.derived.grants.iter().map(|grant| &grant.approval);
        recorded_purpose(datasets.iter().copied(), approvals, &facts.derived.user, now)
    };
    let stated = intent
        .purpose
        .clone()
        .or_else(|| session.token_purpose.clone())
        .or_else(recorded)
        .or_else(|| session.default_purpose.clone())
        .unwrap_or_else(ResearchPurpose::unstated);
    match &session.narrow {
        Some(narrow) => stated.narrow(narrow, engine.tables.diseases()),
        None => Ok(stated),
    }
}
