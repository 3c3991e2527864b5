//! `GET /service-info`: what this WES takes; nothing of other people's runs (E54).

use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::{
    api::Incoming, config::WorkflowType, problem::Problem, proxy::Proxy, router,
    understand::drs::service_info::template,
};

/// Each type once, with the versions that one of the backends takes: a run of it goes there.
fn merged<'k>(kinds: impl Iterator<Item = &'k WorkflowType>) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for kind in kinds {
        let at = all
            .iter()
            .position(|(name, _)| name.eq_ignore_ascii_case(&kind.name))
            .unwrap_or(all.len());
        if at == all.len() {
            all.push((kind.name.clone(), Vec::new()));
        }
        if let Some((_, versions)) = all.get_mut(at) {
            for version in &kind.versions {
                if !versions.contains(version) {
                    versions.push(version.clone());
                }
            }
        }
    }
    all
}

/// `GET`; public.
pub(crate) fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    super::mounted(&proxy.0)?;
    let mounts = &proxy.0.config.wes;
    let Some(first) = mounts.first() else {
        return Err(Problem::unknown("service"));
    };
    let taken = merged(mounts.iter().flat_map(|mount| &mount.types));
    let by_type = |member: &str| -> Map<String, Value> {
        let one = |(name, versions): &(String, Vec<String>)| (name.clone(), json!({ member: versions }));
        taken.iter().map(one).collect()
    };
    let (types, engines) = (by_type("workflow_type_version"), by_type("workflow_engine_version"));
    let mut info = template(&proxy.0, &first.compute.id, "WES", "wes", "1.1.0");
    if let Some(members) = info.as_object_mut() {
        members.insert("workflow_type_versions".to_owned(), Value::Object(types));
        members.insert("supported_wes_versions".to_owned(), json!(["1.0.1", "1.1.0"]));
        members.insert("supported_filesystem_protocols".to_owned(), json!(["drs", "https"]));
        members.insert("workflow_engine_versions".to_owned(), Value::Object(engines));
        members.insert("default_workflow_engine_parameters".to_owned(), json!([]));
        members.insert("system_state_counts".to_owned(), json!({}));
        members.insert(
            "auth_instructions_url".to_owned(),
            json!(first.auth_instructions.as_str()),
        );
        members.insert("tags".to_owned(), json!({}));
    }
    router::json(&info, None)
}
