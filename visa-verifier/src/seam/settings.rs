//! [`FetchSettings`]: what the outgoing client may do beyond its strict default.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::fetch_error::FetchError;
use super::resolve::{Resolver, SystemResolver};

/// What the outgoing client may do beyond its strict default.
#[derive(Clone, Debug)]
pub struct FetchSettings {
    /// A PEM file of further certificate authorities, beside the system's.
    pub ca_file: Option<PathBuf>,
    /// `http://` to `localhost` and loopback addresses (demo and tests).
    pub allow_loopback_http: bool,
    /// Private, shared and loopback addresses may be called (a node whose services are all inside). Link-local and
    /// metadata addresses never are.
    pub allow_private: bool,
    /// The way out, if there is no direct one. Never read from the environment.
    pub proxy: Option<ProxySettings>,
    /// How long a connection may take to stand, TLS included. Default 3 s.
    pub connect: Duration,
    /// The `User-Agent`; `visum` if empty.
    pub user_agent: String,
    /// How names become addresses. Default: as the system does.
    pub resolver: Arc<dyn Resolver>,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self {
            ca_file: None,
            allow_loopback_http: false,
            allow_private: false,
            proxy: None,
            connect: Duration::from_secs(3),
            user_agent: String::new(),
            resolver: Arc::new(SystemResolver),
        }
    }
}

/// A proxy that outgoing calls take, by `CONNECT`: what is inside of TLS stays between us and the server.
///
/// **The proxy resolves names, so the address check is its duty**: we still refuse addresses that are written in the
/// URL and may not be called, and `localhost`, but where a name leads we do not see. Let the proxy refuse the ranges
/// of your own network. Calls to loopback never take it.
#[derive(Clone)]
pub struct ProxySettings {
    url: Url,
    direct: Vec<String>,
}

impl ProxySettings {
    /// A proxy at `url`: `http://` or `https://` with host and port, perhaps with user and password. `direct` names
    /// what is called without it (hosts, `.domains`, addresses, networks as `10.0.0.0/8`), by the rules for addresses.
    pub fn new(url: &str, direct: Vec<String>) -> Result<Self, FetchError> {
        let refuse = |why: &str| FetchError::Client {
            why: format!("the proxy's address {why}"),
        };
        let url = Url::parse(url).map_err(|_| refuse("is no URL"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("is neither http nor https"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(refuse("has no host"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("has more than a host and a port"));
        }
        Ok(Self { url, direct })
    }

    /// The proxy's host.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    pub(super) fn rule(&self) -> Result<reqwest::Proxy, reqwest::Error> {
        let mut direct = "localhost,127.0.0.0/8,::1".to_owned();
        for one in &self.direct {
            direct.push(',');
            direct.push_str(one);
        }
        Ok(reqwest::Proxy::all(self.url.as_str())?.no_proxy(reqwest::NoProxy::from_string(&direct)))
    }
}

impl fmt::Debug for ProxySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // the URL can hold a password
        f.debug_struct("ProxySettings")
            .field("host", &self.host())
            .field("direct", &self.direct)
            .finish_non_exhaustive()
    }
}
