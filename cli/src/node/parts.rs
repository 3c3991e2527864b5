//! The parts of a node, built from typed settings: the log, then the broker, then the proxy.

use std::{path::PathBuf, sync::Arc};

use audit_log::{Keystore, Writer};
use futures::future::BoxFuture;
use passport_broker::{
    Broker,
    bootstrap::Bootstrap,
    enrolment::{self, EnrolmentError},
    store::clients::{ClientAuth, ClientKind, ClientOptions, ClientRow},
};
use serde_json::json;
use tes_proxy::{BrokerLink, Proxy};
use url::Url;
use visa_verifier::seam::{
    Clock, Fetch, FetchSettings, HttpsFetch, ProxySettings, Random, SteadyClock, SystemClock, SystemRandom, Timestamp,
};

use super::{at_broker::AtBroker, folder::Folder, sessions::AtProxy};
use crate::{client::login, error::CommandError};

/// The proxy, as a client of the broker.
const PROXY: &str = "visum-proxy";

/// What a node is built from.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Its folder, held.
    pub(crate) folder: Folder,
    /// Its short name in events.
    pub(crate) name: String,
    /// The last part of the audit log's origin.
    pub(crate) log_name: String,
    /// Host (and port) of the audit log's origin.
    pub(crate) host: String,
    /// The broker's settings.
    pub(crate) broker: passport_broker::Config,
    /// The proxy's settings.
    pub(crate) proxy: tes_proxy::Config,
    /// Facts to enter, if they are not there yet.
    pub(crate) facts: Option<Bootstrap>,
    /// Further certificate authorities.
    pub(crate) ca_file: Option<PathBuf>,
    /// http to loopback addresses.
    pub(crate) loopback_http: bool,
    /// Private addresses may be called.
    pub(crate) private_addresses: bool,
    /// The proxy that outgoing calls take.
    pub(crate) way_out: Option<ProxySettings>,
}

/// A node, open.
#[derive(Debug)]
pub(crate) struct Node {
    /// The broker.
    pub(crate) broker: Broker,
    /// The proxy.
    pub(crate) proxy: Proxy,
    /// The log.
    pub(crate) writer: Writer,
    /// Its folder, held to the end.
    _folder: Folder,
}

impl Node {
    /// Opens the log, the broker and the proxy, in this order; enters facts if there are any.
    ///
    /// # Errors
    /// What could not be opened, with its code (exit 3).
    pub(crate) async fn open(plan: Plan) -> Result<Self, CommandError> {
        let Plan {
            folder,
            name,
            log_name,
            host,
            broker,
            proxy,
            facts,
            ca_file,
            loopback_http,
            private_addresses,
            way_out,
        } = plan;
        let random: Arc<dyn Random> = Arc::new(SystemRandom::new());
        let fetch: Arc<dyn Fetch> = Arc::new(
            HttpsFetch::new(FetchSettings {
                ca_file,
                allow_loopback_http: loopback_http,
                allow_private: private_addresses,
                proxy: way_out,
                ..FetchSettings::default()
            })
            .map_err(|source| CommandError::unknown(source.code(), source.to_string()))?,
        );
        let (writer, keystore) = log(&folder, &name, &log_name, &host)?;
        let clock: Arc<dyn Clock> = Arc::new(SteadyClock::new(Arc::new(SystemClock), last_seen(&writer)));

        let seams = passport_broker::Seams {
            clock: clock.clone(),
            random: random.clone(),
            fetch: fetch.clone(),
        };
        let audit = passport_broker::Audit {
            writer: writer.clone(),
            keystore: keystore.clone(),
        };
        let issuer = broker.issuer.as_str().trim_end_matches('/').to_owned();
        let proxy_audience = proxy.audience.clone();
        let broker = Broker::open(broker, seams, audit)
            .await
            .map_err(|wrong| CommandError::unknown(wrong.code(), chain(&wrong)).hint(advice(wrong.code())))?;
        let mut entered = facts.unwrap_or_default();
        entered.clients.extend(clients(&folder, &issuer, &proxy_audience)?);
        if broker.takes_bootstrap() {
            passport_broker::bootstrap::apply(&broker, entered)
                .await
                .map_err(|wrong| CommandError::refused(wrong.code(), chain(&wrong)))?;
        }

        take_enrolment(&folder, &broker).await?;
        let link = link(&folder, &issuer)?;
        let seams = tes_proxy::Seams { clock, random, fetch };
        let audit = tes_proxy::Audit {
            writer: writer.clone(),
            keystore,
        };
        let proxy = Proxy::open(proxy, seams, audit, Arc::clone(broker.current()), link)
            .await
            .map_err(|wrong| CommandError::unknown(wrong.code(), chain(&wrong)))?;
        broker.wire_affected(Arc::new(AtWork(proxy.clone())));
        broker.wire_sessions(Arc::new(AtProxy(proxy.clone())));
        proxy.wire_tries(Arc::new(AtBroker(broker.clone())));
        proxy.wire_renewal(Arc::new(AtBroker(broker.clone())));
        proxy.wire_governors(Arc::new(AtBroker(broker.clone())));
        Ok(Self {
            broker,
            proxy,
            writer,
            _folder: folder,
        })
    }
}

/// Entries of the log that are looked at for the latest time: the last ones, so that a clock which was wrong once is
/// forgiven in the end.
const LOOK_BACK: u64 = 1_000;

