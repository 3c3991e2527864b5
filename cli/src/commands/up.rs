//! `visum up`: the node of a configuration, until it is asked to stop.

mod code;

mod mail;

use std::{num::NonZeroUsize, path::PathBuf, sync::Arc, time::Duration};

use http::HeaderValue;
use passport_broker::rems::Rems;
use policy_engine::snapshot::Governance;
use tes_proxy::{
    BackendConfig, Credential, DoorRules, DrsMount, Network, NodeSecret, Organisation, Reading, RunTokenRules,
    WesMount, WorkflowEngine, WorkflowType,
};
use url::Url;
use visa_verifier::seam::Secret;

use crate::{
    config::{
        broker::RemsTable,
        file::{File, GovernanceWord, ReplicaTable},
        proxy::{BackendTable, ReadingWord},
    },
    error::CommandError,
    exit::Exit,
    input::Input,
    node::{
        folder::Folder,
        parts::{Node, Plan},
        serve::{Served, Sockets, asked_to_stop},
        tls,
    },
    output::Context,
};

/// A secret in a file of its own.
const SECRET_BYTES: u64 = 4 << 10;

/// Run a node: broker, proxy and storage door, until Ctrl-C or the service manager's stop
#[derive(Debug, clap::Args)]
pub(crate) struct Up {
    /// The node's configuration; its folder is the node's data folder
    #[arg(long, value_name = "FILE", env = "VISUM_CONFIG")]
    config: PathBuf,
}

/// Runs it.
pub(crate) async fn run(args: Up, context: &Context) -> Result<Exit, CommandError> {
    let file = File::read(&args.config)?;
    let folder = Folder::open(&data_folder(&args.config)?)?;
    let sockets = Sockets::bind([file.broker.listen, file.proxy.listen, file.storage_door.listen], false).await?;
    let certificate = file.tls.as_ref().map(tls::open).transpose()?;
    let listener = |authorities| {
        certificate
            .as_ref()
            .map(|files| tls::listener(files, authorities))
            .transpose()
    };
    let own = listener(None)?;
    let door = listener(file.storage_door.client_ca_file.as_deref())?;
    let plan = plan(&file, folder)?;
    let shown = plan.proxy.client_certificate.clone();
    let node = Node::open(plan).await?;
    node.proxy
        .check()
        .map_err(|fault| CommandError::refused(fault.code(), fault.to_string()))?;
    context.words(&format!(
        "visum is up: broker {}, proxy {}, storage door {}",
        file.broker.listen, file.proxy.listen, file.storage_door.listen
    ));
    context.words(&format!("the audit log's key: {}", node.writer.vkey()));
    match (node.broker.governance(), file.node.governance) {
        (Governance::Single, _) => {
            context.words("governance is single: one administrator may approve alone (a gap in the compliance report)");
        }
        (Governance::Dual, GovernanceWord::Single) => context.words(
            "governance is dual, as the log says; `governance = \"single\"` in the configuration counts no more",
        ),
        (Governance::Dual, GovernanceWord::Dual) => {}
    }
    let served = Served::start(node, sockets, own, door);
    tokio::select! {
        () = asked_to_stop() => {}
        () = tls::watch(certificate.into_iter().chain(shown).collect()) => {}
    }
    context.words("stopping: open requests may end");
    served.stop().await;
    Ok(Exit::Yes)
}

/// The folder in which a configuration lies.
pub(crate) fn data_folder(config: &std::path::Path) -> Result<PathBuf, CommandError> {
    let absolute = std::path::absolute(config)
        .map_err(|source| CommandError::unknown("config.unreadable", format!("{}: {source}", config.display())))?;
    Ok(absolute.parent().map(PathBuf::from).unwrap_or_default())
}

