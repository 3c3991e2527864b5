//! Files of an application: a document of it, and its minutes; attachments, never shown in place.

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, header};

use super::applications::{PAGES, look};
use super::governed::said;
use crate::admin::attachment;
use crate::application;
use crate::front::Front;

/// `GET /applications/{id}/documents/{document}`: an attachment, never shown in place.
pub(crate) async fn document(
    State(front): State<Front>,
    headers: HeaderMap,
    Path((id, document)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let here = format!("/applications/{id}");
    let (browser, caller) = match PAGES.signed_in(&front, &headers, query.as_deref(), &here).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    match Box::pin(application::document(&front.broker, &caller, &id, &document)).await {
        Ok((paper, file, _)) => attachment(&paper.id, file),
        Err(error) => PAGES.refusal(&front, &browser, &here, &error),
    }
}

/// `GET /applications/{id}/minutes`: for the committee; JSON as an attachment, or a PDF with `as=pdf`.
pub(crate) async fn minutes(
    State(front): State<Front>,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let here = format!("/applications/{id}");
    let (browser, caller) = match PAGES.signed_in(&front, &headers, query.as_deref(), &here).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let told = match look(&front, &caller, &id).await {
        Ok(shown) => application::minutes(&front.broker, shown).await,
        Err(error) => Err(error),
    };
    match told {
        Ok(minutes) if said(query.as_deref(), "as").as_deref() == Some("pdf") => attachment("minutes", minutes.pdf()),
        Ok(minutes) => {
            let mut response = serde_json::to_string_pretty(&minutes.json())
                .unwrap_or_default()
                .into_response();
            let headers = response.headers_mut();
            for (name, value) in [
                (header::CONTENT_TYPE, "application/json"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"minutes.json\""),
                (header::CACHE_CONTROL, "no-store"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ] {
                headers.insert(name, HeaderValue::from_static(value));
            }
            response
        }
        Err(error) => PAGES.refusal(&front, &browser, &here, &error),
    }
}
