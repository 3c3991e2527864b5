//! Sockets that serve: header and time limits, the peer's address, a calm shutdown.
//!
//! `axum::serve` sets neither header limits nor timeouts; this accept loop does, and lets nothing in that two readers of
//! HTTP/1 could frame differently ([`crate::strict`]).

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
};
use tokio_rustls::TlsAcceptor;

use crate::strict::Strict;

/// How long a client may take for its request's headers.
const HEADERS: Duration = Duration::from_secs(10);
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long open requests may go on after a stop was asked for.
const CALM: Duration = Duration::from_secs(10);
/// Bytes of headers of one request.
const HEADER_BYTES: usize = 64 << 10;
/// Headers of one request.
const HEADER_COUNT: usize = 100;
/// Connections open at once on one listener.
const CONNECTIONS: usize = 4096;

/// Serves `app` on `listener` until `stop` says so, then lets open requests end.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    app: Router,
    mut stop: watch::Receiver<bool>,
) {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(HEADER_BYTES)
        .max_headers(HEADER_COUNT);
    http.http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(HEADER_BYTES).unwrap_or(u32::MAX))
        .max_concurrent_streams(256)
        .keep_alive_interval(Some(Duration::from_secs(30)));
    let http = Arc::new(http);
    let acceptor = tls.map(TlsAcceptor::from);
    let open = GracefulShutdown::new();
    let seats = Arc::new(Semaphore::new(CONNECTIONS));

    loop {
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stopped| *stopped) => break,
        };
        let (socket, peer) = match accepted {
            Ok(pair) => pair,
            Err(source) => {
                // Out of descriptors or a connection that ended early: wait a little, go on.
                tracing::warn!(error = %source, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = socket.set_nodelay(true);
        let (app, http, acceptor, watcher) = (app.clone(), Arc::clone(&http), acceptor.clone(), open.watcher());
        tokio::spawn(async move {
            let _seat = seat;
            match acceptor {
                None => connection(&http, socket, peer, app, watcher).await,
                Some(acceptor) => match tokio::time::timeout(HANDSHAKE, acceptor.accept(socket)).await {
                    Ok(Ok(secured)) => {
                        // rustls lets no certificate pass that it did not verify
                        let app = match secured.get_ref().1.peer_certificates() {
                            Some([_, ..]) => app.layer(axum::Extension(tes_proxy::Certified)),
                            Some([]) | None => app,
                        };
                        connection(&http, secured, peer, app, watcher).await;
                    }
                    Ok(Err(source)) => tracing::debug!(error = %source, "a TLS handshake failed"),
                    Err(_) => tracing::debug!("a TLS handshake took too long"),
                },
            }
        });
    }
    if tokio::time::timeout(CALM, open.shutdown()).await.is_err() {
        tracing::warn!("requests were still open when the time for a calm stop ended");
    }
}

async fn connection<S>(
    http: &auto::Builder<TokioExecutor>,
    stream: S,
    peer: SocketAddr,
    app: Router,
    watcher: hyper_util::server::graceful::Watcher,
) where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let app = tower::ServiceBuilder::new()
        .layer(axum::Extension(ConnectInfo(peer)))
        .service(app);
    let app = tower::util::MapErr::new(app, |never: Infallible| match never {});
    let served = http
        .serve_connection(TokioIo::new(Strict::new(stream)), TowerToHyperService::new(app))
        .into_owned();
    if let Err(source) = watcher.watch(served).await {
        tracing::debug!(error = %source, "a connection ended early");
    }
}

/// A listener on `address`; when the port is taken and `elsewhere` is set, on a free port of the same host.
pub(crate) async fn bind(address: SocketAddr, elsewhere: bool) -> std::io::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Err(source) if elsewhere && source.kind() == std::io::ErrorKind::AddrInUse => {
            TcpListener::bind(SocketAddr::new(address.ip(), 0)).await
        }
        bound => bound,
    }
}

/// Whether somebody listens on `address`.
pub(crate) async fn answers(address: SocketAddr) -> bool {
    tokio::time::timeout(Duration::from_secs(1), TcpStream::connect(address))
        .await
        .is_ok_and(|open| open.is_ok())
}