/// The latest time that the log's last entries tell: this node's clock is never before it.
fn last_seen(writer: &Writer) -> Timestamp {
    let size = writer.size();
    let entries = writer.events(size.saturating_sub(LOOK_BACK)..size).unwrap_or_default();
    let latest = entries.iter().map(|stored| stored.entry.t.unix()).max();
    Timestamp::from_unix(latest.unwrap_or(0))
}

/// The code that `visum init` printed, if it waits in the folder: from now on the broker knows its digest.
async fn take_enrolment(folder: &Folder, broker: &Broker) -> Result<(), CommandError> {
    let Some((digest, until)) = folder.enrolment() else {
        return Ok(());
    };
    match enrolment::accept(broker, &digest, Timestamp::from_unix(until)).await {
        // a node with an administrator needs no code: it is thrown away
        Ok(()) | Err(EnrolmentError::Taken) => {
            folder.drop_enrolment();
            Ok(())
        }
        Err(wrong) => Err(CommandError::unknown(wrong.code(), chain(&wrong))),
    }
}

/// What the proxy of the same process has at work.
#[derive(Debug)]
struct AtWork(Proxy);

impl passport_broker::Affected for AtWork {
    fn running<'a>(&'a self, dataset: Option<&'a str>) -> BoxFuture<'a, Option<u64>> {
        Box::pin(async move {
            let counted = self.0.running(dataset).await;
            counted
                .inspect_err(|error| tracing::warn!(error = %error, "what is at work could not be counted"))
                .ok()
        })
    }
}

/// The name of a replica's audit log.
pub(crate) fn log_origin(host: &str, log_name: &str) -> String {
    format!("{host}/audit/{log_name}")
}

/// The log and the subjects' keys.
pub(super) fn log(folder: &Folder, name: &str, log_name: &str, host: &str) -> Result<(Writer, Keystore), CommandError> {
    let failed = |wrong: audit_log::AuditError| {
        CommandError::unknown(wrong.code(), wrong.to_string()).hint(advice(wrong.code()))
    };
    let source = Folder::source();
    let node_key = folder.derived("subjects")?;
    let keystore = Keystore::open(&folder.subjects(), node_key, Arc::clone(&source)).map_err(failed)?;
    let origin = log_origin(host, log_name);
    let salt = keystore.salt(&origin).map_err(failed)?;
    let mut settings = audit_log::Settings::new(folder.audit(), origin, name, folder.log_key()?, salt, source);
    settings.facts = Some(folder.facts());
    Ok((Writer::open(settings).map_err(failed)?, keystore))
}

/// The clients that are part of the node: the command line and the proxy.
fn clients(folder: &Folder, issuer: &str, audience: &str) -> Result<Vec<ClientRow>, CommandError> {
    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange".to_owned();
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    Ok(vec![
        ClientRow {
            id: login::CLIENT.to_owned(),
            name: "Visum command line".to_owned(),
            kind: ClientKind::Cli,
            auth: ClientAuth::PersonKeys,
            redirect_uris: vec!["http://127.0.0.1/callback".to_owned()],
            post_logout_redirect_uris: Vec::new(),
            scopes: words(&format!("{} offline_access", login::SCOPE)),
            audiences: vec![issuer.to_owned(), audience.to_owned()],
            grant_types: vec![
                "authorization_code".to_owned(),
                "urn:ietf:params:oauth:grant-type:device_code".to_owned(),
                "refresh_token".to_owned(),
                exchange.clone(),
            ],
            exchange_audiences: vec![issuer.to_owned(), audience.to_owned()],
            first_party: false,
            options: ClientOptions::default(),
            removed: None,
        },
        ClientRow {
            id: PROXY.to_owned(),
            name: "Visum proxy".to_owned(),
            kind: ClientKind::Service,
            auth: ClientAuth::PrivateKeyJwt {
                jwks: json!({ "keys": [folder.proxy_key()?.jwk()] }),
            },
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            scopes: Vec::new(),
            audiences: vec![audience.to_owned()],
            grant_types: vec![exchange],
            exchange_audiences: vec![audience.to_owned()],
            first_party: true,
            options: ClientOptions::default(),
            removed: None,
        },
    ])
}

fn link(folder: &Folder, issuer: &str) -> Result<BrokerLink, CommandError> {
    let url = |text: String| {
        Url::parse(&text)
            .map_err(|source| CommandError::refused("config.invalid", format!("broker.issuer: {text}: {source}")))
    };
    let key = folder.proxy_key()?;
    let key_id = key
        .jwk()
        .get("kid")
        .and_then(|kid| kid.as_str().map(str::to_owned))
        .unwrap_or_default();
    Ok(BrokerLink {
        issuer: issuer.to_owned(),
        token_endpoint: url(format!("{issuer}/token"))?,
        client_id: PROXY.to_owned(),
        key_id,
        private_key: key.pkcs8().to_vec(),
    })
}

/// An error with what caused it, in one line.
pub(super) fn chain(wrong: &dyn std::error::Error) -> String {
    let mut text = wrong.to_string();
    let mut cause = wrong.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}

/// What to do about the failures that an operator meets at night.
pub(super) fn advice(code: &str) -> &'static str {
    match code {
        "db_not_as_logged" => {
            "a governed row differs from the audit log: nothing is published until it is put right (docs/security.md)"
        }
        "audit.log_damaged" => {
            "the log was changed or the disk is failing: visum audit verify DIR/audit names the place; do not delete it"
        }
        "audit.locked" => "another process holds this log; stop it first",
        _ => "visum check --config FILE looks at each part",
    }
}