/// The broker's settings from a file, without the secrets that it needs for calls to others; and the host of the audit
/// log's origin.
pub(crate) fn broker(file: &File, folder: &Folder) -> Result<(passport_broker::Config, String), CommandError> {
    let issuer = file.broker.issuer.trim_end_matches('/').to_owned();
    let refuse = |what: String| CommandError::refused("config.invalid", what);
    let named = issuer
        .parse()
        .map_err(|_| refuse(format!("broker.issuer: `{issuer}` is no issuer")))?;
    let database = file
        .broker
        .database
        .clone()
        .unwrap_or_else(|| folder.sqlite("broker.db"));
    let mut broker = passport_broker::Config::new(named, database, folder.node_key().clone());
    broker.governance = file.node.governance.into();
    broker.proxy_audience = Some(file.proxy.url.as_str().trim_end_matches('/').to_owned());
    broker.access_token = file.broker.access_token_seconds.span();
    broker.solver.clone_from(&file.policy.solver);
    broker.require_proofs = file.policy.require_proofs;
    broker.node = file.node.name.clone();
    broker.other_logs = file.replicas.iter().map(other_log).collect::<Result<_, _>>()?;
    broker.drs_hosts = file
        .proxy
        .url
        .host_str()
        .map(|host| vec![host.to_ascii_lowercase()])
        .unwrap_or_default();
    Ok((broker, host(file)))
}

/// The host of the audit log's origin.
pub(crate) fn host(file: &File) -> String {
    Url::parse(&file.broker.issuer)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| file.node.name.clone())
}

/// Another replica's log.
fn other_log(table: &ReplicaTable) -> Result<passport_broker::OtherLog, CommandError> {
    let key = table.key.parse().map_err(|source| {
        CommandError::refused("config.invalid", format!("replicas.key: `{}`: {source}", table.key))
            .hint("it is the line that `visum up` and `visum init` print there: the audit log's key")
    })?;
    Ok(passport_broker::OtherLog {
        folder: table.log.clone(),
        key,
    })
}

/// A REMS of the file.
fn rems(table: &RemsTable) -> Result<Rems, CommandError> {
    let wrong = |what: &str, why: &str| {
        CommandError::refused("config.invalid", format!("broker.rems `{}`: {what}: {why}", table.name))
    };
    let plain = table
        .name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if table.name.is_empty() || table.name.len() > 40 || !plain {
        return Err(wrong("name", "write up to 40 letters, digits and `-`"));
    }
    if !(1..=1825).contains(&table.days) {
        return Err(wrong("days", "write 1 to 1825"));
    }
    if HeaderValue::from_str(&table.user_id).is_err() || table.user_id.is_empty() {
        return Err(wrong("user_id", "it cannot stand in a header"));
    }
    let identities = table
        .identities
        .parse()
        .map_err(|_| wrong("identities", "it is no issuer"))?;
    Ok(Rems {
        name: table.name.clone(),
        url: table.url.clone(),
        user_id: table.user_id.clone(),
        api_key: Secret::new(secret(&table.api_key_file)?.into_bytes()),
        identities,
        source: table.source.clone(),
        resources: table.resources.clone(),
        life: Duration::from_secs(u64::from(table.days) * 86_400),
        revoke_there: table.revoke_there,
    })
}

/// Settings of the parts from a file.
pub(crate) fn plan(file: &File, folder: Folder) -> Result<Plan, CommandError> {
    let (mut broker, host) = broker(file, &folder)?;
    let issuer = broker.issuer.as_str().trim_end_matches('/').to_owned();
    let proxy_url = file.proxy.url.as_str().trim_end_matches('/').to_owned();
    for (name, path) in file
        .broker
        .upstream_secret_files
        .iter()
        .chain(&file.broker.collector_secret_files)
    {
        broker
            .upstream_secrets
            .insert(name.clone(), Secret::new(secret(path)?.into_bytes()));
    }
    for (name, path) in &file.broker.webhook_secret_files {
        let key = Secret::new(secret(path)?.into_bytes());
        broker.upstream_secrets.insert(format!("webhook:{name}"), key);
    }
    broker.mail = mail::server(file)?.map(Arc::new);
    broker.rems = file.broker.rems.iter().map(rems).collect::<Result<_, _>>()?;
    Ok(Plan {
        name: file.node.name.clone(),
        log_name: file.node.log_name(),
        host,
        proxy: proxy(file, &folder, &issuer, proxy_url)?,
        broker,
        facts: None,
        ca_file: file.node.ca_file.clone(),
        loopback_http: file.node.allow_loopback_http,
        private_addresses: file.node.allow_private_addresses,
        way_out: file.node.way_out()?,
        folder,
    })
}

