//! [`HttpsFetch`]: the one hardened outgoing client. https only (http to loopback where configured), no
//! redirects, no proxy from the environment, no private addresses after name resolution, bounded in time and size.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::FutureExt;
use futures::future::BoxFuture;
use http::Request;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::address::is_public;
use super::fetch::{Fetch, Fetched, Limit};
use super::fetch_error::FetchError;
use super::fetch_url::FetchUrl;

/// A connection stands within this time or not at all.
const CONNECT: Duration = Duration::from_secs(5);

/// What the outgoing client may do beyond its strict default.
#[derive(Clone, Debug, Default)]
pub struct FetchSettings {
    /// A PEM file of further certificate authorities, beside the system's.
    pub ca_file: Option<PathBuf>,
    /// `http://` to `localhost` and loopback addresses (demo and tests).
    pub allow_loopback_http: bool,
    /// Private, link-local and loopback addresses may be called (a node whose services are all inside).
    pub allow_private: bool,
    /// The `User-Agent`; `visum` if empty.
    pub user_agent: String,
}

/// The hardened client. Cheap to clone; connections are shared.
#[derive(Clone)]
pub struct HttpsFetch {
    client: reqwest::Client,
    allow_loopback_http: bool,
    allow_private: bool,
}

impl HttpsFetch {
    /// Reads the certificate authorities and makes the client.
    pub fn new(settings: FetchSettings) -> Result<Self, FetchError> {
        let failed = |why: String| FetchError::Client { why };
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = &settings.ca_file {
            let pem = std::fs::read(path).map_err(|e| failed(format!("`{}`: {e}", path.display())))?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate = certificate.map_err(|e| failed(format!("`{}`: {e}", path.display())))?;
                roots
                    .add(certificate)
                    .map_err(|e| failed(format!("`{}`: {e}", path.display())))?;
            }
        }
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| failed(e.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let resolver = PublicOnly {
            allow_loopback: settings.allow_loopback_http,
            allow_private: settings.allow_private,
        };
        let agent = if settings.user_agent.is_empty() {
            "visum"
        } else {
            &settings.user_agent
        };
        #[expect(clippy::disallowed_methods, reason = "the seam")]
        let builder = reqwest::Client::builder();
        let client = builder
            .tls_backend_preconfigured(tls)
            .https_only(!settings.allow_loopback_http)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(resolver))
            .connect_timeout(CONNECT)
            .user_agent(agent)
            .build()
            .map_err(|e| failed(e.without_url().to_string()))?;
        let (allow_loopback_http, allow_private) = (settings.allow_loopback_http, settings.allow_private);
        Ok(Self {
            client,
            allow_loopback_http,
            allow_private,
        })
    }

    /// Whether `http://` to loopback is let by.
    #[must_use]
    pub const fn allows_loopback_http(&self) -> bool {
        self.allow_loopback_http
    }

    async fn call(&self, request: Request<Bytes>, limit: Limit) -> Result<Fetched, FetchError> {
        let url = FetchUrl::parse(&request.uri().to_string(), self.allow_loopback_http)?;
        let host = url.host().to_owned();
        // the resolver does not see hosts that are written as addresses
        if let Some(address) = url.literal()
            && !self.allow_private
            && !is_public(address)
            && !(self.allow_loopback_http && address.is_loopback())
        {
            return Err(FetchError::Address { host });
        }
        let outgoing = reqwest::Request::try_from(request).map_err(|e| FetchError::Unreachable {
            host: host.clone(),
            why: e.without_url().to_string(),
        })?;
        let mut answer = self.client.execute(outgoing).await.map_err(|e| transport(&host, e))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| transport(&host, e))? {
            if body.len().saturating_add(chunk.len()) > limit.bytes {
                return Err(FetchError::TooLarge {
                    host,
                    bytes: limit.bytes,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Fetched {
            status,
            headers,
            body: body.freeze(),
        })
    }
}

impl Fetch for HttpsFetch {
    fn send(&self, request: Request<Bytes>, limit: Limit) -> BoxFuture<'_, Result<Fetched, FetchError>> {
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
            .field("allow_loopback_http", &self.allow_loopback_http)
            .field("allow_private", &self.allow_private)
            .finish_non_exhaustive()
    }
}

/// What a transport error was, told without the URL.
fn transport(host: &str, error: reqwest::Error) -> FetchError {
    let host = host.to_owned();
    if error.is_timeout() {
        return FetchError::Slow { host };
    }
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    let mut deepest = String::new();
    while let Some(cause) = source {
        if cause.downcast_ref::<NotPublic>().is_some() {
            return FetchError::Address { host };
        }
        deepest = cause.to_string();
        source = cause.source();
    }
    // the deepest cause says what happened and names no URL; the outermost would name it
    FetchError::Unreachable { host, why: deepest }
}

/// Resolves names as the system does, and keeps the public addresses only. The connection is made to the
/// very addresses that were judged, so a second answer of the name server changes nothing.
#[derive(Debug)]
struct PublicOnly {
    allow_loopback: bool,
    allow_private: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("no public address")]
struct NotPublic;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let local = name.as_str().eq_ignore_ascii_case("localhost");
        let (private, loopback) = (self.allow_private, self.allow_loopback && local);
        async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let may = |a: &SocketAddr| private || is_public(a.ip()) || (loopback && a.ip().is_loopback());
            // one private address among public ones is a trick: the whole name is refused
            if found.is_empty() || !found.iter().all(may) {
                return Err(NotPublic.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        }
        .boxed()
    }
}
