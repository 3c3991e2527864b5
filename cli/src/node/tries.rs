//! The broker counts what people try at the proxy: purposes for datasets, and questions at length.

use std::time::Duration;

use futures::{FutureExt as _, future::BoxFuture};
use passport_broker::{
    Broker, throttle,
    tried::{self, TriedError, Try},
};
use tes_proxy::{Counted, Tried, Tries, TriesError};

/// Counting at this broker.
#[derive(Debug)]
pub(super) struct AtBroker(pub(super) Broker);

impl Tries for AtBroker {
    fn tried(&self, tried: Tried) -> BoxFuture<'_, Result<Vec<Counted>, TriesError>> {
        async move {
            let one = Try {
                person: &tried.person,
                datasets: &tried.datasets,
                purpose: &tried.purpose,
                door: tried.door,
            };
            match tried::count(&self.0, one).await {
                Ok(counted) => Ok(counted
                    .into_iter()
                    .map(|one| Counted {
                        dataset: one.dataset,
                        purposes_in_24_hours: one.purposes,
                    })
                    .collect()),
                Err(TriedError::TooMany { dataset }) => Err(TriesError::TooMany { dataset }),
                Err(error) => Err(TriesError::Down(error.to_string())),
            }
        }
        .boxed()
    }

    fn at_length<'t>(&'t self, person: &'t str) -> BoxFuture<'t, Result<Option<Duration>, TriesError>> {
        async move {
            throttle::AT_LENGTH
                .hit(&self.0, person)
                .await
                .map_err(|error| TriesError::Down(error.to_string()))
        }
        .boxed()
    }
}
