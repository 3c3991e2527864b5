//! What the proxy asks of the broker in the same process: to count what people try (purposes for datasets, questions at
//! length), what the owners of work hold now, and who governs.

use std::{net::IpAddr, time::Duration};

use futures::{FutureExt as _, future::BoxFuture};
use passport_broker::{
    Broker, committee, throttle,
    tried::{self, TriedError, Try},
};
use policy_engine::{decide::Facts, snapshot::Snapshot};
use tes_proxy::{Counted, Governors, Renewal, RenewalError, Tried, Tries, TriesError};
use visa_verifier::VisaIdentity;

/// This broker, for the proxy of the same node.
#[derive(Debug)]
pub(super) struct AtBroker(pub(super) Broker);

impl Governors for AtBroker {
    fn facts<'t>(
        &'t self,
        token: &'t str,
        address: Option<IpAddr>,
        snapshot: &'t Snapshot,
    ) -> BoxFuture<'t, Result<Option<Facts>, String>> {
        async move {
            let found = committee::governor(&self.0, token, address, snapshot).await;
            found.map_err(|error| error.to_string())
        }
        .boxed()
    }
}

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

impl Renewal for AtBroker {
    fn passport<'r>(
        &'r self,
        identity: &'r VisaIdentity,
        audience: &'r str,
    ) -> BoxFuture<'r, Result<Option<String>, RenewalError>> {
        async move {
            let made = passport_broker::passport_at_work(&self.0, identity, audience).await;
            made.map_err(RenewalError)
        }
        .boxed()
    }
}
