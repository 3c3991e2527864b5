//! Seeing, reading the logs of, or cancelling work that is there already.

use visa_verifier::seam::Timestamp;

use super::{
    Decision, Engine, Facts, WorkItem,
    answer::Draft,
    ask::{Asked, Question},
};
use crate::{
    consent::Access,
    entity::{CallContext, WorkPart, uid},
    error::EngineError,
    intent::Action,
    snapshot::DatasetMode,
};

/// Judges one action on one task or run.
pub(crate) fn decide(engine: &Engine, facts: &Facts, action: Action, item: &WorkItem, now: Timestamp) -> Decision {
    let mut draft = Draft::new(action, facts, now);
    let asked = ask(engine, facts, action, item, now);
    draft.take(engine, asked, None, Some(&item.id));
    draft.rests_on.datasets.extend(item.datasets.iter().cloned());
    // The person's house takes no part: ownership, teams and roles decide.
    let question = serde_json::to_string(&(action, item)).unwrap_or_default();
    draft.finish(engine, facts, &question)
}

fn ask(engine: &Engine, facts: &Facts, action: Action, item: &WorkItem, now: Timestamp) -> Result<Asked, EngineError> {
    let types = &engine.schema.types;
    let records: Vec<_> = item.datasets.iter().filter_map(|id| engine.dataset(id)).collect();
    let work = WorkPart {
        datasets: item.datasets.clone(),
        // A dataset that is gone counts as the strictest.
        controlled: records.len() < item.datasets.len()
            || records.iter().any(|record| record.consent.access == Access::Controlled),
        compute_only: records.len() < item.datasets.len()
            || records.iter().any(|record| record.mode == DatasetMode::ComputeOnly),
        body_seen: true,
        ..WorkPart::default()
    };
    let context = CallContext {
        now,
        facts,
        stopped: engine.is_stopped(facts, &item.datasets),
        work: &work,
    };
    let (resource, mut own) = engine.work_things(facts, item, now)?;
    own.extend(engine.caller_things(facts, None, now)?);
    let seeds = facts
        .session()
        .country
        .iter()
        .map(|code| uid(&types.country, code))
        .collect();
    let context = context.build(types)?;
    engine.ask(Question {
        action,
        principal: engine.caller(facts),
        resource,
        own,
        seeds,
        context,
        now,
    })
}
