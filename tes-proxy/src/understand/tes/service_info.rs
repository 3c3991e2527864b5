//! `GET /service-info`: what this TES is; nothing of the backend's storage (E54), nothing that py-tes does not know.

use axum::response::Response;
use serde_json::json;

use crate::{api::Incoming, problem::Problem, proxy::Proxy, router, understand::drs::service_info::template};

/// `GET`; public.
pub(crate) fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    let (_, mount) = super::mounted(&proxy.0)?;
    let mut info = template(&proxy.0, &mount.id, "TES", "tes", "1.1.0");
    if let Some(members) = info.as_object_mut() {
        members.insert("storage".to_owned(), json!([]));
        members.insert(
            "tesResources_backend_parameters".to_owned(),
            json!(mount.backend_parameters),
        );
    }
    router::json(&info, None)
}