fn proxy(file: &File, folder: &Folder, issuer: &str, audience: String) -> Result<tes_proxy::Config, CommandError> {
    let host = file.proxy.url.host_str().unwrap_or_default().to_owned();
    let drs = file.proxy.drs.as_ref().map(|table| -> Result<DrsMount, CommandError> {
        Ok(DrsMount {
            backend: backend(&table.backend())?,
            uri_host: host.clone(),
            uri_aliases: Vec::new(),
            byte_hosts: table.byte_hosts.clone(),
            visa_issuers: vec![issuer.to_owned()],
            id: service_id(&host, "drs"),
            slash_ids: table.slash_ids,
            accept_passport_bearer: table.accept_passport_bearer,
        })
    });
    let tes = file
        .proxy
        .tes
        .0
        .iter()
        .map(|table| code::tes(table, &file.proxy.code, &file.node.name, service_id(&host, "tes")))
        .collect::<Result<_, _>>()?;
    let wes = file.proxy.wes.0.iter().map(|table| -> Result<WesMount, CommandError> {
        let page = format!("{issuer}/account");
        Ok(WesMount {
            compute: code::wes(table, &file.proxy.code, &file.node.name, service_id(&host, "wes"))?,
            workflows: code::workflows(&file.proxy.code)?,
            types: table
                .types
                .iter()
                .map(|kind| WorkflowType {
                    name: kind.name.clone(),
                    versions: kind.versions.clone(),
                    reading: match kind.reading {
                        ReadingWord::Tasks => Reading::Tasks,
                        ReadingWord::Text => Reading::Text,
                    },
                    engine_parameters: kind.engine_parameters.clone(),
                    engine: kind.engine.clone().map(|name| WorkflowEngine {
                        name,
                        version: kind.engine_version.clone(),
                    }),
                    run_token: kind.run_token.clone().map(|table| RunTokenRules {
                        parameter: table.parameter,
                        with: table.with,
                    }),
                })
                .collect(),
            run_bytes: 64 << 20,
            auth_instructions: Url::parse(&page)
                .map_err(|source| CommandError::refused("config.invalid", format!("{page}: {source}")))?,
        })
    });
    let trs = file
        .proxy
        .trs
        .as_ref()
        .map(|table| code::trs(table, &host, service_id(&host, "trs")));
    let networks: Result<Vec<Network>, CommandError> = file
        .storage_door
        .networks
        .iter()
        .map(|text| network("storage_door.networks", text))
        .collect();
    let in_front: Result<Vec<Network>, CommandError> =
        file.proxy.trusted_proxies.iter().map(|text| in_front(text)).collect();
    Ok(tes_proxy::Config {
        public_url: file.proxy.url.clone(),
        audience,
        hosts: Vec::new(),
        door_url: file.storage_door.url.clone(),
        node: file.node.name.clone(),
        database: file.proxy.database.clone().unwrap_or_else(|| folder.sqlite("proxy.db")),
        secret: NodeSecret::new(folder.derived("proxy")?),
        organisation: Organisation {
            name: file.node.organisation.clone(),
            url: file.node.organisation_url.clone(),
        },
        basic_password: true,
        requests_at_once: file
            .proxy
            .requests_at_once
            .map_or(tes_proxy::REQUESTS_AT_ONCE, NonZeroUsize::get),
        drs: drs.transpose()?,
        tes,
        wes: wes.collect::<Result<_, _>>()?,
        trs: trs.transpose()?,
        door_networks: networks?,
        door: DoorRules {
            client_certificates: file.storage_door.client_ca_file.is_some(),
            pin_v4: file.storage_door.pin_bits_v4,
            pin_v6: file.storage_door.pin_bits_v6,
            budget_times: file.storage_door.budget_times,
            scratch: Some(
                file.storage_door
                    .scratch
                    .clone()
                    .unwrap_or_else(|| folder.path().join("scratch")),
            ),
            scratch_bytes: file.storage_door.scratch_bytes,
            release_bytes: file.storage_door.release_bytes,
            least_group: file.storage_door.least_group,
            key: file.storage_door.key_file.as_deref().map(door_key).transpose()?,
            previous_key: file
                .storage_door
                .previous_key_file
                .as_deref()
                .map(door_key)
                .transpose()?,
        },
        internal_networks: Vec::new(),
        trusted_proxies: in_front?,
        registries: file
            .proxy
            .registries
            .iter()
            .map(|(host, url)| (host.clone(), url.clone()))
            .collect(),
        ca_file: file.node.ca_file.clone(),
        client_certificate: file.proxy.client_certificate.as_ref().map(tls::open).transpose()?,
        connection_per_request: file.proxy.connection_per_request,
        allow_loopback_http: file.node.allow_loopback_http,
    })
}

