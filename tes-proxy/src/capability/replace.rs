//! What a task or run reads, by capability URLs of the storage door (D6): one a work and object.

use std::collections::{BTreeMap, BTreeSet};

use policy_engine::{
    intent::{DataRef, ObjectRef},
    snapshot::Snapshot,
};
use visa_verifier::seam::Timestamp;

use crate::{problem::Problem, proxy::Parts, storage::guarded};

use super::{Use, WorkCapability};

/// The DRS object whose bytes a reference names, if this node can serve them.
pub(crate) fn object_of(snapshot: &Snapshot, data: &DataRef) -> Option<String> {
    match data {
        DataRef::Object(ObjectRef::Local(id) | ObjectRef::Host { id, .. }) => snapshot
            .objects
            .object(id.as_str())
            .map(|record| record.id.as_str().to_owned()),
        DataRef::Storage(url) => snapshot
            .objects
            .at_url(&url.to_string())
            .first()
            .map(|record| record.id.as_str().to_owned()),
        // compact ids need a table of prefixes, which this node has not
        DataRef::Object(ObjectRef::Compact { .. }) | DataRef::Dataset(_) => None,
    }
}

/// Capability URLs of one task or run, by object.
#[derive(Debug, Default)]
pub(crate) struct Capabilities {
    urls: BTreeMap<String, String>,
}

impl Capabilities {
    /// A URL for each object, good until `until` for the work `id`.
    ///
    /// `until`: the latest end of the work. That it is still permitted is asked at each use.
    ///
    /// # Errors
    /// 500 if one cannot be sealed, 403 for compute-only data at a door that is open to every address.
    pub(crate) fn mint(
        parts: &Parts,
        snapshot: &Snapshot,
        id: &str,
        objects: &BTreeSet<String>,
        until: Timestamp,
    ) -> Result<Self, Problem> {
        let fault = || {
            Problem::new(
                http::StatusCode::INTERNAL_SERVER_ERROR,
                "capability.seal",
                "a capability could not be made",
            )
        };
        let mut urls = BTreeMap::new();
        for object in objects {
            let dataset = snapshot
                .objects
                .object(object)
                .map(|record| record.dataset.as_str().to_owned())
                .ok_or_else(fault)?;
            let mode = snapshot.datasets.iter().find(|record| record.id() == dataset);
            guarded(parts, mode.map(|record| record.mode))?;
            let capability = WorkCapability {
                id: parts.gate.id(),
                work: id.to_owned(),
                object: object.clone(),
                dataset,
                until: until.unix(),
            };
            let sealed = parts
                .sealer
                .seal(Use::Work, &capability, parts.gate.nonce())
                .map_err(|_| fault())?;
            urls.insert(object.clone(), format!("{}visum/data/{sealed}", parts.config.door_url));
        }
        Ok(Self { urls })
    }

    /// The URL of an object.
    pub(crate) fn url(&self, object: &str) -> Option<&str> {
        self.urls.get(object).map(String::as_str)
    }
}

/// The objects behind references, or what to tell of one that this node cannot serve by capability.
///
/// # Errors
/// 400 naming the place.
pub(crate) fn objects<'r>(
    snapshot: &Snapshot,
    reads: impl Iterator<Item = (&'r DataRef, &'r str)>,
) -> Result<BTreeSet<String>, Problem> {
    let mut objects = BTreeSet::new();
    for (data, place) in reads {
        let object = object_of(snapshot, data).ok_or_else(|| {
            Problem::refused(
                "task.input_unserved",
                format!("`{place}`: the bytes behind it are no object of this node's DRS; name the objects by drs://"),
            )
        })?;
        objects.insert(object);
    }
    Ok(objects)
}
