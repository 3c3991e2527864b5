//! `[proxy]` of `visum.toml` with the backends behind it and what is laid down about code, and `[storage_door]`.

use std::{collections::BTreeMap, net::SocketAddr, num::NonZeroUsize, path::PathBuf};

use serde::Deserialize;
use url::Url;

use super::{file::TlsTable, one_or_many::OneOrMany};

/// `[proxy]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProxyTable {
    /// Where the public listener is.
    pub(crate) listen: SocketAddr,
    /// How the world reaches it: scheme, host, port.
    pub(crate) url: Url,
    /// `sqlite://…` or `postgres://…`; SQLite in the data folder if absent.
    pub(crate) database: Option<String>,
    /// Requests that are worked on at once; more are answered 503.
    pub(crate) requests_at_once: Option<NonZeroUsize>,
    /// Proxies in front of it, as `ADDRESS/BITS`: from these alone the address of a client is taken.
    #[serde(default)]
    pub(crate) trusted_proxies: Vec<String>,
    /// The certificate that backends are shown which ask who calls (mutual TLS).
    pub(crate) client_certificate: Option<TlsTable>,
    /// A connection to a backend serves one request only, for backends whose reading of HTTP/1 is not trusted (E40).
    #[serde(default)]
    pub(crate) connection_per_request: bool,
    /// The DRS behind it.
    pub(crate) drs: Option<DrsTable>,
    /// The TES behind it, or several.
    #[serde(default)]
    pub(crate) tes: OneOrMany<TesTable>,
    /// The WES behind it, or several.
    #[serde(default)]
    pub(crate) wes: OneOrMany<WesTable>,
    /// The tool registry behind it.
    pub(crate) trs: Option<TrsTable>,
    /// Image registries that may be asked for digests: host in images' names to base URL.
    #[serde(default)]
    pub(crate) registries: BTreeMap<String, Url>,
    /// What is laid down about code that runs.
    #[serde(default)]
    pub(crate) code: CodeTable,
}

/// `[proxy.tes]`, or one of `[[proxy.tes]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TesTable {
    /// Its name among several, for good.
    pub(crate) name: Option<String>,
    /// Its service in the register; the node's own if absent.
    pub(crate) service: Option<String>,
    /// The datasets that it may hold, by id or by prefix with `*`; absent: all.
    pub(crate) holds: Option<Vec<String>>,
    /// Its base address with the API's prefix.
    pub(crate) base: Url,
    /// A file with the bearer that it demands of us.
    pub(crate) credential_file: Option<PathBuf>,
    /// The version of the specification that it speaks.
    #[serde(default)]
    pub(crate) version: TesVersion,
    /// Keys of `backend_parameters` that clients may set.
    #[serde(default)]
    pub(crate) backend_parameters: Vec<String>,
    /// Zones that clients may name, each with its country.
    #[serde(default)]
    pub(crate) zones: BTreeMap<String, String>,
}

/// A version of TES.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
pub(crate) enum TesVersion {
    /// What 1.1 added is refused.
    #[serde(rename = "1.0")]
    V1_0,
    /// The usual one.
    #[default]
    #[serde(rename = "1.1")]
    V1_1,
}

/// `[proxy.code]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeTable {
    /// Images by canonical name and tag, each with its digest.
    #[serde(default)]
    pub(crate) images: BTreeMap<String, String>,
    /// Tools whose own command is known.
    #[serde(default)]
    pub(crate) tools: Vec<ToolTable>,
    /// Workflows that requests may name by address.
    #[serde(default)]
    pub(crate) workflows: Vec<ApprovedTable>,
}

/// `[[proxy.code.tools]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToolTable {
    /// Its TRS id and version.
    pub(crate) id: String,
    /// Its image, by digest.
    pub(crate) image: String,
    /// Its words, with `{input}`, `{output}`, `{number}` and `{word}` in the place of values.
    pub(crate) command: Vec<String>,
    /// Environment variables that it takes.
    #[serde(default)]
    pub(crate) env: Vec<String>,
}

/// `[[proxy.code.workflows]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApprovedTable {
    /// The address by which requests name it.
    pub(crate) url: String,
    /// The file with its text; the backend gets it by this file's name.
    pub(crate) file: PathBuf,
    /// The SHA-256 of its text.
    pub(crate) sha256: String,
}

/// A backend's address and what it demands of us.
#[derive(Clone, Debug)]
pub(crate) struct BackendTable {
    /// Its base address with the API's prefix.
    pub(crate) base: Url,
    /// A file with the bearer that it demands of us.
    pub(crate) credential_file: Option<PathBuf>,
}

/// `[proxy.drs]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DrsTable {
    /// Its base address with the API's prefix.
    pub(crate) base: Url,
    /// A file with the bearer that it demands of us.
    pub(crate) credential_file: Option<PathBuf>,
    /// Further hosts (`host` or `host:port`) to which its access URLs may lead.
    #[serde(default)]
    pub(crate) byte_hosts: Vec<String>,
    /// Takes ids with slashes that are not percent-encoded.
    #[serde(default)]
    pub(crate) slash_ids: bool,
    /// Takes a Passport in the `Authorization` header.
    #[serde(default)]
    pub(crate) accept_passport_bearer: bool,
}

