//! The routes of the DRS: service-info, object, access URL, bytes. Every one demands the credential.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, State},
    middleware::from_fn_with_state,
    routing::get,
};
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use serde_json::{Value, json};

use crate::{
    Credential, StoreSettings,
    drs::{Object, bytes},
    problem::{Problem, demand, unknown_route},
};

/// The one access method of each object.
const ACCESS_ID: &str = "https";
/// How long a signed URL of the store works.
const SIGNED: Duration = Duration::from_secs(300);

/// What the handlers use.
pub(crate) struct Drs {
    base: String,
    authority: String,
    credential: Credential,
    store: Option<StoreSettings>,
    pub(crate) objects: BTreeMap<String, Object>,
}

/// The DRS at `base`, below `/ga4gh/drs/v1`, and the bytes at `/data/{id}`.
pub(crate) fn router(base: &str, credential: &Credential, objects: &[Object], store: Option<StoreSettings>) -> Router {
    let drs = Arc::new(Drs {
        base: base.to_owned(),
        authority: base.trim_start_matches("http://").to_owned(),
        credential: credential.clone(),
        store,
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
    if let Some(store) = &drs.store {
        let url = signed(store, &object.id).ok_or_else(|| Problem::missing("store"))?;
        return Ok(Json(json!({ "url": url })));
    }
    Ok(Json(json!({
        "url": format!("{}/data/{}", drs.base, object.id),
        "headers": [format!("Authorization: Bearer {}", drs.credential.expose())],
    })))
}

/// A signed URL of an object in the store.
fn signed(store: &StoreSettings, id: &str) -> Option<String> {
    let s3 = &store.s3;
    let endpoint = s3.endpoint.parse().ok()?;
    let bucket = Bucket::new(endpoint, UrlStyle::Path, store.bucket.clone(), s3.region.clone()).ok()?;
    let credentials = Credentials::new(s3.key.clone(), s3.secret.expose().to_owned());
    Some(bucket.get_object(Some(&credentials), id).sign(SIGNED).into())
}
