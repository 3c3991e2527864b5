//! `Proxy`: gate, backends, capabilities, ownership; what every handler holds, and what is built at start.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use audit_log::{Keystore, Writer};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use moka::sync::Cache;
use policy_engine::{consent::Narrowing, decide::Current};
use serde_json::Value;
use visa_verifier::seam::{Clock, Fetch, Random};

use crate::{
    api::{Incoming, parse_json},
    backend::{BackendError, Client, DrsBackend, TesBackend, Transport, WesBackend},
    capability::{Pins, Sealer},
    config::{BrokerLink, Config, ConfigFault},
    entry::Hosts,
    gate::{Caller, Gate, Identify, Ledger, Presented, credential},
    problem::{Api, Challenge, Problem},
    store::{Db, StoreError, Works},
};

/// Time, randomness, network.
#[derive(Clone, Debug)]
pub struct Seams {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// Calls to the broker and to key servers.
    pub fetch: Arc<dyn Fetch>,
}

/// The process's one log and keystore.
#[derive(Clone)]
pub struct Audit {
    /// The log.
    pub writer: Writer,
    /// The keys of its people.
    pub keystore: Keystore,
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Audit")
    }
}

/// Why the proxy cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The settings do not fit together.
    #[error("the proxy's settings do not fit together: {0}")]
    Config(#[from] ConfigFault),
    /// The ownership index.
    #[error("the ownership index cannot be opened: {0}")]
    Store(#[from] StoreError),
    /// The connections to backends.
    #[error("the connections to backends cannot be made: {0}")]
    Backend(#[from] BackendError),
    /// The link to the broker.
    #[error("the link to the broker cannot be used: {0}")]
    Broker(&'static str),
    /// The node's secret.
    #[error("the keys of capabilities cannot be derived")]
    Keys,
}

impl OpenError {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Config(fault) => fault.code(),
            Self::Store(fault) => fault.code(),
            Self::Backend(fault) => fault.code(),
            Self::Broker(_) => "proxy.broker_link",
            Self::Keys => "proxy.keys",
        }
    }
}

/// The proxy. Clone it freely.
#[derive(Clone, Debug)]
pub struct Proxy(pub(crate) Arc<Parts>);

/// What it is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) broker: String,
    pub(crate) gate: Gate,
    pub(crate) identify: Identify,
    pub(crate) sealer: Sealer,
    pub(crate) pins: Pins,
    pub(crate) works: Works,
    pub(crate) drs: Option<DrsBackend>,
    pub(crate) tes: Option<TesBackend>,
    pub(crate) wes: Option<WesBackend>,
    pub(crate) hosts: Hosts,
    pub(crate) door_hosts: Hosts,
    /// Denials of late, by decision and owner, for the page that explains them.
    pub(crate) denials: Cache<String, (String, Value)>,
    seq: AtomicI64,
}

impl Proxy {
    /// Opens the index and the connections. Nothing is called yet.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(
        config: Config,
        seams: Seams,
        audit: Audit,
        current: Arc<Current>,
        broker: BrokerLink,
    ) -> Result<Self, OpenError> {
        config.check()?;
        let works = Works::new(Db::open(&config.database).await?);
        let transport = Transport::new(config.ca_file.as_deref(), config.allow_loopback_http)?;
        let client = |api, backend| Client::new(transport.clone(), api, backend);
        let drs = config
            .drs
            .as_ref()
            .map(|drs| DrsBackend::new(client("DRS", &drs.backend), drs.byte_hosts.clone()));
        let tes = config
            .tes
            .as_ref()
            .map(|tes| TesBackend::new(client("TES", &tes.backend)));
        let wes = config
            .wes
            .as_ref()
            .map(|wes| WesBackend::new(client("WES", &wes.compute.backend)));
        let issuer = broker.issuer.clone();
        let identify = Identify::new(&config, broker, &seams, Arc::clone(&current), audit.keystore.clone())
            .map_err(OpenError::Broker)?;
        let gate = Gate {
            current,
            writer: audit.writer,
            keystore: audit.keystore,
            clock: seams.clock,
            random: seams.random,
            ledger: Ledger::default(),
        };
        Ok(Self(Arc::new(Parts {
            hosts: Hosts::of(&config.public_url, &config.hosts),
            door_hosts: Hosts::of(&config.door_url, &[]),
            sealer: Sealer::new(&config.secret).map_err(|_| OpenError::Keys)?,
            broker: issuer,
            gate,
            identify,
            pins: Pins::default(),
            works,
            drs,
            tes,
            wes,
            denials: Cache::new(10_000),
            seq: AtomicI64::new(0),
            config,
        })))
    }
}

