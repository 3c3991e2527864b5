//! `GET /service-info`: what this DRS is, from our own settings (`apis.md` 6).

use axum::response::Response;
use serde_json::json;

use crate::{
    api::{Incoming, drs::service_members},
    problem::Problem,
    proxy::{Parts, Proxy},
    router,
};

/// `GET`; public.
pub(crate) fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    super::backend(&proxy.0)?;
    let id = proxy.0.config.drs.as_ref().map_or("", |drs| drs.id.as_str());
    let mut info = template(&proxy.0, id, "DRS", "drs", "1.5.0");
    if let Some(members) = info.as_object_mut() {
        members.extend(
            service_members()
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value)),
        );
    }
    router::json(&info, None)
}

/// What all service-infos have in common (service-info 1.0.0).
pub(crate) fn template(parts: &Parts, id: &str, name: &str, artifact: &str, version: &str) -> serde_json::Value {
    let organisation = &parts.config.organisation;
    json!({
        "id": id,
        "name": format!("{} of {}", name, organisation.name),
        "description": format!("{name} behind Visum: access is decided by data use terms, grants and policy"),
        "type": {"group": "org.ga4gh", "artifact": artifact, "version": version},
        "organization": {"name": organisation.name, "url": organisation.url},
        "version": env!("CARGO_PKG_VERSION"),
    })
}
