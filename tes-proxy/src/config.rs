//! The proxy's settings, typed. `cli` reads files and environment; here each has its meaning, unit and bound.

use std::{fmt, net::IpAddr, path::PathBuf, sync::Arc};

mod compute;
mod door;
mod trs;

pub use compute::{BACKENDS, ComputeMount, Reading, RunTokenRules, WesMount, WorkflowEngine, WorkflowType};
pub use door::DoorRules;
pub use trs::{RegisteredTool, TrsMount};

use url::Url;

use visa_verifier::seam::CertificateFiles;

/// Everything that the proxy is told at start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where clients reach the public listener: scheme, host and port, no path. Outward URLs are built from it, never
    /// from a request.
    pub public_url: Url,
    /// The `aud` that access tokens and Passports must name: usually the public URL without its last slash.
    pub audience: String,
    /// Further names (`host` or `host:port`) that a request's `Host` may have; the public URL's own is always one.
    pub hosts: Vec<String>,
    /// Where backends reach the storage door's listener: scheme, host and port, no path.
    pub door_url: Url,
    /// The name of this node in events.
    pub node: String,
    /// The ownership index: `sqlite:///path/x.db?mode=rwc` or `postgres://…`.
    pub database: String,
    /// 32 random bytes that every replica shares: capabilities, page tokens and pairwise pseudonyms are keyed by it.
    pub secret: NodeSecret,
    /// Who runs this node, for service-info.
    pub organisation: Organisation,
    /// Takes the access token as the password of Basic on TES and WES (wes-client can do nothing else). Default true.
    pub basic_password: bool,
    /// Requests that are worked on at once on all listeners; more wait a moment, and are then answered 503. What streams
    /// to a client counts no more. At least 1.
    pub requests_at_once: usize,
    /// The DRS behind this gate.
    pub drs: Option<DrsMount>,
    /// The TES behind this gate: none, one, or several to choose from.
    pub tes: Vec<ComputeMount>,
    /// The WES behind this gate, likewise.
    pub wes: Vec<WesMount>,
    /// The tool registry behind this gate.
    pub trs: Option<TrsMount>,
    /// The networks from which the storage door is used. Empty: any address, and then no compute-only data.
    pub door_networks: Vec<Network>,
    /// The storage door's further rules.
    pub door: DoorRules,
    /// The networks whose callers count as internal (`context.network.internal`).
    pub internal_networks: Vec<Network>,
    /// Proxies in front of the public listener: from these alone `Forwarded` and `X-Forwarded-For` are read, for the
    /// address of the client. Default: none.
    pub trusted_proxies: Vec<Network>,
    /// Image registries that may be asked which digest a tag has: the host in images' names, and the base URL.
    pub registries: Vec<(String, Url)>,
    /// Certificates (PEM) trusted for backends beside the system's.
    pub ca_file: Option<PathBuf>,
    /// The certificate that backends are shown which ask who calls (mutual TLS); read again when its files change.
    pub client_certificate: Option<Arc<CertificateFiles>>,
    /// A connection to a backend serves one request only: nothing that a backend misread of one caller's request can
    /// meet another's (`apis.md` E40). Costs a connection for each request.
    pub connection_per_request: bool,
    /// http is allowed to loopback backends and the broker: demo and tests only.
    pub allow_loopback_http: bool,
}

/// 32 bytes that are never shown.
#[derive(Clone)]
pub struct NodeSecret([u8; 32]);

impl NodeSecret {
    /// Takes the bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for NodeSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("NodeSecret(…)")
    }
}

/// Name and page of who runs the node (service-info `organization`).
#[derive(Clone, Debug)]
pub struct Organisation {
    /// Its name.
    pub name: String,
    /// Its page.
    pub url: String,
}

/// The bearer that a backend demands of us. Never shown.
#[derive(Clone)]
pub struct Credential(String);

