//! WES 1.0.1 and 1.1: runs.

pub(crate) mod attached;
pub(crate) mod cancel;
pub(crate) mod form;
pub(crate) mod imports;
pub(crate) mod place;
pub(crate) mod run;
pub(crate) mod run_log;
pub(crate) mod runs;
pub(crate) mod service_info;
pub(crate) mod tasks;
pub(crate) mod tasks_json;
pub(crate) mod workflow;

use crate::{backend::WesBackend, config::WesMount, problem::Problem, proxy::Parts};

/// One WES behind the gate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'p> {
    /// The way to it.
    pub(crate) backend: &'p WesBackend,
    /// What is laid down for it.
    pub(crate) mount: &'p WesMount,
}

/// Each WES of this node, in the order of the settings; those that are left alone at this moment come last.
pub(crate) fn sites(parts: &Parts) -> Vec<Site<'_>> {
    let both = parts.wes.iter().zip(&parts.config.wes);
    let mut sites: Vec<_> = both.map(|(backend, mount)| Site { backend, mount }).collect();
    sites.sort_by_cached_key(|site| site.backend.is_open());
    sites
}

/// Has this node a WES?
///
/// # Errors
/// 404 if it has none.
pub(crate) fn mounted(parts: &Parts) -> Result<(), Problem> {
    if parts.wes.is_empty() {
        return Err(Problem::new(
            http::StatusCode::NOT_FOUND,
            "request.route",
            "this node has no WES",
        ));
    }
    Ok(())
}
