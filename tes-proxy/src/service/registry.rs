//! The service registry (service-registry 1.0.0): the APIs of this node by its own outward addresses, public.

use axum::response::Response;
use serde_json::{Value, json};

use crate::{
    api::Incoming,
    problem::Problem,
    proxy::{Parts, Proxy},
    router,
    understand::drs::service_info::template,
};

/// Each API that this node has, as others reach it.
fn services(parts: &Parts) -> Vec<Value> {
    let config = &parts.config;
    let origin = config.public_url.as_str().trim_end_matches('/');
    // several backends of a kind are one service outside
    let wes = config.wes.first().map(|mount| &mount.compute.id);
    let mounted = [
        (config.drs.as_ref().map(|mount| &mount.id), "DRS", "1.5.0", "drs/v1"),
        (config.tes.first().map(|mount| &mount.id), "TES", "1.1.0", "tes/v1"),
        (wes, "WES", "1.1.0", "wes/v1"),
        (config.trs.as_ref().map(|mount| &mount.id), "TRS", "2.0.1", "trs/v2"),
    ];
    mounted
        .into_iter()
        .filter_map(|(id, name, version, base)| {
            let mut service = template(parts, id?, name, &name.to_ascii_lowercase(), version);
            let members = service.as_object_mut()?;
            members.insert("url".to_owned(), json!(format!("{origin}/ga4gh/{base}")));
            Some(service)
        })
        .collect()
}

/// `GET /services`; public.
pub(crate) fn list(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    router::json(&services(&proxy.0), None)
}

/// `GET /services/types`; public. No type stands there twice.
pub(crate) fn types(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    let mut types: Vec<Value> = Vec::new();
    for service in services(&proxy.0) {
        let kind = service.get("type").cloned().unwrap_or_default();
        if !types.contains(&kind) {
            types.push(kind);
        }
    }
    router::json(&types, None)
}

/// `GET /services/{id}`; public.
pub(crate) fn one(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    let id = incoming.segments.last().map_or("", |segment| segment.text.as_str());
    let found = services(&proxy.0)
        .into_iter()
        .find(|service| service.get("id").and_then(Value::as_str) == Some(id));
    router::json(&found.ok_or_else(|| Problem::unknown("service"))?, None)
}

/// `GET /service-info`: what the registry itself is; public.
pub(crate) fn info(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    let parts = &proxy.0;
    let host = parts.config.public_url.host_str().unwrap_or_default();
    let mut id: Vec<&str> = host.split('.').rev().collect();
    id.push("registry");
    let info = template(parts, &id.join("."), "Registry", "service-registry", "1.0.0");
    router::json(&info, None)
}