impl Parts {
    /// A place in the order of creation: microseconds, never twice in this process.
    pub(crate) fn next_seq(&self) -> i64 {
        let now = self.gate.clock.now_micros();
        self.seq
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| {
                Some(now.max(last.saturating_add(1)))
            })
            .map_or(now, |last| now.max(last.saturating_add(1)))
    }

    /// The caller, if the request carries a credential.
    ///
    /// # Errors
    /// A [`Problem`] for one that does not count.
    pub(crate) async fn caller(
        &self,
        incoming: &Incoming,
        api: Api,
        passports: Vec<String>,
    ) -> Result<Option<Caller>, Problem> {
        let basic = self.config.basic_password && matches!(api, Api::Tes | Api::Wes);
        let counted = |problem: Problem| {
            self.gate.unauthenticated();
            problem
        };
        let presented = credential(&incoming.headers, basic, passports).map_err(counted)?;
        if presented == Presented::Nothing {
            return Ok(None);
        }
        let Some(person) = self.identify.person(&presented).await.map_err(counted)? else {
            return Ok(None);
        };
        let address = incoming
            .address
            .unwrap_or_else(|| std::net::Ipv4Addr::UNSPECIFIED.into());
        let agent = incoming
            .headers
            .get(http::header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        Ok(Some(Caller::new(
            person,
            address,
            self.is_internal(address),
            narrow(incoming)?,
            &incoming.request_id,
            agent,
        )))
    }

    /// The caller of a route that demands one.
    ///
    /// # Errors
    /// 401 without a credential.
    pub(crate) async fn required(
        &self,
        incoming: &Incoming,
        api: Api,
        passports: Vec<String>,
    ) -> Result<Caller, Problem> {
        match self.caller(incoming, api, passports).await? {
            Some(caller) => Ok(caller),
            None => {
                self.gate.unauthenticated();
                Err(Problem::unauthenticated(
                    Challenge::Missing,
                    "token.missing",
                    "an access token is needed",
                ))
            }
        }
    }

    pub(crate) fn is_internal(&self, address: IpAddr) -> bool {
        self.config
            .internal_networks
            .iter()
            .any(|network| network.contains(address))
    }

    /// Remembers a denial for the page that explains it, and passes it on.
    pub(crate) fn remember(&self, caller: &Caller, problem: Problem) -> Problem {
        if let Some(decision) = &problem.denial.decision {
            let page = serde_json::json!({
                "decision_id": decision, "allow": false, "code": problem.code, "message": problem.sentence, "reasons": problem.denial.reasons,
            });
            self.denials.insert(decision.clone(), (caller.owner(), page));
        }
        problem
    }
}

/// The header `Visum-Purpose`: JSON, base64url; it only narrows.
fn narrow(incoming: &Incoming) -> Result<Option<Narrowing>, Problem> {
    let mut values = incoming.headers.get_all("visum-purpose").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let fault = || {
        Problem::refused(
            "request.purpose",
            "the header Visum-Purpose is not one purpose as base64url JSON",
        )
    };
    if values.next().is_some() || value.len() > 16 << 10 {
        return Err(fault());
    }
    let bytes = URL_SAFE_NO_PAD.decode(value.as_bytes()).map_err(|_| fault())?;
    parse_json(&bytes).map(Some).map_err(|_| fault())
}
