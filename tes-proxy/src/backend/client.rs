//! Connections to backends: pooled, bounded in time, with our credential and nothing of the caller's.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client as Legacy, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde::de::DeserializeOwned;
use url::Url;
use visa_verifier::seam::{CertificateFiles, Clock};

use crate::{
    config::{BackendConfig, Config, is_loopback},
    limits,
};

use super::{
    BackendError,
    circuit::{Circuit, Shown},
};

/// Connections to one backend that wait for the next request.
const IDLE: usize = 64;

/// How backends are reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way<'c> {
    /// Authorities beside the system's.
    pub(crate) ca_file: Option<&'c Path>,
    /// What is shown to a backend that asks who calls.
    pub(crate) certificate: Option<&'c Arc<CertificateFiles>>,
    /// A connection serves one request only.
    pub(crate) connection_per_request: bool,
    /// http is allowed to loopback.
    pub(crate) loopback_http: bool,
}

impl<'c> Way<'c> {
    /// As the settings say.
    pub(crate) fn of(config: &'c Config) -> Self {
        Self {
            ca_file: config.ca_file.as_deref(),
            certificate: config.client_certificate.as_ref(),
            connection_per_request: config.connection_per_request,
            loopback_http: config.allow_loopback_http,
        }
    }
}

/// The transport that all backends share.
#[derive(Clone)]
pub(crate) struct Transport {
    http: Legacy<HttpsConnector<HttpConnector>, Full<Bytes>>,
    loopback_http: bool,
    clock: Arc<dyn Clock>,
}

impl Transport {
    /// With the system's roots and, beside them, those of `ca_file`; with our certificate for backends that ask for one.
    ///
    /// # Errors
    /// [`BackendError::Setup`] if the file cannot be read or holds no certificate.
    pub(crate) fn new(way: &Way<'_>, clock: Arc<dyn Clock>) -> Result<Self, BackendError> {
        let setup = |why| BackendError::Setup { api: "http", why };
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = way.ca_file {
            let more =
                CertificateDer::pem_file_iter(path).map_err(|_| setup("the file of certificates cannot be read"))?;
            for certificate in more {
                let certificate = certificate.map_err(|_| setup("the file of certificates holds something else"))?;
                roots
                    .add(certificate)
                    .map_err(|_| setup("a certificate cannot be used"))?;
            }
        }
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| setup("TLS has no protocol version"))?
            .with_root_certificates(roots);
        let tls = match way.certificate {
            Some(files) => tls.with_client_cert_resolver(Arc::clone(files) as _),
            None => tls.with_no_client_auth(),
        };
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(Duration::from_secs(5)));
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        let http = Legacy::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(if way.connection_per_request { 0 } else { IDLE })
            .retry_canceled_requests(false)
            .build(connector);
        Ok(Self {
            http,
            loopback_http: way.loopback_http,
            clock,
        })
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Transport")
    }
}

/// One backend.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    transport: Transport,
    api: &'static str,
    base: Url,
    credential: Option<HeaderValue>,
    circuit: Arc<Circuit>,
}

/// How a call is made.
#[derive(Clone, Copy, Debug)]
struct Call {
    /// With our credential.
    credential: bool,
    /// To the backend itself, not to another host that it named.
    own: bool,
    /// In any case: it stops something.
    must: bool,
}

impl Call {
    const USUAL: Self = Self {
        credential: true,
        own: true,
        must: false,
    };
}

impl Client {
    /// To this backend.
    pub(crate) fn new(transport: Transport, api: &'static str, config: &BackendConfig) -> Self {
        let credential = config.credential.as_ref().and_then(crate::config::Credential::header);
        Self {
            transport,
            api,
            base: config.base.clone(),
            credential,
            circuit: Arc::default(),
        }
    }

