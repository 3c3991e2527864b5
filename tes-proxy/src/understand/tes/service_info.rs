//! `GET /service-info`: what this TES is; nothing of the backend's storage (E54), nothing that py-tes does not know.

use axum::response::Response;
use serde_json::json;

use crate::{api::Incoming, problem::Problem, proxy::Proxy, router, understand::drs::service_info::template};

/// `GET`; public.
pub(crate) fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    super::mounted(&proxy.0)?;
    let mounts = &proxy.0.config.tes;
    let id = mounts.first().map_or("", |mount| mount.id.as_str());
    // what one of several takes is taken: a task that names it goes there
    let mut keys: Vec<&String> = Vec::new();
    for key in mounts.iter().flat_map(|mount| &mount.backend_parameters) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let mut info = template(&proxy.0, id, "TES", "tes", "1.1.0");
    if incoming.segment(0) == "v1" && incoming.segment(1) == "tasks" {
        // where TES 0.4 had it, in that version's words: py-tes 0.4 asks here alone, and throws on any other member
        let old = json!({ "name": info.get("name"), "doc": info.get("description"), "storage": [] });
        return router::json(&old, None);
    }
    if let Some(members) = info.as_object_mut() {
        members.insert("storage".to_owned(), json!([]));
        members.insert("tesResources_backend_parameters".to_owned(), json!(keys));
    }
    router::json(&info, None)
}
