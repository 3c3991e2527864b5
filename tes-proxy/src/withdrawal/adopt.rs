//! Rows in `submitting` whose answer never came: looked up at the backend by our tag, adopted or closed.

use crate::{
    backend::BackendError,
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
    let parts = &*proxy.0;
    match (work.kind.as_str(), &parts.tes, &parts.wes) {
        ("run", _, Some(wes)) => Ok(wes
            .by_decision(&work.decision)
            .await?
            .into_iter()
            .next()
            .map(|run| run.run_id)),
        ("task", Some(tes), _) => Ok(tes
            .by_decision(&work.decision)
            .await?
            .into_iter()
            .next()
            .map(|task| task.id)),
        _ => Err(BackendError::Setup {
            api: "compute",
            why: "it is not mounted any more",
        }),
    }
}
