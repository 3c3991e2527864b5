//! `visum.toml`: read strictly; an unknown key or an impossible value is an error with its line.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use policy_engine::snapshot::Governance;
use serde::Deserialize;
use url::Url;
use visa_verifier::seam::ProxySettings;

use crate::error::CommandError;

/// A configuration is a page or two.
const BYTES: u64 = 256 << 10;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// The node itself.
    pub(crate) node: NodeTable,
    /// The broker, if this process runs it.
    pub(crate) broker: BrokerTable,
    /// The proxy.
    pub(crate) proxy: ProxyTable,
    /// The storage door.
    pub(crate) storage_door: DoorTable,
    /// Policies: the solver of their proofs.
    #[serde(default)]
    pub(crate) policy: PolicyTable,
    /// This node's other replicas, on the same database.
    #[serde(default)]
    pub(crate) replicas: Vec<ReplicaTable>,
    /// TLS for the listeners; without it they serve plain http, for a TLS front on the same machine.
    pub(crate) tls: Option<TlsTable>,
}

/// `[[replicas]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplicaTable {
    /// Its audit log's folder, as this machine reads it.
    pub(crate) log: PathBuf,
    /// That log's verifier key, as `visum up` prints it there.
    pub(crate) key: String,
}

/// `[policy]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyTable {
    /// The solver's program; else the environment's `CVC5`, else `cvc5` on the path.
    pub(crate) solver: Option<PathBuf>,
    /// No bundle is published unless a solver showed what it permits beyond what is in force.
    #[serde(default)]
    pub(crate) require_proofs: bool,
}

/// `[node]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeTable {
    /// Its short name in events, and its service's id in the register.
    pub(crate) name: String,
    /// Which replica of the node this is, where there are several: its audit log is a log of its own.
    pub(crate) replica: Option<String>,
    /// Its organisation, for service-info.
    pub(crate) organisation: String,
    /// The organisation's page.
    pub(crate) organisation_url: String,
    /// `single` or `dual`.
    #[serde(default = "single")]
    pub(crate) governance: GovernanceWord,
    /// http to loopback addresses (tests and demonstrations); refused if any listener is not loopback.
    #[serde(default)]
    pub(crate) allow_loopback_http: bool,
    /// Further certificate authorities (PEM) for outgoing calls.
    pub(crate) ca_file: Option<PathBuf>,
    /// Services inside (backends, providers) may have private addresses.
    #[serde(default)]
    pub(crate) allow_private_addresses: bool,
    /// The proxy that outgoing calls of broker and proxy take: `http://` or `https://`, host and port.
    pub(crate) outgoing_proxy: Option<String>,
    /// What is called without it: hosts, `.domains`, addresses, networks.
    #[serde(default)]
    pub(crate) outgoing_direct: Vec<String>,
}

impl NodeTable {
    /// The last part of the audit log's origin: each replica has a log of its own.
    pub(crate) fn log_name(&self) -> String {
        match &self.replica {
            Some(replica) => format!("{}-{replica}", self.name),
            None => self.name.clone(),
        }
    }

    /// The way out, if it is not the direct one.
    ///
    /// # Errors
    /// If the address is none of a proxy.
    pub(crate) fn way_out(&self) -> Result<Option<ProxySettings>, CommandError> {
        let proxy = |url: &String| {
            ProxySettings::new(url, self.outgoing_direct.clone()).map_err(|source| {
                CommandError::refused("config.invalid", format!("node.outgoing_proxy: {source}"))
                    .hint("it is written as http://proxy.example.org:3128")
            })
        };
        self.outgoing_proxy.as_ref().map(proxy).transpose()
    }
}

/// One administrator or two.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GovernanceWord {
    /// One.
    Single,
    /// Two.
    Dual,
}

impl From<GovernanceWord> for Governance {
    fn from(word: GovernanceWord) -> Self {
        match word {
            GovernanceWord::Single => Self::Single,
            GovernanceWord::Dual => Self::Dual,
        }
    }
}

fn single() -> GovernanceWord {
    GovernanceWord::Single
}

