//! TES 1.1: tasks.

pub(crate) mod cancel;
pub(crate) mod create;
pub(crate) mod grammar;
pub(crate) mod image;
pub(crate) mod io;
pub(crate) mod service_info;
pub(crate) mod submit;
pub(crate) mod task;
pub(crate) mod tasks;
mod version;

use crate::{backend::TesBackend, config::ComputeMount, problem::Problem, proxy::Parts};

/// One TES behind the gate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'p> {
    /// The way to it.
    pub(crate) backend: &'p TesBackend,
    /// What is laid down for it.
    pub(crate) mount: &'p ComputeMount,
}

/// Each TES of this node, in the order of the settings.
pub(crate) fn sites(parts: &Parts) -> impl Iterator<Item = Site<'_>> {
    let both = parts.tes.iter().zip(&parts.config.tes);
    both.map(|(backend, mount)| Site { backend, mount })
}

/// Has this node a TES?
///
/// # Errors
/// 404 if it has none.
pub(crate) fn mounted(parts: &Parts) -> Result<(), Problem> {
    if parts.tes.is_empty() {
        return Err(Problem::new(
            http::StatusCode::NOT_FOUND,
            "request.route",
            "this node has no TES",
        ));
    }
    Ok(())
}