impl DrsTable {
    /// Where it is.
    pub(crate) fn backend(&self) -> BackendTable {
        BackendTable {
            base: self.base.clone(),
            credential_file: self.credential_file.clone(),
        }
    }
}

/// `[proxy.wes]`, or one of `[[proxy.wes]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WesTable {
    /// Its name among several, for good.
    pub(crate) name: Option<String>,
    /// Its service in the register; the node's own if absent.
    pub(crate) service: Option<String>,
    /// The datasets that it may hold, by id or by prefix with `*`; absent: all.
    pub(crate) holds: Option<Vec<String>>,
    /// Its base address with the API's prefix.
    pub(crate) base: Url,
    /// A file with the bearer that it demands of us.
    pub(crate) credential_file: Option<PathBuf>,
    /// The workflow types that are taken.
    pub(crate) types: Vec<WorkflowTable>,
}

/// `[proxy.trs]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrsTable {
    /// Its base address with the API's prefix.
    pub(crate) base: Url,
    /// A file with the bearer that it demands of us.
    pub(crate) credential_file: Option<PathBuf>,
    /// Whoever is logged in may read its tools, unless a policy forbids it.
    #[serde(default = "yes")]
    pub(crate) public: bool,
    /// Further hosts whose `trs://HOST/TOOL/VERSION` means this registry.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    /// SHA-256 of workflows' texts that people have looked through.
    #[serde(default)]
    pub(crate) approved: Vec<String>,
    /// Tools whose command is read from their descriptor.
    #[serde(default)]
    pub(crate) tools: Vec<RegisteredTable>,
}

fn yes() -> bool {
    true
}

/// `[[proxy.trs.tools]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisteredTable {
    /// Its id in the registry.
    pub(crate) id: String,
    /// Its version there.
    pub(crate) version: String,
    /// The SHA-256 of its descriptor's text.
    pub(crate) sha256: String,
}

/// `[[proxy.wes.types]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkflowTable {
    /// Its name, such as `CWL`.
    pub(crate) name: String,
    /// Its versions, exact.
    pub(crate) versions: Vec<String>,
    /// `text` (a workflow language) or `tasks` (a list of TES tasks).
    #[serde(default = "text")]
    pub(crate) reading: ReadingWord,
    /// Engine parameters that clients may set, each with its values.
    #[serde(default)]
    pub(crate) engine_parameters: BTreeMap<String, Vec<String>>,
    /// The engine that the backend is told to use; none: it is told none.
    pub(crate) engine: Option<String>,
    /// That engine's version; none: it is told none.
    pub(crate) engine_version: Option<String>,
    /// How the engine gets the credential of its run; none: it gets none.
    pub(crate) run_token: Option<RunTokenTable>,
}

/// `run_token` of `[[proxy.wes.types]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunTokenTable {
    /// The engine parameter whose value it is.
    pub(crate) parameter: String,
    /// Engine parameters that go with it.
    #[serde(default)]
    pub(crate) with: BTreeMap<String, String>,
}

/// How attachments are read.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReadingWord {
    /// A list of TES tasks.
    Tasks,
    /// Text of a workflow language.
    Text,
}

fn text() -> ReadingWord {
    ReadingWord::Text
}

/// `[storage_door]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DoorTable {
    /// Its listener, never the public one.
    pub(crate) listen: SocketAddr,
    /// How tasks reach it.
    pub(crate) url: Url,
    /// The networks that tasks come from, as `ADDRESS/BITS`.
    #[serde(default)]
    pub(crate) networks: Vec<String>,
    /// The authorities (PEM) of the compute nodes' client certificates; asks for `[tls]`.
    pub(crate) client_ca_file: Option<PathBuf>,
    /// Bits of the first IPv4 address to which a task's capability is pinned.
    #[serde(default = "pin_v4")]
    pub(crate) pin_bits_v4: u8,
    /// Bits of the first IPv6 address to which a task's capability is pinned.
    #[serde(default = "pin_v6")]
    pub(crate) pin_bits_v6: u8,
    /// A capability delivers so many times its object's size.
    #[serde(default = "budget")]
    pub(crate) budget_times: u64,
    /// The folder in which sessions keep what they write; else `scratch` in the node's folder.
    pub(crate) scratch: Option<PathBuf>,
    /// Most bytes that one session keeps there.
    #[serde(default = "scratch_bytes")]
    pub(crate) scratch_bytes: u64,
    /// Most bytes of all files that one request for the release of outputs names.
    #[serde(default = "release_bytes")]
    pub(crate) release_bytes: u64,
    /// Each row of a released table stands for so many people or more, or for nobody.
    #[serde(default = "least_group")]
    pub(crate) least_group: u64,
    /// A file with the secret that sessions' keys are made from; else it is derived from the node's key.
    pub(crate) key_file: Option<PathBuf>,
    /// The same from before its last change: sessions of then go on.
    pub(crate) previous_key_file: Option<PathBuf>,
}

fn pin_v4() -> u8 {
    32
}

fn pin_v6() -> u8 {
    64
}

fn budget() -> u64 {
    4
}

fn scratch_bytes() -> u64 {
    1 << 40
}

fn release_bytes() -> u64 {
    64 << 20
}

fn least_group() -> u64 {
    5
}
