//! `/visum/v1/applications/{id}/documents`: PDFs in, attachments out; nothing is shown in place.

use axum::Json;
use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use super::ApiProblem;
use super::applications::{Answer, told};
use super::body::{Admin, Own};
use crate::application::{self, Paper, Seat};
use crate::broker::Broker;
use crate::store::applications::DocumentKind;

/// Most bytes of an upload: a document and a byte, so that a larger one is told as such.
pub(crate) const UPLOAD_BYTES: usize = 20 * 1024 * 1024 + 1;

/// What is said of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    kind: DocumentKind,
    title: String,
    #[serde(default)]
    institution: Option<String>,
    #[serde(default)]
    starts: Option<Timestamp>,
    #[serde(default)]
    expires: Option<Timestamp>,
}

pub(super) async fn hand_in(
    State(broker): State<Broker>,
    Own(caller): Own,
    Path(id): Path<String>,
    Query(said): Query<Said>,
    request: Request,
) -> Result<(StatusCode, Json<Value>), ApiProblem> {
    let kind = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if kind != Some("application/pdf") {
        return Err(ApiProblem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "admin.media_type",
            "Send a PDF with `Content-Type: application/pdf`.",
        ));
    }
    let file = axum::body::to_bytes(request.into_body(), UPLOAD_BYTES)
        .await
        .map_err(|_| {
            ApiProblem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "application.document_size",
                "A document has 1 byte to 20 MiB.",
            )
        })?;
    let paper = Paper {
        kind: said.kind,
        title: said.title,
        institution: said.institution,
        starts: said.starts,
        expires: said.expires,
    };
    let row = Box::pin(application::hand_in(&broker, &caller, &id, paper, &file)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "document": row.documents.last() }))))
}

pub(super) async fn one(
    State(broker): State<Broker>,
    Own(caller): Own,
    Path((id, document)): Path<(String, String)>,
) -> Result<Response, ApiProblem> {
    let (paper, file, seat) = Box::pin(application::document(&broker, &caller, &id, &document)).await?;
    if seat == Seat::Reader && !caller.has("visum:admin") {
        return Err(ApiProblem::scope("visum:admin"));
    }
    Ok(attachment(&paper.id, file))
}

pub(super) async fn tick(
    State(broker): State<Broker>,
    Admin(caller): Admin,
    Path((id, document)): Path<(String, String)>,
) -> Answer {
    Box::pin(application::tick(&broker, &caller, &id, &document)).await?;
    told(&broker, &caller, &id).await
}

pub(super) async fn delete(
    State(broker): State<Broker>,
    Own(caller): Own,
    Path((id, document)): Path<(String, String)>,
) -> Answer {
    Box::pin(application::take_back(&broker, &caller, &id, &document)).await?;
    told(&broker, &caller, &id).await
}

/// A file as an attachment with a fixed type and a name of ours: what somebody handed in is never a page of this origin.
pub(crate) fn attachment(id: &str, file: Vec<u8>) -> Response {
    let mut response = file.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "application/pdf"),
        (
            header::CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        header::HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    let plain: String = id
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect();
    let name = format!("attachment; filename=\"{plain}.pdf\"");
    if let Ok(name) = HeaderValue::try_from(name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}
