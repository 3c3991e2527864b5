//! TES 1.1: tasks.

pub(crate) mod cancel;
pub(crate) mod create;
pub(crate) mod grammar;
pub(crate) mod image;
pub(crate) mod io;
mod place;
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

/// Each TES of this node, in the order of the settings; those that are left alone at this moment come last.
pub(crate) fn sites(parts: &Parts) -> Vec<Site<'_>> {
    let both = parts.tes.iter().zip(&parts.config.tes);
    let mut sites: Vec<_> = both.map(|(backend, mount)| Site { backend, mount }).collect();
    sites.sort_by_cached_key(|site| site.backend.is_open());
    sites
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