impl Credential {
    /// Takes the text of the bearer.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn header(&self) -> Option<http::HeaderValue> {
        let mut value = http::HeaderValue::from_str(&format!("Bearer {}", self.0)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Credential(…)")
    }
}

/// A backend: where it is, and what it demands of us.
#[derive(Clone, Debug)]
pub struct BackendConfig {
    /// Its base with the API's prefix, such as `http://127.0.0.1:9001/ga4gh/tes/v1`.
    pub base: Url,
    /// Its credential.
    pub credential: Option<Credential>,
}

/// The DRS behind the gate.
#[derive(Clone, Debug)]
pub struct DrsMount {
    /// The backend.
    pub backend: BackendConfig,
    /// The host of our `drs://` URIs (no port, DRS 1.5 "hostname-based").
    pub uri_host: String,
    /// Further hosts whose `drs://host/id` means our ids.
    pub uri_aliases: Vec<String>,
    /// Further hosts (`host:port`) of the backend's byte URLs, besides its own.
    pub byte_hosts: Vec<String>,
    /// Visa issuers shown in `authorizations`, in order.
    pub visa_issuers: Vec<String>,
    /// The service id of service-info (reverse domain).
    pub id: String,
    /// Takes ids with slashes that are not percent-encoded, `/objects/dg.4503/x/access/s3`, as old clients send them
    /// (`apis.md` 2.2). Default false.
    pub slash_ids: bool,
    /// Takes a Passport in the `Authorization` header in the place of a token, as old clients send it (DRS-08). Default
    /// false: 401.
    pub accept_passport_bearer: bool,
}

/// An address range.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    /// Its first address.
    pub address: IpAddr,
    /// Its length in bits: 0 to 32 or 128.
    pub prefix: u8,
}

impl Network {
    /// Does `address` lie in it? IPv4-mapped IPv6 addresses count as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(one)) => {
                let mask = u32::MAX
                    .checked_shl(32_u32.saturating_sub(u32::from(self.prefix)))
                    .unwrap_or(0);
                u32::from(net) & mask == u32::from(one) & mask
            }
            (IpAddr::V6(net), IpAddr::V6(one)) => {
                let mask = u128::MAX
                    .checked_shl(128_u32.saturating_sub(u32::from(self.prefix)))
                    .unwrap_or(0);
                u128::from(net) & mask == u128::from(one) & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// How the proxy gets Passports: the broker and our registration there.
#[derive(Clone)]
pub struct BrokerLink {
    /// The broker's issuer identifier, exactly as its tokens name it; its keys are found by discovery.
    pub issuer: String,
    /// Its token endpoint.
    pub token_endpoint: Url,
    /// Our client id there.
    pub client_id: String,
    /// The key id of our key in its registration.
    pub key_id: String,
    /// Our private key: ES256, PKCS#8 DER.
    pub private_key: Vec<u8>,
}

impl fmt::Debug for BrokerLink {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("BrokerLink")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Why the settings do not fit together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigFault {
    /// A URL has a path, query, user info or a scheme that it must not have.
    #[error("`{0}` must be a URL of scheme, host and port alone")]
    Origin(&'static str),
    /// http where only https may be.
    #[error("`{0}` must be https; http is for loopback with `allow_loopback_http` alone")]
    Plain(&'static str),
    /// Two listeners share an address.
    #[error("the storage door must have a listener of its own")]
    DoorShared,
    /// Compute-only data, and nothing says who the compute network is.
    #[error(
        "the dataset `{0}` is compute-only, and the storage door is open to every address: name the compute network in \
         `storage_door.networks` (no prefix of 0 bits), or demand certificates with `storage_door.client_ca_file`"
    )]
    NetworkMissing(String),
    /// An engine parameter that callers may set is one that the gate sets.
    #[error("the engine parameter `{0}` is set by `run_token` and named in `engine_parameters`: callers could set it")]
    RunToken(String),
    /// Engines get a credential for a TES that is not there.
    #[error("`run_token` is set and there is no `[proxy.tes]`, for which it would be")]
    RunTokenAlone,
    /// A digest that is none.
    #[error("`{0}` in the settings of the tool registry is no SHA-256 of 64 hexadecimal digits")]
    TrsDigest(String),
    /// Several backends of one kind that could not be told apart.
    #[error("{api}: {why}")]
    Backends {
        /// Which kind.
        api: &'static str,
        /// What is wrong.
        why: String,
    },
}

impl ConfigFault {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Origin(_) => "config.origin",
            Self::Plain(_) => "config.plain_http",
            Self::DoorShared => "door.not_its_own",
            Self::NetworkMissing(_) => "door.network_missing",
            Self::RunToken(_) => "config.run_token",
            Self::RunTokenAlone => "config.run_token_alone",
            Self::TrsDigest(_) => "config.trs_digest",
            Self::Backends { .. } => "config.backends",
        }
    }
}

