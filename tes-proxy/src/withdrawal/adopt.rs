//! Rows in `submitting` whose answer never came: looked up at the backend by our tag, adopted or closed.

use crate::{
    backend::BackendError,
    ownership::{At, at},
    proxy::Proxy,
    store::{Phase, Work},
};

use super::cancel::accepted;

/// Looks for the task or run of a row at its backend.
pub(crate) async fn adopt(proxy: &Proxy, work: &Work) {
    if work.phase != Phase::Submitting {
        return;
    }
    if work.kind == "session" {
        // nobody was told of it
        drop(proxy.0.works.close(&work.id, "SYSTEM_ERROR").await);
        return;
    }
    match found(proxy, work).await {
        Ok(Some(id)) => {
            tracing::info!(work.id = %work.id, "a task that was being submitted was found at its backend");
            drop(accepted(proxy, work, &id, "QUEUED").await);
        }
        Ok(None) => {
            if let Err(error) = proxy.0.works.close(&work.id, "SYSTEM_ERROR").await {
                tracing::error!(error = %error, work.id = %work.id, "a row could not be closed");
            }
        }
        Err(error) => tracing::warn!(error = %error, work.id = %work.id, "a backend cannot tell whether it has a task"),
    }
}

async fn found(proxy: &Proxy, work: &Work) -> Result<Option<String>, BackendError> {
    let decision = &work.decision;
    Ok(match at(&proxy.0, work)? {
        At::Wes(wes) => wes
            .by_decision(decision)
            .await?
            .into_iter()
            .next()
            .map(|run| run.run_id),
        At::Tes(tes) => tes.by_decision(decision).await?.into_iter().next().map(|task| task.id),
    })
}
