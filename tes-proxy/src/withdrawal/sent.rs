//! What a session or a run's engine sent, when that is over.

use std::collections::BTreeSet;

use futures::{StreamExt, future::BoxFuture, stream};

use crate::{
    problem::Problem,
    proxy::Proxy,
    store::{Phase, StoreError},
};

use super::cancel::withdraw;

/// Why a task of a run's engine ends with the run.
pub(super) const RUN_ENDED: &str = "run.ended";

/// Withdraws what was sent with the token of a session or run; of a run among it, what that sent.
///
/// # Errors
/// 503 when the index does not answer.
pub(crate) fn sent_by<'a>(proxy: &'a Proxy, id: &'a str, code: &'a str) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let sent = proxy.0.works.of_session(id).await?;
        stream::iter(sent)
            .for_each_concurrent(16, |work| async move { withdraw(proxy, &work, code).await })
            .await;
        Ok(())
    })
}

/// Tasks whose run is over: its engine is gone and will not end them.
pub(super) async fn orphans(proxy: &Proxy) {
    if let Err(error) = look(proxy).await {
        tracing::error!(error = %error, "the ownership index cannot be read; tasks of ended runs cannot be found");
    }
}

async fn look(proxy: &Proxy) -> Result<(), StoreError> {
    let works = &proxy.0.works;
    let live = works.live().await?;
    let known: BTreeSet<&str> = live.iter().map(|work| work.id.as_str()).collect();
    let above: BTreeSet<&str> = live.iter().filter_map(|work| work.session.as_deref()).collect();
    for id in above.difference(&known) {
        let row = works.by_id(id).await?;
        if row.is_none_or(|row| row.kind != "run" || row.phase != Phase::Over) {
            continue;
        }
        for work in live.iter().filter(|work| work.session.as_deref() == Some(*id)) {
            withdraw(proxy, work, RUN_ENDED).await;
        }
    }
    Ok(())
}
