//! [`Hosts`]: the way to key servers, which leaves a host alone that failed. All servers of one host share it.

use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Request, StatusCode};

use super::backoff::{Backoff, Growth};
use super::bounded::Bounded;
use crate::seam::{Clock, Fetch, FetchError, Fetched, Limit, Peer, Random};

/// Host and port.
type Host = String;

#[derive(Debug)]
pub(super) struct Hosts {
    pub(super) fetch: Arc<dyn Fetch>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) growth: Growth,
    pub(super) known: Bounded<Host, Backoff>,
}

impl Hosts {
    fn note(&self, host: &Host, result: &Result<(Fetched, Peer), FetchError>) {
        // what is wrong with one document does not speak against its neighbours
        let bad = match result {
            Ok((answer, _)) => matches!(
                answer.status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE
            ),
            Err(FetchError::TooLarge { .. }) => false,
            Err(_) => true,
        };
        let now = self.clock.now();
        if bad {
            let failed = |backoff: &mut Backoff| backoff.failed(now, self.growth, self.random.as_ref());
            self.known.with(host, failed);
        } else if self.known.read(host, |_| ()).is_some() {
            self.known.with(host, Backoff::succeeded);
        }
    }
}

impl Fetch for Hosts {
    fn send(&self, request: Request<Bytes>, limit: Limit) -> BoxFuture<'_, Result<Fetched, FetchError>> {
        async move { Ok(self.inspect(request, limit).await?.0) }.boxed()
    }

    fn inspect(&self, request: Request<Bytes>, limit: Limit) -> BoxFuture<'_, Result<(Fetched, Peer), FetchError>> {
        async move {
            let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
            let now = self.clock.now();
            if self.known.read(&host, |backoff| backoff.rests(now)) == Some(true) {
                return Err(FetchError::Resting { host });
            }
            let result = self.fetch.inspect(request, limit).await;
            self.note(&host, &result);
            result
        }
        .boxed()
    }
}
