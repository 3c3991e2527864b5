//! [`HttpsFetch`]: the one hardened outgoing client.
//!
//! https only (http to loopback where configured); no redirect is followed, not even within an origin; the time of the
//! connection, of silence and of all is bounded, and so is the answer; no address that is not public, unless the
//! configuration allows it, judged on the very address that is connected to; no proxy but the configured one.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::FutureExt;
use futures::future::BoxFuture;
use http::Request;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::certificate::not_after;
use super::fetch::{Fetch, Fetched, Limit, Peer};
use super::fetch_error::FetchError;
use super::fetch_url::FetchUrl;
use super::resolve::{Judged, NotLetBy, Rules, is_localhost};
use super::settings::FetchSettings;

/// A connection that nobody uses is closed after this time: a name that moved is looked up anew.
const POOL_IDLE: Duration = Duration::from_secs(30);
/// Idle connections that are kept per host.
const POOL_PER_HOST: usize = 4;

/// The hardened client. Cheap to clone; connections are shared.
#[derive(Clone)]
pub struct HttpsFetch {
    client: reqwest::Client,
    rules: Arc<Rules>,
    connect: Duration,
    proxied: bool,
}

impl HttpsFetch {
    /// Reads the certificate authorities and makes the client.
    pub fn new(settings: FetchSettings) -> Result<Self, FetchError> {
        let failed = |why: String| FetchError::Client { why };
        let rules = Arc::new(Rules {
            loopback: settings.allow_loopback_http,
            inside: settings.allow_private,
            proxy: settings.proxy.as_ref().map(|proxy| proxy.host().to_owned()),
        });
        let agent = if settings.user_agent.is_empty() {
            "visum"
        } else {
            &settings.user_agent
        };
        #[expect(clippy::disallowed_methods, reason = "the seam")]
        let builder = reqwest::Client::builder();
        let mut builder = builder
            .tls_backend_preconfigured(tls(&settings)?)
            .tls_info(true)
            .https_only(!settings.allow_loopback_http)
            .no_proxy() // none of the environment's
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .dns_resolver(Arc::new(Judged {
                resolver: Arc::clone(&settings.resolver),
                rules: Arc::clone(&rules),
            }))
            .connect_timeout(settings.connect)
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(POOL_PER_HOST)
            .user_agent(agent);
        if let Some(proxy) = &settings.proxy {
            builder = builder.proxy(proxy.rule().map_err(|e| failed(e.without_url().to_string()))?);
        }
        Ok(Self {
            client: builder.build().map_err(|e| failed(e.without_url().to_string()))?,
            rules,
            connect: settings.connect,
            proxied: settings.proxy.is_some(),
        })
    }

    /// Whether `http://` to loopback is let by.
    #[must_use]
    pub fn allows_loopback_http(&self) -> bool {
        self.rules.loopback
    }

    /// The host of an address that may be called.
    fn callable(&self, address: &str) -> Result<String, FetchError> {
        let url = FetchUrl::parse(address, self.rules.loopback)?;
        let host = url.host().to_owned();
        // the resolver does not see hosts that are written as addresses, nor names that a proxy resolves
        let literal = url.literal().is_some_and(|address| !self.rules.let_by(&host, address));
        if literal || (self.proxied && leads_home(&host)) {
            return Err(FetchError::Address { host });
        }
        Ok(host)
    }

    /// Sends; the answer's head comes within the connection's time and `idle`.
    async fn execute(
        &self,
        host: &str,
        request: reqwest::Request,
        idle: Duration,
    ) -> Result<reqwest::Response, FetchError> {
        let slow = |_| FetchError::Slow { host: host.to_owned() };
        let head = self.connect.saturating_add(idle);
        let answer = tokio::time::timeout(head, self.client.execute(request)).await;
        let answer = answer.map_err(slow)?.map_err(|e| transport(host, &e))?;
        // what was connected to was judged by the resolver; an answer from elsewhere is not even read
        let elsewhere = |peer: std::net::SocketAddr| !self.rules.let_by(host, peer.ip());
        if !self.proxied && answer.remote_addr().is_some_and(elsewhere) {
            return Err(FetchError::Address { host: host.to_owned() });
        }
        Ok(answer)
    }

    /// Sends `request` with a body that is read as it goes out, and hands back the answer as soon as its head is there;
    /// its body is read by whoever takes it. The same rules as for whole answers, but neither size nor time of the bodies is
    /// bounded here: the caller streams, and holds nothing.
    ///
    /// # Errors
    /// [`FetchError`], as for whole answers; `idle` bounds the time until the head.
    pub async fn stream<S>(
        &self,
        request: Request<Option<S>>,
        idle: Duration,
    ) -> Result<http::Response<reqwest::Body>, FetchError>
    where
        S: futures::Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
    {
        let host = self.callable(&request.uri().to_string())?;
        let body = |stream: Option<S>| stream.map_or_else(reqwest::Body::default, reqwest::Body::wrap_stream);
        let outgoing = reqwest::Request::try_from(request.map(body)).map_err(|e| transport(&host, &e))?;
        Ok(self.execute(&host, outgoing, idle).await?.into())
    }

