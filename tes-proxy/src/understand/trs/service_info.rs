//! `GET /service-info`: what this TRS is, from our own settings (`apis.md` 6).

use axum::response::Response;

use crate::{api::Incoming, problem::Problem, proxy::Proxy, router, understand::drs::service_info::template};

/// `GET`; public.
pub(crate) fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    let (_, mount) = super::mounted(&proxy.0)?;
    router::json(&template(&proxy.0, &mount.id, "TRS", "trs", "2.0.1"), None)
}