pub(super) fn backend(table: &BackendTable) -> Result<BackendConfig, CommandError> {
    let credential = table.credential_file.as_ref().map(|path| secret(path)).transpose()?;
    Ok(BackendConfig {
        base: table.base.clone(),
        credential: credential.map(Credential::new),
    })
}

/// `org.example.data.drs` of `data.example.org`.
fn service_id(host: &str, api: &str) -> String {
    let mut parts: Vec<&str> = host.split('.').rev().collect();
    parts.push(api);
    parts.join(".")
}

/// A secret from a file, without the line's end.
fn secret(path: &std::path::Path) -> Result<String, CommandError> {
    let bytes = Input::File(path.to_owned()).read(SECRET_BYTES)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| CommandError::refused("config.secret", format!("{} is not text", path.display())))?;
    let text = text.trim_end_matches(['\r', '\n']).to_owned();
    if text.is_empty() {
        return Err(CommandError::refused(
            "config.secret",
            format!("{} is empty", path.display()),
        ));
    }
    Ok(text)
}

/// The secret that sessions' keys are made from.
fn door_key(path: &std::path::Path) -> Result<NodeSecret, CommandError> {
    let text = secret(path)?;
    if text.len() < 32 {
        return Err(CommandError::refused(
            "config.secret",
            format!(
                "{}: a key of the storage door has at least 32 characters",
                path.display()
            ),
        )
        .hint("make one: openssl rand -base64 48"));
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let mut key = [0; 32];
    key.copy_from_slice(digest.as_ref());
    Ok(NodeSecret::new(key))
}

/// A proxy in front: everybody is none.
fn in_front(text: &str) -> Result<Network, CommandError> {
    let network = network("proxy.trusted_proxies", text)?;
    if network.prefix == 0 {
        return Err(CommandError::refused(
            "config.invalid",
            format!("proxy.trusted_proxies: `{text}` is everybody, who could then say to be anybody"),
        )
        .hint("name the addresses of the proxies in front"));
    }
    Ok(network)
}

fn network(name: &str, text: &str) -> Result<Network, CommandError> {
    let wrong = || CommandError::refused("config.invalid", format!("{name}: `{text}` is no ADDRESS/BITS"));
    let (address, bits) = text.split_once('/').ok_or_else(wrong)?;
    let address: std::net::IpAddr = address.parse().map_err(|_| wrong())?;
    let prefix: u8 = bits.parse().map_err(|_| wrong())?;
    if prefix > if address.is_ipv4() { 32 } else { 128 } {
        return Err(wrong());
    }
    Ok(Network { address, prefix })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_service_ids_are_read_and_written_right() {
        for (text, good) in [
            ("10.0.0.0/8", true),
            ("fd00::/8", true),
            ("10.0.0.0", false),
            ("10.0.0.0/33", false),
            ("x/8", false),
        ] {
            assert_eq!(network("storage_door.networks", text).is_ok(), good, "{text}");
        }
        assert!(in_front("10.0.0.1/32").is_ok() && in_front("0.0.0.0/0").is_err());
        assert_eq!(service_id("data.example.org", "drs"), "org.example.data.drs");
    }
}
