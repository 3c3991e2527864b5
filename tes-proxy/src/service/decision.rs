//! `GET /visum/v1/decisions/{id}`: why one of the caller's own requests was denied a while ago.

use axum::response::Response;

use crate::{
    api::Incoming,
    problem::{Api, Problem},
    proxy::Proxy,
    router,
};

/// `GET`: the caller's own only.
pub(crate) async fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    let caller = proxy.0.required(incoming, Api::Own, Vec::new()).await?;
    let (_, page) = proxy
        .0
        .denials
        .get(incoming.segment(3))
        .filter(|(owner, _)| caller.owners().contains(owner))
        .ok_or_else(|| Problem::unknown("decision"))?;
    router::json(&page, None)
}
