//! `visum.toml`: read strictly; an unknown key or an impossible value is an error with its line.

use std::path::{Path, PathBuf};

use policy_engine::snapshot::Governance;
use serde::Deserialize;
use visa_verifier::seam::ProxySettings;

use super::{
    broker::BrokerTable,
    mail::MailTable,
    nearest::nearest,
    proxy::{DoorTable, ProxyTable},
};
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
    /// The mail server, if people are told by mail.
    pub(crate) mail: Option<MailTable>,
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
}
