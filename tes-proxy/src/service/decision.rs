//! `GET /visum/v1/decisions/{id}`: why one of the caller's own requests was denied, or what they were told
//! when they asked, as it was on record then.

use axum::response::Response;

use crate::{
    api::Incoming,
    problem::{Api, Problem},
    proxy::Proxy,
    router,
};

/// Longest id.
const ID: usize = 64;

/// `GET`: the caller's own only.
pub(crate) async fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    incoming.query(&[], &[])?;
    let caller = proxy.0.required(incoming, Api::Own, Vec::new()).await?;
    let id = incoming.segment(3);
    let page = if id.len() <= ID {
        proxy.0.page(&caller, id).await?
    } else {
        None
    };
    let page = page.ok_or_else(|| Problem::unknown("decision"))?;
    router::json(&page, None)
}
