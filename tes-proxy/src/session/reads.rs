//! What a session's datasets stand for: the whole dataset; where participants or objects of it are held, its objects
//! that are not.

use policy_engine::{
    consent::Name,
    decide::{Engine, Facts},
    intent::{DataRef, DrsId},
};
use visa_verifier::seam::Timestamp;

/// Objects of one dataset that are looked at one by one.
const OBJECTS: usize = 5_000;

/// Is a part of this dataset held, and not the whole?
pub(crate) fn is_partly_held(engine: &Engine, dataset: &str) -> bool {
    let snapshot = engine.snapshot();
    snapshot.holds.iter().any(|hold| hold.dataset == dataset)
        || engine
            .dataset(dataset)
            .is_some_and(|record| !record.consent.holds.is_empty())
}

/// Would a use of this object be stopped by a hold?
pub(crate) fn is_held(engine: &Engine, facts: &Facts, object: &DrsId, now: Timestamp) -> bool {
    engine.is_held(Some(facts), object, now)
}

/// The data that a dataset stands for.
pub(crate) fn reads(engine: &Engine, facts: &Facts, dataset: &str, now: Timestamp) -> Vec<DataRef> {
    let whole = vec![DataRef::Dataset(dataset.to_owned())];
    // what nobody may know of is told by the engine, for the dataset as a whole
    if !is_partly_held(engine, dataset) || !engine.may_know(facts, dataset, now) {
        return whole;
    }
    let Ok(name) = Name::try_from(dataset) else {
        return whole;
    };
    let objects = &engine.snapshot().objects;
    if objects.count_of(&name) > OBJECTS {
        return whole;
    }
    let mut open = Vec::new();
    for record in objects.of_dataset(&name) {
        if let Ok(id) = DrsId::decoded(record.id.as_str())
            && !is_held(engine, facts, &id, now)
        {
            open.push(DataRef::local(id));
        }
    }
    if open.is_empty() { whole } else { open }
}