/// `[broker]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BrokerTable {
    /// Where it listens.
    pub(crate) listen: SocketAddr,
    /// Its issuer, as the world sees it.
    pub(crate) issuer: String,
    /// `sqlite://…` or `postgres://…`; SQLite in the data folder if absent.
    pub(crate) database: Option<String>,
    /// Upstream providers' client secrets: name of the provider → file with the secret.
    #[serde(default)]
    pub(crate) upstream_secret_files: BTreeMap<String, PathBuf>,
    /// Visa issuers' collection credentials: name → file.
    #[serde(default)]
    pub(crate) collector_secret_files: BTreeMap<String, PathBuf>,
    /// Secrets that calls to webhooks are signed with: name → file.
    #[serde(default)]
    pub(crate) webhook_secret_files: BTreeMap<String, PathBuf>,
    /// Systems that decide grants in this node's stead.
    #[serde(default)]
    pub(crate) rems: Vec<RemsTable>,
}

/// `[[broker.rems]]`: a REMS whose entitlements are grants of this node.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemsTable {
    /// Its short name here: letters, digits, `-`.
    pub(crate) name: String,
    /// Its address, without `/api`.
    pub(crate) url: Url,
    /// The REMS user in whose name this node asks.
    pub(crate) user_id: String,
    /// The file with the API key.
    pub(crate) api_key_file: PathBuf,
    /// The issuer of the identities that its users are.
    pub(crate) identities: String,
    /// Its word as `source` of visas; the dataset's label has to list it.
    pub(crate) source: String,
    /// Its resource ids, and the datasets that they are.
    pub(crate) resources: BTreeMap<String, String>,
    /// Days of a grant whose entitlement names no end.
    #[serde(default = "ninety")]
    pub(crate) days: u32,
    /// Revoke there what is revoked here.
    #[serde(default)]
    pub(crate) revoke_there: bool,
}

fn ninety() -> u32 {
    90
}

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
    /// The DRS behind it.
    pub(crate) drs: Option<DrsTable>,
    /// The TES behind it.
    pub(crate) tes: Option<TesTable>,
    /// The WES behind it.
    pub(crate) wes: Option<WesTable>,
    /// The tool registry behind it.
    pub(crate) trs: Option<TrsTable>,
    /// Image registries that may be asked for digests: host in images' names to base URL.
    #[serde(default)]
    pub(crate) registries: BTreeMap<String, Url>,
    /// What is laid down about code that runs.
    #[serde(default)]
    pub(crate) code: CodeTable,
}

/// `[proxy.tes]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TesTable {
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

/// `[proxy.wes]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WesTable {
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

/// `[tls]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsTable {
    /// The certificate chain, PEM.
    pub(crate) certificate_file: PathBuf,
    /// Its key, PEM.
    pub(crate) key_file: PathBuf,
}

impl File {
    /// Reads and judges a file.
    ///
    /// # Errors
    /// `config.unreadable` (exit 3), `config.invalid` (exit 2) with the line and what is wrong.
    pub(crate) fn read(path: &Path) -> Result<Self, CommandError> {
        let bytes = crate::input::Input::File(path.to_owned()).read(BYTES)?;
        let text = String::from_utf8(bytes)
            .map_err(|_| CommandError::refused("config.invalid", format!("{} is not UTF-8 text", path.display())))?;
        Self::parse(&text, &path.display().to_string())
    }

    pub(crate) fn parse(text: &str, name: &str) -> Result<Self, CommandError> {
        let file: Self = toml::from_str(text).map_err(|wrong| {
            let words = wrong.to_string();
            let refused = CommandError::refused("config.invalid", format!("{name}: {}", words.trim_end()));
            match nearest(wrong.message()) {
                Some(key) => refused.hint(format!("did you mean `{key}`?")),
                None => refused.hint("docs/operators/quickstart.md shows a whole file"),
            }
        })?;
        file.judge(name)?;
        Ok(file)
    }

