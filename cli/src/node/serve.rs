//! The listeners of a node, served until a stop.

use std::{net::SocketAddr, sync::Arc};

use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use super::parts::Node;
use crate::{error::CommandError, listener};

/// The sockets of a node, bound before anything else is opened: their addresses go into its settings.
#[derive(Debug)]
pub(crate) struct Sockets {
    /// The broker's.
    pub(crate) broker: TcpListener,
    /// The proxy's public one.
    pub(crate) proxy: TcpListener,
    /// The storage door's.
    pub(crate) door: TcpListener,
}

/// A node that is served.
#[derive(Debug)]
pub(crate) struct Served {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    node: Node,
    /// The sweep after each new snapshot; ends with the node.
    _chores: tes_proxy::Chores,
    /// The broker's: keys, and what is over.
    _broker_chores: passport_broker::Chores,
}

impl Sockets {
    /// Binds all three. With `elsewhere`, a taken port is replaced by a free one.
    ///
    /// # Errors
    /// `node.port` (exit 3) with the address that is taken.
    pub(crate) async fn bind(addresses: [SocketAddr; 3], elsewhere: bool) -> Result<Self, CommandError> {
        let [broker, proxy, door] = addresses;
        Ok(Self {
            broker: bound(broker, elsewhere).await?,
            proxy: bound(proxy, elsewhere).await?,
            door: bound(door, elsewhere).await?,
        })
    }
}

/// One listener.
///
/// # Errors
/// As [`Sockets::bind`].
pub(crate) async fn bound(address: SocketAddr, elsewhere: bool) -> Result<TcpListener, CommandError> {
    listener::bind(address, elsewhere).await.map_err(|source| {
        CommandError::unknown("node.port", format!("{address} can't be listened on: {source}"))
            .hint("is another node running there? choose another address")
    })
}

/// `http://ADDRESS` of a listener.
pub(crate) fn address(listener: &TcpListener) -> String {
    listener
        .local_addr()
        .map(|address| format!("http://{address}"))
        .unwrap_or_default()
}

impl Served {
    /// Serves a node on its sockets; the door may ask for client certificates, by a `door_tls` of its own.
    pub(crate) fn start(
        node: Node,
        sockets: Sockets,
        tls: Option<Arc<rustls::ServerConfig>>,
        door_tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for (listener, tls, app) in [
            (
                sockets.broker,
                tls.clone(),
                passport_broker::router(node.broker.clone()),
            ),
            (sockets.proxy, tls, tes_proxy::router(node.proxy.clone())),
            (sockets.door, door_tls, tes_proxy::storage_router(node.proxy.clone())),
        ] {
            tasks.spawn(listener::serve(listener, tls, app, stopped.clone()));
        }
        let chores = node.proxy.start_chores();
        let broker_chores = node.broker.start_chores();
        Self {
            stop,
            tasks,
            node,
            _chores: chores,
            _broker_chores: broker_chores,
        }
    }

    /// The node behind.
    pub(crate) fn node(&self) -> &Node {
        &self.node
    }

    /// Stops calmly: open requests end, the log is closed with a last checkpoint.
    pub(crate) async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
        let _ = self.node.writer.checkpoint().await;
        let _ = self.node.writer.close().await;
    }
}

/// Waits for Ctrl-C or the service manager's stop.
pub(crate) async fn asked_to_stop() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        Err(source) => {
            tracing::warn!(error = %source, "the stop signal can't be heard; only Ctrl-C stops this node");
            let _ = tokio::signal::ctrl_c().await;
            return;
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
