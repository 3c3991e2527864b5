//! WES 1.0.1 and 1.1: runs.

pub(crate) mod attached;
pub(crate) mod cancel;
pub(crate) mod form;
pub(crate) mod imports;
pub(crate) mod run;
pub(crate) mod run_log;
pub(crate) mod runs;
pub(crate) mod service_info;
pub(crate) mod tasks;
pub(crate) mod tasks_json;
pub(crate) mod workflow;

use crate::{backend::WesBackend, config::WesMount, problem::Problem, proxy::Parts};

/// The WES of this node.
pub(crate) fn mounted(parts: &Parts) -> Result<(&WesBackend, &WesMount), Problem> {
    match (&parts.wes, &parts.config.wes) {
        (Some(backend), Some(mount)) => Ok((backend, mount)),
        _ => Err(Problem::new(
            http::StatusCode::NOT_FOUND,
            "request.route",
            "this node has no WES",
        )),
    }
}