    async fn call(&self, request: Request<Bytes>, limit: Limit) -> Result<(Fetched, Peer), FetchError> {
        let host = self.callable(&request.uri().to_string())?;
        let slow = |_| FetchError::Slow { host: host.clone() };
        let outgoing = reqwest::Request::try_from(request).map_err(|e| transport(&host, &e))?;
        let mut answer = self.execute(&host, outgoing, limit.idle).await?;
        let too_large = || FetchError::TooLarge {
            host: host.clone(),
            bytes: limit.bytes,
        };
        if answer
            .content_length()
            .is_some_and(|length| length > limit.bytes as u64)
        {
            return Err(too_large());
        }
        let tls = answer.extensions().get::<reqwest::tls::TlsInfo>();
        let peer = Peer {
            certificate_ends: tls.and_then(|tls| not_after(tls.peer_certificate()?)),
        };
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut body = BytesMut::new();
        loop {
            let chunk = tokio::time::timeout(limit.idle, answer.chunk()).await.map_err(slow)?;
            let Some(chunk) = chunk.map_err(|e| transport(&host, &e))? else {
                break;
            };
            if body.len().saturating_add(chunk.len()) > limit.bytes {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        let body = body.freeze();
        Ok((Fetched { status, headers, body }, peer))
    }
}

impl Fetch for HttpsFetch {
    fn send(&self, request: Request<Bytes>, limit: Limit) -> BoxFuture<'_, Result<Fetched, FetchError>> {
        async move { Ok(self.inspect(request, limit).await?.0) }.boxed()
    }

    fn inspect(&self, request: Request<Bytes>, limit: Limit) -> BoxFuture<'_, Result<(Fetched, Peer), FetchError>> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        async move {
            match tokio::time::timeout(limit.time, self.call(request, limit)).await {
                Ok(answer) => answer,
                Err(_) => Err(FetchError::Slow { host }),
            }
        }
        .boxed()
    }
}

impl fmt::Debug for HttpsFetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpsFetch")
            .field("rules", &self.rules)
            .field("proxied", &self.proxied)
            .finish_non_exhaustive()
    }
}

/// rustls over ring, the system's certificate authorities and those of the CA file.
fn tls(settings: &FetchSettings) -> Result<rustls::ClientConfig, FetchError> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = &settings.ca_file {
        let failed = |why: String| FetchError::Client {
            why: format!("`{}`: {why}", path.display()),
        };
        let pem = std::fs::read(path).map_err(|e| failed(e.to_string()))?;
        let mut found = false;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|e| failed(e.to_string()))?;
            roots.add(certificate).map_err(|e| failed(e.to_string()))?;
            found = true;
        }
        if !found {
            return Err(failed("it holds no certificate".to_owned()));
        }
    }
    Ok(
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| FetchError::Client { why: e.to_string() })?
            .with_root_certificates(roots)
            .with_no_client_auth(),
    )
}

/// Names that would lead a proxy to itself: `localhost` in every spelling but the one that we call directly.
fn leads_home(host: &str) -> bool {
    let bare = host.trim_end_matches('.');
    let ends_so = bare.rsplit('.').next().is_some_and(is_localhost);
    ends_so && !is_localhost(host)
}

/// The TLS error that `cause` is or wraps. An I/O error shows what it wraps by `get_ref` alone, not by `source`.
fn tls_error<'e>(cause: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    if let Some(tls) = cause.downcast_ref() {
        return Some(tls);
    }
    let wrapped = cause.downcast_ref::<std::io::Error>()?.get_ref()?;
    tls_error(wrapped)
}

/// What a transport error was, told without the URL.
fn transport(host: &str, error: &reqwest::Error) -> FetchError {
    let host = host.to_owned();
    if error.is_timeout() {
        return FetchError::Slow { host };
    }
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut deepest = String::new();
    while let Some(cause) = source {
        if cause.downcast_ref::<NotLetBy>().is_some() {
            return FetchError::Address { host };
        }
        if let Some(tls) = tls_error(cause) {
            return FetchError::Tls {
                host,
                why: tls.to_string(),
            };
        }
        deepest = cause.to_string();
        source = cause.source();
    }
    // the deepest cause says what happened and names no URL; the outermost would name it
    FetchError::Unreachable { host, why: deepest }
}
