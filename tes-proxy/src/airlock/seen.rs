//! Who may see a request: whoever asked, and whoever may release it. To everybody else it is as unknown as one that
//! never was.

use policy_engine::{
    decide::{Application, ApplicationState, Engine, Facts, GovernQuestion},
    snapshot::RoleGrant,
};
use visa_verifier::{VisaIdentity, seam::Timestamp};

use crate::{
    gate::Caller,
    problem::Problem,
    proxy::Parts,
    store::{Release, StoreError},
};

use super::lineage::Basis;

/// As whom somebody sees a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Seen {
    /// They asked.
    Owner,
    /// They may release it.
    Judge,
}

/// The question whether somebody may release outputs of a dataset.
///
/// # Errors
/// [`StoreError::Inconsistent`] if the owner is no identity.
pub(super) fn question(release: &Release, basis: &Basis, dataset: &str) -> Result<GovernQuestion, StoreError> {
    let applicant: VisaIdentity = release
        .owner
        .parse()
        .map_err(|_| StoreError::Inconsistent { column: "owner" })?;
    Ok(GovernQuestion::OutputRelease(Application {
        id: release.id.clone(),
        dataset: dataset.to_owned(),
        applicant,
        // whoever is linked to the requester is the requester
        beneficiaries: basis.kept.identities().to_vec(),
        institution: basis.institution.clone(),
        votes: 0,
        state: ApplicationState::Submitted,
    }))
}

/// May they release it, or could they with a fresh login?
fn is_judge(engine: &Engine, facts: &Facts, release: &Release, basis: &Basis, now: Timestamp) -> bool {
    basis.lineage.datasets.iter().any(|id| {
        let committee = engine.dataset(id).map(|record| record.dac.as_str());
        let sits = facts
            .roles(now)
            .any(|role| matches!(role, RoleGrant::Committee(own) if Some(own.as_str()) == committee));
        let asked = question(release, basis, id);
        sits || asked.is_ok_and(|question| engine.govern(facts, &question, now).allow())
    })
}

/// As whom this caller sees it; `None`: not at all. `governor`: the caller as administration judges them.
///
/// # Errors
/// [`StoreError::Inconsistent`].
pub(super) fn seen(
    parts: &Parts,
    caller: &Caller,
    governor: &Facts,
    release: &Release,
) -> Result<Option<Seen>, StoreError> {
    if caller.owners().contains(&release.owner) {
        return Ok(Some(Seen::Owner));
    }
    let (engine, now) = (parts.gate.current.load(), parts.gate.now());
    let judge = is_judge(&engine, &on(governor, &engine), release, &Basis::of(release)?, now);
    Ok(judge.then_some(Seen::Judge))
}

/// What governs on a snapshot: facts of another one have lost their roles, since those may be gone.
pub(super) fn on(governor: &Facts, engine: &Engine) -> Facts {
    if governor.are_of(engine.snapshot()) {
        governor.clone()
    } else {
        governor.without_roles()
    }
}

/// A request that the caller may see.
///
/// # Errors
/// 404, 503.
pub(super) async fn found(
    parts: &Parts,
    caller: &Caller,
    governor: &Facts,
    id: &str,
) -> Result<(Release, Seen), Problem> {
    let unknown = || Problem::unknown("release");
    if id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(unknown());
    }
    let release = parts.releases.by_id(id).await?.ok_or_else(unknown)?;
    let seen = seen(parts, caller, governor, &release)?.ok_or_else(unknown)?;
    Ok((release, seen))
}
