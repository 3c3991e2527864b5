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

/// The TES of this node.
pub(crate) fn mounted(parts: &Parts) -> Result<(&TesBackend, &ComputeMount), Problem> {
    match (&parts.tes, &parts.config.tes) {
        (Some(backend), Some(mount)) => Ok((backend, mount)),
        _ => Err(Problem::new(
            http::StatusCode::NOT_FOUND,
            "request.route",
            "this node has no TES",
        )),
    }
}
