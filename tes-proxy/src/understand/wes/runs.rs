//! `GET /runs`: the caller's runs from our own index (`apis.md` 3.5).

use audit_log::EventType;
use axum::response::Response;
use visa_verifier::seam::Timestamp;

use crate::{
    api::{
        Incoming,
        wes::{RunPage, RunSummary},
    },
    ownership::page,
    problem::{Api, Problem},
    proxy::Proxy,
    router::json,
    understand::tes::tasks::{next, own},
};

use super::{mounted, run::Kept, run_log::state};

/// The question that a page token is bound to.
const QUESTION: &str = "wes";

/// `GET`.
pub(crate) async fn list(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    mounted(parts)?;
    let query = incoming.query(&["page_size", "page_token"], &[])?;
    let size = query.page_size()? as usize;
    let caller = parts.required(incoming, Api::Wes, Vec::new()).await?;
    let before = match query.one("page_token").filter(|token| !token.is_empty()) {
        Some(token) => Some(
            page::open(&parts.sealer, token, &caller.owner(), QUESTION, parts.gate.now().unix()).map_err(|_| {
                Problem::refused(
                    "request.page_token",
                    "this page token is not one of yours for this question",
                )
            })?,
        ),
        None => None,
    };
    let (works, more) = own(parts, &caller, "run", before, size, |_| true).await?;
    let after = works.last().map(|work| work.seq).filter(|_| more);
    let receipt = parts
        .gate
        .writer
        .append(parts.gate.event(EventType::WesListRuns, &caller))
        .await;
    let receipt = receipt.map_err(|_| Problem::from(crate::gate::NoPermit::Unrecorded))?;
    let runs = works
        .iter()
        .map(|work| RunSummary {
            run_id: work.id.clone(),
            state: state(work),
            start_time: Timestamp::from_unix(work.created_at).to_string(),
            end_time: None,
            tags: serde_json::from_str::<Kept>(&work.request)
                .map(|kept| kept.request.tags)
                .unwrap_or_default(),
        })
        .collect();
    let next_page_token = after
        .map(|after| next(parts, &caller, QUESTION, after))
        .transpose()?
        .unwrap_or_default();
    json(&RunPage { runs, next_page_token }, Some(receipt.header_value()))
}
