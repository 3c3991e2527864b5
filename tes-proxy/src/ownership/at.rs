//! The backend that has a task or run: the one that its row names, and no other. Ids of two backends may be the same.

use crate::{
    backend::{BackendError, TesBackend, WesBackend},
    proxy::Parts,
    store::Work,
};

/// What has a task or run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum At<'p> {
    /// A TES.
    Tes(&'p TesBackend),
    /// A WES.
    Wes(&'p WesBackend),
}

/// Where a row is.
///
/// # Errors
/// [`BackendError::Setup`] if the settings do not name its backend any more.
pub(crate) fn at<'p>(parts: &'p Parts, work: &Work) -> Result<At<'p>, BackendError> {
    match work.kind.as_str() {
        "run" => wes_at(parts, work).map(At::Wes),
        "task" => tes_at(parts, work).map(At::Tes),
        _ => Err(gone("compute")),
    }
}

/// The TES that has a task.
///
/// # Errors
/// As [`at`].
pub(crate) fn tes_at<'p>(parts: &'p Parts, work: &Work) -> Result<&'p TesBackend, BackendError> {
    let mut both = parts.tes.iter().zip(&parts.config.tes);
    let found = both.find(|(_, mount)| work.kind == "task" && mount.key("task") == work.backend);
    found.map(|(backend, _)| backend).ok_or_else(|| gone("TES"))
}

/// The WES that has a run.
///
/// # Errors
/// As [`at`].
pub(crate) fn wes_at<'p>(parts: &'p Parts, work: &Work) -> Result<&'p WesBackend, BackendError> {
    let mut both = parts.wes.iter().zip(&parts.config.wes);
    let found = both.find(|(_, mount)| work.kind == "run" && mount.compute.key("run") == work.backend);
    found.map(|(backend, _)| backend).ok_or_else(|| gone("WES"))
}

const fn gone(api: &'static str) -> BackendError {
    BackendError::Setup {
        api,
        why: "it is not mounted any more",
    }
}
