//! `GET /.well-known/oauth-protected-resource` (RFC 9728).

use axum::response::Response;

use crate::{
    problem::{Problem, resource_metadata},
    proxy::Proxy,
    router,
};

/// `GET`; public.
pub(crate) fn get(proxy: &Proxy) -> Result<Response, Problem> {
    router::json(&resource_metadata(&proxy.0.config.audience, &proxy.0.broker), None)
}
