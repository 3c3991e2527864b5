//! The credential of a run: an engine that sends the run's tasks through this gate again does so with it, and they keep
//! the person, the purpose and the datasets of the run (`apis.md` 1.4, E75). It is the token of a session whose row is the
//! run itself: it ends with the run, and the person never sees it.

use visa_verifier::seam::Timestamp;

use crate::{
    api::{encode, tes::Task},
    capability::{Use, WorkCapability},
    config::RunTokenRules,
    gate::{Caller, Permit},
    problem::Problem,
    proxy::Parts,
    store::{StoreError, Work},
};

use super::{
    spec::{SessionAction, Spec},
    token,
};

/// The kind of its row.
pub(crate) const RUN: &str = "run";

/// What an engine may do with the credential: send the run's tasks, see them, cancel them. It sends no further runs.
const ACTIONS: [SessionAction; 3] = [
    SessionAction::TesCreate,
    SessionAction::TesRead,
    SessionAction::TesCancel,
];

/// The bounds of a run that was permitted. Those of a session that sent it go on.
///
/// # Errors
/// 503 if what it rests on cannot be kept.
pub(crate) fn bounds(caller: &Caller, permit: &Permit, project: Option<String>) -> Result<Spec, Problem> {
    let (engine, decision) = (&permit.decided.engine, &permit.decided.decision);
    let kept = caller
        .facts(engine.snapshot())
        .keep(decision)
        .ok_or(StoreError::Inconsistent { column: "basis" })?;
    let datasets: Vec<String> = decision.rests_on().datasets.iter().cloned().collect();
    let above = caller.scope.as_ref().map(|session| &session.spec);
    Ok(Spec {
        images: above.map(|spec| spec.images.clone()).unwrap_or_default(),
        sinks: above.map(|spec| spec.sinks.clone()).unwrap_or_default(),
        actions: ACTIONS.to_vec(),
        project,
        purpose: kept.purpose().cloned(),
        compute_only: datasets.iter().any(|id| {
            let mode = engine.dataset(id).map(|record| record.mode);
            mode != Some(policy_engine::snapshot::DatasetMode::Download)
        }),
        any_code: above.is_none_or(|spec| spec.any_code),
        datasets,
    })
}

/// The engine parameters that give a run's credential to its engine.
pub(crate) fn parameters<'r>(
    parts: &Parts,
    rules: &'r RunTokenRules,
    id: &str,
    until: Timestamp,
) -> impl Iterator<Item = (&'r String, String)> {
    let now = parts.gate.now().unix();
    let token = token::make(&parts.config, &parts.door_keys, id, now, until.unix());
    let with = rules.with.iter().map(|(name, value)| (name, value.clone()));
    with.chain([(&rules.parameter, token)])
}

/// An engine has its run's data by the run's capabilities and names them so in its tasks: each is the object that it
/// opens, and its task gets a capability of its own. A capability of anything else stays what it is: an address of nobody.
///
/// # Errors
/// [`Problem`] for one that is not of this run.
pub(crate) fn own_inputs(parts: &Parts, caller: &Caller, task: &mut Task) -> Result<(), Problem> {
    let Some(run) = caller.scope.as_ref().filter(|scope| scope.work.kind == RUN) else {
        return Ok(());
    };
    let (door, host) = (
        format!("{}visum/data/", parts.config.door_url),
        parts.config.drs.as_ref().map(|drs| drs.uri_host.as_str()),
    );
    for (at, input) in task.inputs.iter_mut().flatten().enumerate() {
        let Some(sealed) = input.url.as_deref().and_then(|url| url.strip_prefix(&door)) else {
            continue;
        };
        let sealed = sealed.split('/').next().unwrap_or_default();
        let opened: Option<WorkCapability> = parts.sealer.open(Use::Work, sealed).ok();
        let own = opened.filter(|capability| capability.work == run.work.id);
        let (Some(own), Some(host)) = (own, host) else {
            return Err(Problem::refused(
                "task.input_unserved",
                format!("`inputs[{at}].url` is no capability of this run"),
            ));
        };
        input.url = Some(format!("drs://{host}/{}", encode(&own.object)));
    }
    Ok(())
}

/// The bounds of a run, of its row.
///
/// # Errors
/// [`StoreError::Inconsistent`], also for a run whose engine was given no credential.
pub(super) fn kept(work: &Work) -> Result<Spec, StoreError> {
    #[derive(serde::Deserialize)]
    struct Kept {
        bounds: Option<Spec>,
    }
    let fault = || StoreError::Inconsistent { column: "request" };
    let kept: Kept = serde_json::from_str(&work.request).map_err(|_| fault())?;
    kept.bounds.ok_or_else(fault)
}