    /// What single values can't tell.
    fn judge(&self, name: &str) -> Result<(), CommandError> {
        let refuse = |what: String, hint: &str| {
            Err(CommandError::refused("config.invalid", format!("{name}: {what}")).hint(hint))
        };
        let listeners = [self.broker.listen, self.proxy.listen, self.storage_door.listen];
        if let Some(open) = listeners
            .iter()
            .find(|address| self.node.allow_loopback_http && !address.ip().is_loopback())
        {
            return refuse(
                format!("node.allow_loopback_http is set, but {open} is not a loopback address"),
                "remove allow_loopback_http, or listen on 127.0.0.1",
            );
        }
        self.node.way_out()?;
        if self.node.outgoing_proxy.is_none() && !self.node.outgoing_direct.is_empty() {
            return refuse(
                "node.outgoing_direct is set, but node.outgoing_proxy is not".to_owned(),
                "name the proxy, or remove outgoing_direct",
            );
        }
        let door = &self.storage_door;
        if door.pin_bits_v4 > 32 || door.pin_bits_v6 > 128 || door.pin_bits_v4 < 8 || door.pin_bits_v6 < 16 {
            return refuse(
                "storage_door.pin_bits_v4 is not 8 to 32, or pin_bits_v6 not 16 to 128".to_owned(),
                "leave them out: a capability is then bound to one address (/32) or one /64",
            );
        }
        if door.least_group < 2 {
            return refuse(
                "storage_door.least_group is 0 or 1: a row of a released table could stand for one person".to_owned(),
                "leave it out: 5",
            );
        }
        if door.budget_times == 0 {
            return refuse(
                "storage_door.budget_times is 0: no capability could deliver anything".to_owned(),
                "leave it out: 4 times an object's size",
            );
        }
        if door.client_ca_file.is_some() && self.tls.is_none() {
            return refuse(
                "storage_door.client_ca_file is set, but [tls] is not: no client could show a certificate".to_owned(),
                "give the node a certificate in [tls], or name the compute network in storage_door.networks",
            );
        }
        if self.proxy.listen == self.storage_door.listen {
            return refuse(
                "storage_door.listen is the public listener (door.not_its_own)".to_owned(),
                "give the storage door an address of its own",
            );
        }
        Ok(())
    }
}

/// Of "unknown field `x`, expected one of `a`, `b`": the expected one that is nearest to `x`.
fn nearest(message: &str) -> Option<String> {
    let mut words = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown field").then(|| words.next())??;
    words
        .map(|word| (distance(unknown, word), word))
        .filter(|(far, _)| *far <= 3)
        .min()
        .map(|(_, word)| word.to_owned())
}

/// Edits between two short words (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, c) in one.chars().enumerate() {
        let mut corner = above;
        let mut left = above + 1;
        let mut next = vec![left];
        for (column, d) in other.iter().enumerate() {
            let up = row.get(column + 1).copied().unwrap_or(usize::MAX - 1);
            let best = if c == *d { corner } else { 1 + corner.min(up).min(left) };
            corner = up;
            left = best;
            next.push(best);
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[node]
name = "node-1"
organisation = "Example Biobank"
organisation_url = "https://biobank.example.org"

[broker]
listen = "127.0.0.1:8400"
issuer = "https://broker.example.org"

[proxy]
listen = "127.0.0.1:8420"
url = "https://data.example.org"

[storage_door]
listen = "127.0.0.1:8421"
url = "https://door.example.org"
"#;

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_the_nearest_key() {
        assert!(File::parse(GOOD, "visum.toml").is_ok());
        let cases = [
            (
                "a misspelt key",
                GOOD.replace("issuer =", "isuer ="),
                "line 9",
                Some("did you mean `issuer`?"),
            ),
            (
                "an address that is none",
                GOOD.replace("127.0.0.1:8400", "localhost"),
                "line 8",
                None,
            ),
            (
                "a missing table",
                GOOD.replace("[storage_door]", "[storage]"),
                "storage",
                None,
            ),
            (
                "the door on the public listener",
                GOOD.replace("8421", "8420"),
                "door.not_its_own",
                None,
            ),
            (
                "a proxy that is none",
                GOOD.replace(
                    "name = \"node-1\"",
                    "name = \"n\"\noutgoing_proxy = \"proxy.example.org\"",
                ),
                "outgoing_proxy",
                None,
            ),
            (
                "a way around no proxy",
                GOOD.replace(
                    "name = \"node-1\"",
                    "name = \"n\"\noutgoing_direct = [\".example.org\"]",
                ),
                "outgoing_direct",
                None,
            ),
            (
                "http on an open listener",
                GOOD.replace("name = \"node-1\"", "name = \"n\"\nallow_loopback_http = true")
                    .replace("127.0.0.1:8400", "0.0.0.0:8400"),
                "0.0.0.0:8400",
                None,
            ),
        ];
        for (name, text, said, hint) in cases {
            let wrong = File::parse(&text, "visum.toml").unwrap_err();
            assert!(wrong.to_string().contains(said), "{name}: {wrong}");
            assert_eq!(wrong.exit(), crate::exit::Exit::Refused, "{name}");
            if let Some(hint) = hint {
                assert_eq!(wrong.next(), Some(hint), "{name}");
            }
        }
    }

    #[test]
    fn distances_count_edits() {
        for (one, other, far) in [
            ("isuer", "issuer", 1),
            ("listen", "listen", 0),
            ("", "abc", 3),
            ("abc", "acb", 2),
        ] {
            assert_eq!(distance(one, other), far, "{one} {other}");
        }
    }
}
