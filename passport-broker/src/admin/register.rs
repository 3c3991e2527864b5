//! Files and registers that changes work on: `POST /visum/v1/admin/blobs`, the institutions, tables and lists of
//! objects that are in force. What comes in here changes nothing by itself: a row has to name it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use policy_engine::catalogue::Segment;
use policy_engine::decide::GovernQuestion;
use policy_engine::snapshot::RoleGrant;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApiProblem;
use super::body::Admin;
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue;
use crate::committee::ask;
use crate::limits;
use crate::store::blobs;
use crate::store::clients::ClientRow;
use crate::store::governed::RowDigest;
use crate::store::registrations::RegistrationRow;
use crate::store::tables::{ObjectsRow, TableRow};
use crate::store::terms::TermsRow;
use crate::store::webhooks::WebhookRow;

/// Of which dataset.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    dataset: String,
    /// One list, by its row's id: its bytes instead of the rows.
    list: Option<String>,
}

/// Keeps a file; the answer names it by digest.
pub(super) async fn upload(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    request: Request,
) -> Result<(StatusCode, Json<Value>), ApiProblem> {
    holds_an_office(&broker, &caller).await?;
    let bytes: Bytes = axum::body::to_bytes(request.into_body(), limits::BLOB_BYTES)
        .await
        .map_err(|_| {
            ApiProblem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "admin.too_large",
                format!("The file is cut short, or longer than {} bytes.", limits::BLOB_BYTES),
            )
        })?;
    if Segment::is_one(&bytes) {
        let looked_at = catalogue::opened(bytes.to_vec()).await;
        looked_at.map_err(|why| ApiProblem::input(why.code(), format!("{why}: make it anew.")))?;
    } else if std::str::from_utf8(&bytes).is_err() {
        return Err(ApiProblem::input(
            "admin.not_text",
            "The file is neither a list of objects nor UTF-8 text.",
        ));
    }
    let digest = blobs::put(&mut broker.db(), &bytes, broker.now()).await?;
    Ok((
        StatusCode::CREATED,
        Json(json!({ "digest": digest.as_str(), "bytes": bytes.len() })),
    ))
}

/// The register of institutions.
pub(super) async fn institutions(
    State(broker): State<Broker>,
    Admin(caller): Admin,
) -> Result<Json<Value>, ApiProblem> {
    holds_an_office(&broker, &caller).await?;
    let engine = broker.current().load();
    Ok(Json(json!({ "institutions": engine.snapshot().institutions })))
}

/// The login providers. A secret is named in them, never told.
pub(super) async fn upstreams(State(broker): State<Broker>, Admin(caller): Admin) -> Result<Json<Value>, ApiProblem> {
    holds_an_office(&broker, &caller).await?;
    Ok(Json(json!({ "upstreams": broker.upstreams().await? })))
}

/// The texts that people are asked to accept.
pub(super) async fn terms(State(broker): State<Broker>, Admin(caller): Admin) -> Result<Json<Value>, ApiProblem> {
    holds_an_office(&broker, &caller).await?;
    let rows: Vec<TermsRow> = broker.live().await?;
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| json!({ "terms": row, "digest": row.digest() }))
        .collect();
    Ok(Json(json!({ "terms": rows })))
}

/// The addresses that are told what happens here. A secret is named in them, never told.
pub(super) async fn webhooks(State(broker): State<Broker>, Admin(caller): Admin) -> Result<Json<Value>, ApiProblem> {
    holds_an_office(&broker, &caller).await?;
    let rows: Vec<WebhookRow> = broker.live().await?;
    Ok(Json(json!({ "webhooks": rows })))
}

/// The tokens by which clients register themselves; their digests are told to nobody.
pub(super) async fn registrations(
    State(broker): State<Broker>,
    Admin(caller): Admin,
) -> Result<Json<Value>, ApiProblem> {
    holds_an_office(&broker, &caller).await?;
    let rows: Vec<RegistrationRow> = broker.live().await?;
    let clients: Vec<ClientRow> = broker.live().await?;
    let used = |id: &str| {
        let by = |row: &&ClientRow| row.options.unverified.as_deref() == Some(id);
        clients.iter().filter(by).count()
    };
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| json!({ "id": row.id, "most": row.most, "until": row.until, "unverified": used(&row.id) }))
        .collect();
    Ok(Json(json!({ "registrations": rows })))
}

/// The node's own tables.
pub(super) async fn tables(State(broker): State<Broker>, Admin(caller): Admin) -> Result<Json<Value>, ApiProblem> {
    holds_an_office(&broker, &caller).await?;
    let rows: Vec<TableRow> = broker.live().await?;
    Ok(Json(json!({ "tables": rows })))
}

/// One of them, as it is kept.
pub(super) async fn table(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    axum::extract::Path(id): axum::extract::Path<String>,
) -> Result<Response, ApiProblem> {
    holds_an_office(&broker, &caller).await?;
    let row: Option<TableRow> = broker.find(&id).await?;
    file(&broker, row.and_then(|row| row.blob())).await
}

/// The lists of objects of a dataset, or one of them: for those who may edit it.
pub(super) async fn objects(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Query(of): Query<Of>,
) -> Result<Response, ApiProblem> {
    let question = GovernQuestion::CatalogueEdit {
        dataset: of.dataset.clone(),
    };
    let kind = audit_log::EventType::ChangeDraft;
    ask(&broker, &caller, kind, Some(&of.dataset), &question).await?;
    let mut rows: Vec<ObjectsRow> = broker.of_dataset(&of.dataset).await?;
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    if let Some(list) = of.list {
        let row = rows.into_iter().find(|row| row.id == list);
        return file(&broker, row.and_then(|row| row.blob())).await;
    }
    // where each object is mapped by a row of its own
    let single: Vec<policy_engine::catalogue::ObjectRecord> = broker.of_dataset(&of.dataset).await?;
    Ok(Json(json!({ "lists": rows, "objects": single.len() })).into_response())
}

async fn file(broker: &Broker, digest: Option<RowDigest>) -> Result<Response, ApiProblem> {
    let missing = || ApiProblem::not_found("file");
    let digest = digest.ok_or_else(missing)?;
    let bytes = blobs::get(&mut broker.db(), &digest).await?.ok_or_else(missing)?;
    let kind = if Segment::is_one(&bytes) {
        "application/octet-stream"
    } else {
        "text/plain; charset=utf-8"
    };
    Ok(([(header::CONTENT_TYPE, kind)], bytes).into_response())
}

/// Anybody with a role or in a committee; what they may change, the policies say when they propose it.
async fn holds_an_office(broker: &Broker, caller: &Caller) -> Result<(), ApiProblem> {
    let roles: Vec<RoleGrant> = broker.roles_of(&caller.person).await?;
    if roles.is_empty() {
        return Err(ApiProblem::new(
            StatusCode::FORBIDDEN,
            "admin.no_office",
            "This is for members of committees, editors of the catalogue, operators, auditors and administrators.",
        ));
    }
    Ok(())
}
