//! `GET` and `POST /userinfo`: what the institution says of a person (OIDC Core section 5.3).

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use crate::{home::provider::Home, problem::bearer};

pub(crate) async fn userinfo(State(home): State<Arc<Home>>, headers: HeaderMap) -> Response {
    let access = bearer(&headers).and_then(|token| home.tokens().get(token).cloned());
    let claims = access.and_then(|access| Some(home.person(access.login)?.claims(&access.scope)));
    match claims {
        Some(claims) => ([(header::CACHE_CONTROL, "no-store")], Json(Value::Object(claims))).into_response(),
        None => (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")],
        )
            .into_response(),
    }
}
