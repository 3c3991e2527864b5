//! The routes of the DRS: service-info, object, access URL, bytes. Every one demands the credential.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, State},
    middleware::from_fn_with_state,
    routing::get,
};
use serde_json::{Value, json};

use crate::{
    Credential,
    drs::{Object, bytes},
    problem::{Problem, demand, unknown_route},
};

/// The one access method of each object.
const ACCESS_ID: &str = "https";

/// What the handlers use.
pub(crate) struct Drs {
    base: String,
    authority: String,
    credential: Credential,
    pub(crate) objects: BTreeMap<String, Object>,
}

/// The DRS at `base`, below `/ga4gh/drs/v1`, and the bytes at `/data/{id}`.
pub(crate) fn router(base: &str, credential: &Credential, objects: &[Object]) -> Router {
    let drs = Arc::new(Drs {
        base: base.to_owned(),
        authority: base.trim_start_matches("http://").to_owned(),
        credential: credential.clone(),
        objects: objects
            .iter()
            .map(|object| (object.id.clone(), object.clone()))
            .collect(),
    });
    Router::new()
        .route("/ga4gh/drs/v1/service-info", get(service_info))
        .route("/ga4gh/drs/v1/objects/{id}", get(object))
        .route("/ga4gh/drs/v1/objects/{id}/access/{access}", get(access))
        .route("/data/{id}", get(bytes::read))
        .fallback(unknown_route)
        .layer(from_fn_with_state(credential.clone(), demand))
        .with_state(drs)
}

async fn service_info(State(drs): State<Arc<Drs>>) -> Json<Value> {
    let total: u64 = drs.objects.values().map(|object| object.size).sum();
    Json(json!({
        "id": "org.example.sample.drs",
        "name": "Sample DRS",
        "description": "A sample over a folder of fictional files; not for production",
        "type": { "group": "org.ga4gh", "artifact": "drs", "version": "1.5.0" },
        "organization": { "name": "Sample node", "url": "https://biobank.example.org" },
        "version": env!("CARGO_PKG_VERSION"),
        "maxBulkRequestLength": 1,
        "drs": { "maxBulkRequestLength": 1, "objectCount": drs.objects.len(), "totalObjectSize": total },
    }))
}

async fn object(State(drs): State<Arc<Drs>>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let object = drs.objects.get(&id).ok_or_else(|| Problem::missing("object"))?;
    Ok(Json(json!({
        "id": object.id,
        "name": object.name,
        "self_uri": format!("drs://{}/{}", drs.authority, object.id),
        "size": object.size,
        "created_time": object.created,
        "updated_time": object.created,
        "version": object.sha256.get(..12),
        "mime_type": object.media_type,
        "checksums": [
            { "type": "sha-256", "checksum": object.sha256 },
            { "type": "md5", "checksum": object.md5 },
        ],
        "access_methods": [{ "type": "https", "access_id": ACCESS_ID, "available": true }],
        "description": object.description,
    })))
}

async fn access(
    State(drs): State<Arc<Drs>>,
    Path((id, access)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let object = drs.objects.get(&id).ok_or_else(|| Problem::missing("object"))?;
    if access != ACCESS_ID {
        return Err(Problem::missing("access method"));
    }
    Ok(Json(json!({
        "url": format!("{}/data/{}", drs.base, object.id),
        "headers": [format!("Authorization: Bearer {}", drs.credential.expose())],
    })))
}
