//! `GET /service-info`: what this WES takes; nothing of other people's runs (E54).

use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::{api::Incoming, problem::Problem, proxy::Proxy, router, understand::drs::service_info::template};

/// `GET`; public.
pub(crate) fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    let (_, mount) = super::mounted(&proxy.0)?;
    let types: Map<String, Value> = mount
        .types
        .iter()
        .map(|kind| (kind.name.clone(), json!({"workflow_type_version": kind.versions})))
        .collect();
    let engines: Map<String, Value> = mount
        .types
        .iter()
        .map(|kind| (kind.name.clone(), json!({"workflow_engine_version": kind.versions})))
        .collect();
    let mut info = template(&proxy.0, &mount.compute.id, "WES", "wes", "1.1.0");
    if let Some(members) = info.as_object_mut() {
        members.insert("workflow_type_versions".to_owned(), Value::Object(types));
        members.insert("supported_wes_versions".to_owned(), json!(["1.0.1", "1.1.0"]));
        members.insert("supported_filesystem_protocols".to_owned(), json!(["drs", "https"]));
        members.insert("workflow_engine_versions".to_owned(), Value::Object(engines));
        members.insert("default_workflow_engine_parameters".to_owned(), json!([]));
        members.insert("system_state_counts".to_owned(), json!({}));
        members.insert(
            "auth_instructions_url".to_owned(),
            json!(mount.auth_instructions.as_str()),
        );
        members.insert("tags".to_owned(), json!({}));
    }
    router::json(&info, None)
}
