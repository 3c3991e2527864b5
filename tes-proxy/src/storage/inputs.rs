//! A session's inputs by their names at the door: `s3://visum-inputs/<dataset>/<DRS id>`, and the buckets in which the
//! catalogue says that they lie.

use policy_engine::{consent::Name, decide::Engine};

use crate::session::{Spec, folder};

/// The object of a key below [`crate::session::INPUTS`], if it is one of the session's.
pub(crate) fn input_at(engine: &Engine, spec: &Spec, key: &str) -> Option<String> {
    let (dataset, id) = below(engine, spec, key)?;
    let record = engine.snapshot().objects.object(id)?;
    (record.dataset.as_str() == dataset).then(|| record.id.as_str().to_owned())
}

/// The dataset whose folder a key lies in, and the rest of the key.
pub(super) fn below<'s, 'k>(engine: &Engine, spec: &'s Spec, key: &'k str) -> Option<(&'s str, &'k str)> {
    spec.datasets.iter().find_map(|dataset| {
        let rest = key.strip_prefix(&folder(engine, dataset))?.strip_prefix('/')?;
        Some((dataset.as_str(), rest))
    })
}

/// The object that the catalogue places at `s3://bucket/key`, if it is one of the session's.
pub(super) fn catalogued(engine: &Engine, spec: &Spec, bucket: &str, key: &str) -> Option<String> {
    let found = engine.snapshot().objects.at_url(&format!("s3://{bucket}/{key}"));
    let own = found
        .iter()
        .find(|record| spec.datasets.iter().any(|id| id == record.dataset.as_str()))?;
    Some(own.id.as_str().to_owned())
}

/// The prefixes of a catalogued bucket that belong to the session's datasets.
pub(super) fn prefixes(engine: &Engine, spec: &Spec, bucket: &str) -> Vec<String> {
    let front = format!("s3://{bucket}/");
    let own = engine
        .snapshot()
        .prefixes
        .iter()
        .filter(|record| spec.datasets.iter().any(|id| id == record.dataset.as_str()));
    own.filter_map(|record| record.prefix.strip_prefix(&front).map(str::to_owned))
        .collect()
}

/// Names and ids of the inputs in a bucket: all of them, by the order of their bytes.
pub(super) fn all(engine: &Engine, spec: &Spec, bucket: &str, is_own_bucket: bool) -> Vec<(String, String)> {
    let front = format!("s3://{bucket}/");
    let mut names = Vec::new();
    for dataset in &spec.datasets {
        let Ok(name) = Name::try_from(dataset.as_str()) else {
            continue;
        };
        let folder = folder(engine, dataset);
        for record in engine.snapshot().objects.of_dataset(&name) {
            let id = record.id.as_str();
            if is_own_bucket {
                names.push((format!("{folder}/{id}"), id.to_owned()));
                continue;
            }
            let here = record.urls.iter().filter_map(|url| url.strip_prefix(&front));
            names.extend(here.map(|key| (key.to_owned(), id.to_owned())));
        }
    }
    names.sort();
    names
}