impl Config {
    /// Do the settings fit together?
    ///
    /// # Errors
    /// [`ConfigFault`] names the setting.
    pub fn check(&self) -> Result<(), ConfigFault> {
        for (name, url) in [("public_url", &self.public_url), ("door_url", &self.door_url)] {
            let bare =
                url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
            if !bare || url.host_str().is_none() {
                return Err(ConfigFault::Origin(name));
            }
        }
        let mut urls = vec![("public_url", &self.public_url), ("door_url", &self.door_url)];
        urls.extend(self.registries.iter().map(|(_, url)| ("registries", url)));
        urls.extend(self.drs.iter().map(|drs| ("drs.backend", &drs.backend.base)));
        urls.extend(self.tes.iter().map(|tes| ("tes.backend", &tes.backend.base)));
        urls.extend(self.wes.iter().map(|wes| ("wes.backend", &wes.compute.backend.base)));
        urls.extend(self.trs.iter().map(|trs| ("trs.backend", &trs.backend.base)));
        for (name, url) in urls {
            if url.scheme() != "https" && !(self.allow_loopback_http && url.scheme() == "http" && is_loopback(url)) {
                return Err(ConfigFault::Plain(name));
            }
        }
        if self.public_url.origin() == self.door_url.origin() {
            return Err(ConfigFault::DoorShared);
        }
        let runs = self.wes.iter().map(|wes| &wes.compute);
        compute::check("TES", self.tes.iter().map(|tes| (tes.name.as_str(), &tes.backend)))?;
        compute::check("WES", runs.map(|wes| (wes.name.as_str(), &wes.backend)))?;
        for kind in self.wes.iter().flat_map(|wes| &wes.types) {
            let Some(rules) = &kind.run_token else { continue };
            if self.tes.is_empty() {
                return Err(ConfigFault::RunTokenAlone);
            }
            let mut own = rules.with.keys().chain([&rules.parameter]);
            if let Some(name) = own.find(|name| kind.engine_parameters.contains_key(*name)) {
                return Err(ConfigFault::RunToken(name.clone()));
            }
        }
        self.trs.as_ref().map_or(Ok(()), TrsMount::check)
    }
}

/// Is the URL's host this machine?
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        let cases = [
            ("127.0.0.0", 8, "127.1.2.3", true),
            ("127.0.0.0", 8, "128.0.0.1", false),
            ("10.0.0.0", 0, "1.2.3.4", true),
            ("10.0.0.1", 32, "10.0.0.2", false),
            ("10.0.0.0", 8, "::ffff:10.1.1.1", true),
            ("fd00::", 8, "fd12::1", true),
            ("fd00::", 8, "10.0.0.1", false),
        ];
        for (net, prefix, address, inside) in cases {
            let network = Network {
                address: net.parse().unwrap(),
                prefix,
            };
            assert_eq!(
                network.contains(address.parse().unwrap()),
                inside,
                "{address} in {net}/{prefix}"
            );
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?} {:?}", NodeSecret::new([7; 32]), Credential::new("hush".into()));
        assert!(!shown.contains('7') && !shown.contains("hush"), "{shown}");
    }
}
