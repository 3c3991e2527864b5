//! DRS 1.2 to 1.5: descriptions, access URLs, bytes.

pub(crate) mod access;
pub(crate) mod authorizations;
pub(crate) mod bulk;
mod bundle;
pub(crate) mod bytes;
mod conditional;
mod member;
pub(crate) mod objects;
pub(crate) mod service_info;

use policy_engine::intent::{Action, DataRef, DrsId, Intent};

use crate::{api::Incoming, backend::DrsBackend, problem::Problem, proxy::Parts};

/// The id of a route, decoded once.
pub(crate) fn id(incoming: &Incoming) -> Result<DrsId, Problem> {
    DrsId::decoded(incoming.segment(4)).map_err(|refused| Problem::refused(refused.code(), refused.to_string()))
}

/// What asking for one object of ours means.
pub(crate) fn intent(action: Action, id: DrsId) -> Intent {
    let mut intent = Intent::new(action);
    // one read never crosses the bound of an intent
    let _ = intent.read(DataRef::local(id), "");
    intent
}

/// The DRS of this node.
pub(crate) fn backend(proxy: &Parts) -> Result<&DrsBackend, Problem> {
    proxy
        .drs
        .as_ref()
        .ok_or_else(|| Problem::new(http::StatusCode::NOT_FOUND, "request.route", "this node has no DRS"))
}
