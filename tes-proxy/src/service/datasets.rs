//! `GET /visum/v1/datasets[?id=]`: the datasets that the caller may know of, with their labels.

use axum::response::Response;
use policy_engine::snapshot::DatasetMode;
use serde_json::{Value, json};

use crate::{
    api::Incoming,
    problem::{Api, Problem},
    proxy::Proxy,
    router,
};

/// Most datasets in one answer.
const PAGE: usize = 1_000;

/// `GET`. One that may not be known is left out, as one that does not exist.
pub(crate) async fn get(proxy: &Proxy, incoming: &Incoming) -> Result<Response, Problem> {
    let query = incoming.query(&["id"], &[])?;
    let parts = &*proxy.0;
    let caller = parts.required(incoming, Api::Own, Vec::new()).await?;
    let engine = parts.gate.current.load();
    let now = parts.gate.now();
    let facts = caller.facts(engine.snapshot());
    let wanted = query.one("id");
    let told: Vec<Value> = engine
        .snapshot()
        .datasets
        .iter()
        .filter(|record| wanted.is_none_or(|id| record.id() == id))
        .filter(|record| engine.may_know(&facts, record.id(), now))
        .take(PAGE)
        .map(|record| {
            let groups = record.consent.uses.iter();
            let terms: Vec<&policy_engine::consent::Term> = groups.flat_map(|group| &group.terms).collect();
            json!({
                "id": record.id(), "title": record.title, "short_name": record.short_name,
                "access": record.consent.access, "state": record.consent.state,
                "mode": match record.mode { DatasetMode::Download => "download", DatasetMode::ComputeOnly => "compute-only" },
                "sources": record.consent.dac, "custodian": record.custodian, "bound_purpose": record.consent.bound_purpose,
                "terms": terms.iter().map(|term| label(term)).collect::<Vec<_>>(),
            })
        })
        .collect();
    router::json(&json!({ "datasets": told }), None)
}

/// A term with its values, as one reads it.
fn label(term: &policy_engine::consent::Term) -> String {
    let mut text = term.id.to_string();
    let values: Vec<String> = term.values.iter().map(ToString::to_string).collect();
    if !values.is_empty() {
        text.push_str(&format!(" ({})", values.join(", ")));
    }
    text
}
