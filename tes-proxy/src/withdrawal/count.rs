//! How much is at work at the moment: what a hold or a stop would end.

use crate::{
    ownership::index::datasets,
    proxy::Proxy,
    store::{StoreError, Work},
};

impl Proxy {
    /// How many tasks and runs, on this dataset or (`None`) on any or none, are not over yet.
    ///
    /// # Errors
    /// The index does not answer.
    pub async fn running(&self, dataset: Option<&str>) -> Result<u64, StoreError> {
        let live = self.0.works.live().await?;
        let on = |work: &&Work| {
            work.kind != "session" && dataset.is_none_or(|wanted| datasets(work).iter().any(|used| used == wanted))
        };
        Ok(u64::try_from(live.iter().filter(on).count()).unwrap_or(u64::MAX))
    }
}
