//! Listeners that stop when told.

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::SampleError;

/// How long open connections may take to finish once a server was told to stop.
const FAREWELL: Duration = Duration::from_secs(1);

/// A listener with its base URL, before it knows what to serve.
pub(crate) struct Bound {
    listener: TcpListener,
    /// `http://address:port`, without a slash at its end.
    pub(crate) base: String,
}

impl Bound {
    /// Listens.
    pub(crate) async fn on(address: SocketAddr) -> Result<Self, SampleError> {
        let failed = |source| SampleError::Address { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let base = format!("http://{}", listener.local_addr().map_err(failed)?);
        Ok(Self { listener, base })
    }

    /// Serves until told to stop.
    pub(crate) fn serve(self, router: Router) -> Server {
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let task = tokio::spawn(async move {
            let served = axum::serve(self.listener, router).with_graceful_shutdown(stopped).await;
            if let Err(problem) = served {
                tracing::warn!(error = %problem, "a sample server ended");
            }
        });
        Server {
            base: self.base,
            stop,
            task,
        }
    }
}

/// A running server. Dropping it stops it, without waiting.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) base: String,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    /// Takes no new connections, waits a moment for open ones, then ends them.
    pub(crate) async fn stop(&mut self) {
        self.stop.cancel();
        if timeout(FAREWELL, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
        self.task.abort();
    }
}
