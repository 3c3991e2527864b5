//! Which WES gets a run: one that takes its type and may hold all that it reads.

use std::sync::Arc;

use audit_log::EventType;
use policy_engine::intent::Intent;

use crate::{
    gate::Caller,
    problem::Problem,
    proxy::Parts,
    session::{Wished, belongs, bind, nowhere},
    understand::{
        choice::{Choice, decision},
        trs,
    },
};

use super::{
    Site,
    form::{self, Form, Pieces},
    sites, workflow,
};

/// Most bytes of a request: so many as each of them takes.
pub(crate) fn longest(parts: &Parts) -> usize {
    let taken = parts.config.wes.iter().map(|mount| mount.run_bytes);
    taken.min().unwrap_or_default()
}

/// The place, the request as it is read there, and what it would mean there. One that is to be sent is
/// within the bounds of its session (`wished`); a question is not.
///
/// # Errors
/// What the first of them refuses where none takes it; what the tool registry's side says.
pub(crate) async fn chosen<'p>(
    parts: &'p Parts,
    caller: &Caller,
    pieces: Pieces,
    wished: Option<&Wished>,
) -> Result<(Site<'p>, Form<'p>, Arc<Intent>), Problem> {
    let several = parts.wes.len() > 1;
    let open: Vec<Site<'p>> = sites(parts)
        .into_iter()
        .filter(|site| !several || belongs(caller, &site.mount.compute.service))
        .collect();
    let pinned = form::pinned(parts, caller, &pieces, open.iter().map(|site| site.mount)).await?;
    trs::ready(parts).await;
    let mut choice = Choice::between(parts.wes.len());
    let (mut left, mut request) = (open.len(), Some((pieces, pinned)));
    for site in open {
        left = left.saturating_sub(1);
        // the last one gets the request itself: bodies are large
        let copy = if left == 0 { request.take() } else { request.clone() };
        let Some((pieces, pinned)) = copy else { break };
        let read = form::of(pieces, pinned, site.mount).and_then(|form| {
            let intent = workflow::intent(&form, site.mount, &mut parts.scan())?;
            Ok((form, intent))
        });
        let (form, mut intent) = match read {
            Ok(read) => read,
            Err(refused) => {
                choice.refuse(refused);
                continue;
            }
        };
        if let Some(wished) = wished {
            bind(parts, caller, EventType::WesRunWorkflow, &mut intent, wished).await?;
        }
        let intent = Arc::new(intent);
        let asked = Arc::clone(&intent);
        if choice.offer((site, form, intent), || decision(parts, caller, asked)) {
            break;
        }
    }
    match choice.end()? {
        Some(chosen) => Ok(chosen),
        None => Err(nowhere(parts, caller, EventType::WesRunWorkflow).await),
    }
}
