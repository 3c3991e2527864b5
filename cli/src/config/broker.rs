//! `[broker]` of `visum.toml`, and the systems whose grants it follows.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use passport_broker::limits;
use serde::Deserialize;
use url::Url;

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
    /// The life of access tokens.
    #[serde(default)]
    pub(crate) access_token_seconds: AccessTokenSeconds,
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

/// Seconds, 5 to 900: a shorter token is over before it is used, a longer one outlives what it says.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u64")]
pub(crate) struct AccessTokenSeconds(u64);

impl AccessTokenSeconds {
    /// As a span of time.
    pub(crate) const fn span(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl Default for AccessTokenSeconds {
    fn default() -> Self {
        Self(limits::ACCESS_TOKEN.as_secs())
    }
}

impl TryFrom<u64> for AccessTokenSeconds {
    type Error = String;

    fn try_from(seconds: u64) -> Result<Self, Self::Error> {
        let most = limits::ACCESS_TOKEN.as_secs();
        (5..=most)
            .contains(&seconds)
            .then_some(Self(seconds))
            .ok_or_else(|| format!("an access token lives 5 to {most} seconds, not {seconds}"))
    }
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
