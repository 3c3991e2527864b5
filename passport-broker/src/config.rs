//! The broker's settings. Files, environment and flags are read by the command line; here they have types.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use audit_log::VKey;
use policy_engine::snapshot::Governance;
use visa_verifier::Issuer;
use visa_verifier::seam::Secret;

use crate::limits;
use crate::mail::MailServer;

/// What a broker must know before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Our issuer, exactly as tokens write it: https, or http to a loopback address in the demo.
    pub issuer: Issuer,
    /// `sqlite:///path/broker.db?mode=rwc` or `postgres://…`.
    pub database: String,
    /// 32 bytes from the key file: private keys and cookies are encrypted under it (D13).
    pub node_key: Secret,
    /// One administrator or two, to begin with. Once the log says two, this counts no more: see
    /// [`Broker::governance`](crate::Broker::governance).
    pub governance: Governance,
    /// The audience of the proxy: in every access token beside our issuer, unless the client asks for less.
    pub proxy_audience: Option<String>,
    /// Secrets that upstream providers gave us, by the name that their row uses.
    pub upstream_secrets: BTreeMap<String, Secret>,
    /// Whether upstream providers that assert what nobody checked are let in: the demo and tests only.
    pub sample_upstreams: bool,
    /// The life of access tokens; at most 1 hour.
    pub access_token: Duration,
    /// The life of visas that we sign; at most 1 hour.
    pub visa: Duration,
    /// This node's own service, as the register knows it: where data are used.
    pub node: String,
    /// Host names of this node's DRS, lower case (for `drs://` references).
    pub drs_hosts: Vec<String>,
    /// The solver of the policies' proofs; `None`: the environment's `CVC5`, else `cvc5` on the path.
    pub solver: Option<PathBuf>,
    /// No bundle is published unless it is proven what it permits.
    pub require_proofs: bool,
    /// A sentence that stands on every page, such as "sample data, fictional people".
    pub banner: Option<String>,
    /// Systems that decide grants in this node's stead (REMS).
    pub rems: Vec<crate::rems::Rems>,
    /// The server that mail goes through; none: nobody is told by mail.
    pub mail: Option<Arc<MailServer>>,
    /// The audit logs of this node's other replicas, which share the database: their rows are believed with their events.
    pub other_logs: Vec<OtherLog>,
}

/// Another replica's audit log, on storage that this one can read.
#[derive(Clone, Debug)]
pub struct OtherLog {
    /// Its folder.
    pub folder: PathBuf,
    /// Its verifier key, with the log's origin as name.
    pub key: VKey,
}

impl Config {
    /// The defaults for an issuer, a database and a key.
    #[must_use]
    pub fn new(issuer: Issuer, database: impl Into<String>, node_key: Secret) -> Self {
        Self {
            issuer,
            database: database.into(),
            node_key,
            governance: Governance::Single,
            proxy_audience: None,
            upstream_secrets: BTreeMap::new(),
            sample_upstreams: false,
            access_token: limits::ACCESS_TOKEN,
            visa: limits::VISA,
            node: String::new(),
            drs_hosts: Vec::new(),
            solver: None,
            require_proofs: false,
            banner: None,
            rems: Vec::new(),
            mail: None,
            other_logs: Vec::new(),
        }
    }
}