    /// Which API it speaks, for messages and the index.
    pub(crate) const fn api(&self) -> &'static str {
        self.api
    }

    /// Is it left alone at this moment, since it failed again and again?
    pub(crate) fn is_open(&self) -> bool {
        self.circuit.is_open(self.transport.clock.now_micros())
    }

    /// `base` and the encoded path below it.
    fn url(&self, path: &str, query: &[(&str, &str)]) -> Result<Url, BackendError> {
        let setup = |why| BackendError::Setup { api: self.api, why };
        let text = format!("{}{path}", self.base.as_str().trim_end_matches('/'));
        let mut url = Url::parse(&text).map_err(|_| setup("its address is no URL"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// Sends a request below the base, and parses its JSON answer.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<(String, Bytes)>,
    ) -> Result<T, BackendError> {
        self.json_by(Call::USUAL, method, path, query, body).await
    }

    /// The same with a POST that stops something: also while the backend is left alone.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn stop<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Option<(String, Bytes)>,
    ) -> Result<T, BackendError> {
        let call = Call {
            must: true,
            ..Call::USUAL
        };
        self.json_by(call, Method::POST, path, &[], body).await
    }

    async fn json_by<T: DeserializeOwned>(
        &self,
        call: Call,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<(String, Bytes)>,
    ) -> Result<T, BackendError> {
        let mut headers = HeaderMap::new();
        let bytes = match body {
            Some((kind, bytes)) => {
                let kind = HeaderValue::from_str(&kind).map_err(|_| BackendError::Setup {
                    api: self.api,
                    why: "a content type",
                })?;
                headers.insert(header::CONTENT_TYPE, kind);
                bytes
            }
            None => Bytes::new(),
        };
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let response = self
            .exchange(call, method, self.url(path, query)?, headers, bytes)
            .await?;
        let whole = self.collected(response, limits::BACKEND_BYTES).await?;
        serde_json::from_slice(&whole).map_err(|_| BackendError::Unreadable {
            api: self.api,
            why: "it is not the JSON of this API",
        })
    }

    /// The address that it calls.
    pub(crate) const fn base(&self) -> &Url {
        &self.base
    }

    /// Sends a request without body below the base, and reads its answer whole.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn whole(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        headers: HeaderMap,
    ) -> Result<(HeaderMap, Bytes), BackendError> {
        let url = self.url(path, query)?;
        let response = self.exchange(Call::USUAL, method, url, headers, Bytes::new()).await?;
        let headers = response.headers().clone();
        Ok((headers, self.collected(response, limits::BACKEND_BYTES).await?))
    }

    /// The body of an answer, at most so many bytes, in time.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn collected(&self, response: Response<Incoming>, bytes: usize) -> Result<Bytes, BackendError> {
        let whole = tokio::time::timeout(
            limits::BACKEND_TIME,
            Limited::new(response.into_body(), bytes).collect(),
        )
        .await
        .map_err(|_| BackendError::Slow { api: self.api })?
        .map_err(|_| BackendError::Unreadable {
            api: self.api,
            why: "it is too large or broke off",
        })?;
        Ok(whole.to_bytes())
    }

    /// Sends a request for bytes to a URL that a backend named: its own host, or one of `hosts`. Redirects are not
    /// followed.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn open(
        &self,
        url: Url,
        hosts: &[String],
        headers: HeaderMap,
        head: bool,
    ) -> Result<Response<Incoming>, BackendError> {
        let own = url.origin() == self.base.origin();
        let authority = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => String::new(),
        };
        if !own && !hosts.contains(&authority) {
            return Err(BackendError::Unreadable {
                api: self.api,
                why: "it names bytes on a host that is not configured",
            });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BackendError::Unreadable {
                api: self.api,
                why: "it names bytes with user info",
            });
        }
        let method = if head { Method::HEAD } else { Method::GET };
        let call = Call {
            credential: own && !headers.contains_key(header::AUTHORIZATION),
            own,
            must: false,
        };
        self.exchange(call, method, url, headers, Bytes::new()).await
    }

    async fn exchange(
        &self,
        call: Call,
        method: Method,
        url: Url,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response<Incoming>, BackendError> {
        let setup = |why| BackendError::Setup { api: self.api, why };
        if url.scheme() != "https" && !(url.scheme() == "http" && self.transport.loopback_http && is_loopback(&url)) {
            return Err(setup(
                "only https is called, and http on this machine where that is allowed",
            ));
        }
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if call.credential
            && let Some(value) = &self.credential
        {
            headers.insert(header::AUTHORIZATION, value.clone());
        }
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = url.as_str().parse().map_err(|_| setup("its address is no URI"))?;
        *request.headers_mut() = headers;
        self.judged(self.sent(call, request).await?)
    }

    /// Sends it where the circuit lets it through, and tells the circuit what came of it. What another host does shows
    /// nothing of the backend.
    async fn sent(&self, call: Call, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, BackendError> {
        if !call.own {
            return self.asked(request).await;
        }
        let api = self.api;
        let now = || self.transport.clock.now_micros();
        let way = self.circuit.enter(now(), call.must);
        let way = way.map_err(|seconds| BackendError::Open { api, seconds })?;
        let answer = self.asked(request).await;
        // an error of its own is an answer: a request that it cannot bear must not keep others away
        let fails = match &answer {
            Ok(response) => matches!(response.status().as_u16(), 502..=504),
            Err(_) => true,
        };
        let shown = if fails { Shown::Fails } else { Shown::Lives };
        match way.told(shown, now()) {
            Some(true) => tracing::error!(
                api,
                host = self.base.host_str(),
                "a backend failed again and again and is left alone for a moment"
            ),
            Some(false) => tracing::info!(api, host = self.base.host_str(), "a backend answers again"),
            None => {}
        }
        answer
    }

    /// One exchange within its time. What only reads is sent once more if the connection went before an answer began.
    async fn asked(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, BackendError> {
        let again = matches!(*request.method(), Method::GET | Method::HEAD).then(|| request.clone());
        let call = async {
            match (self.transport.http.request(request).await, again) {
                (Err(error), Some(again)) if !error.is_connect() => self.transport.http.request(again).await,
                (answer, _) => answer,
            }
        };
        tokio::time::timeout(limits::BACKEND_TIME, call)
            .await
            .map_err(|_| BackendError::Slow { api: self.api })?
            .map_err(|error| {
                tracing::warn!(api = self.api, error = %error, "a backend could not be reached");
                if error.is_connect() {
                    BackendError::Unreached { api: self.api }
                } else {
                    BackendError::Down { api: self.api }
                }
            })
    }

    fn judged(&self, response: Response<Incoming>) -> Result<Response<Incoming>, BackendError> {
        let api = self.api;
        let status = response.status();
        if response
            .headers()
            .get_all(header::CONTENT_ENCODING)
            .iter()
            .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
        {
            return Err(BackendError::Unreadable {
                api,
                why: "it is encoded",
            });
        }
        match status {
            StatusCode::ACCEPTED => {
                let seconds = response
                    .headers()
                    .get(header::RETRY_AFTER)
                    .and_then(|value| value.to_str().ok())
                    .and_then(|text| text.parse().ok());
                let seconds: u32 = seconds.unwrap_or(5).min(600);
                // a word of DRS alone (`apis.md` 2.1); elsewhere it is no answer that we could pass on
                Err(if api == "DRS" {
                    BackendError::Preparing { api, seconds }
                } else {
                    BackendError::Later { api, seconds }
                })
            }
            status if status.is_success() => Ok(response),
            StatusCode::RANGE_NOT_SATISFIABLE => Ok(response),
            StatusCode::NOT_FOUND => Err(BackendError::Unknown { api }),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                Err(BackendError::Later { api, seconds: 5 })
            }
            status => {
                tracing::warn!(api, status = status.as_u16(), "a backend refused");
                Err(BackendError::Refused {
                    api,
                    status: status.as_u16(),
                })
            }
        }
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
