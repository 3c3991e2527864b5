//! `Proxy`: gate, backends, capabilities, ownership; what every handler holds, and what is built at start.

use std::{
    net::IpAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use moka::sync::Cache;
use policy_engine::{
    consent::Narrowing,
    decide::{Current, Facts},
    snapshot::{DatasetMode, DatasetRecord},
};
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};
use visa_verifier::seam::Fetch;

use crate::{
    api::{Incoming, parse_json},
    backend::{Client, DrsBackend, TesBackend, Transport, TrsBackend, Way, WesBackend},
    capability::{DoorKeys, Pins, Sealer},
    config::{BrokerLink, Config, ConfigFault},
    entry::Hosts,
    gate::{Caller, Gate, Identify, Ledger, Presented, Proofs, Taken, credential, held},
    governors::Governors,
    limits,
    opening::{Audit, OpenError, Seams},
    problem::{Api, Challenge, Problem},
    renewal::Renewal,
    session,
    store::{Db, Objects, PAGE_BYTES, Pages, PinTable, Releases, Works},
    tries::{OneAtATime, Tries},
};

/// Pages that are written to the disk at once; more stay in memory alone.
const KEEPING: usize = 64;

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
    /// Proofs of keys that tokens are bound to.
    pub(crate) proofs: Proofs,
    pub(crate) sealer: Sealer,
    pub(crate) door_keys: DoorKeys,
    pub(crate) pins: Pins,
    pub(crate) works: Works,
    pub(crate) objects: Objects,
    pub(crate) releases: Releases,
    /// Files are looked into one request at a time: each is held in memory.
    pub(crate) checking: Semaphore,
    pub(crate) drs: Option<DrsBackend>,
    /// In the order of the settings, as the next.
    pub(crate) tes: Vec<TesBackend>,
    pub(crate) wes: Vec<WesBackend>,
    pub(crate) trs: Option<TrsBackend>,
    pub(crate) hosts: Hosts,
    pub(crate) door_hosts: Hosts,
    /// Denials of late, by decision and owner, for the page that explains them.
    denials: Cache<String, (String, Value)>,
    pages: Pages,
    /// Pages on their way to the disk.
    keeping: Arc<Semaphore>,
    /// Requests that are worked on.
    places: Semaphore,
    /// Calls to registries.
    pub(crate) fetch: Arc<dyn Fetch>,
    tries: OnceLock<Arc<dyn Tries>>,
    /// Who knows what owners of work hold now.
    pub(crate) renewal: OnceLock<Arc<dyn Renewal>>,
    /// Work whose renewal was tried of late.
    pub(crate) renewing: Cache<String, ()>,
    /// Work whose backend is being asked to stop it.
    pub(crate) stopping: Cache<String, ()>,
    governors: OnceLock<Arc<dyn Governors>>,
    /// Who looks at files of requests that wait: their facts, by the capability that they hold.
    pub(crate) looking: Cache<String, Facts>,
    pub(crate) at_length: OneAtATime,
    seq: AtomicI64,
}

impl Proxy {
    /// Opens the index and the connections. Nothing is called yet.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(
        mut config: Config,
        seams: Seams,
        audit: Audit,
        current: Arc<Current>,
        broker: BrokerLink,
    ) -> Result<Self, OpenError> {
        config.check()?;
        if let Some(trs) = &config.trs {
            // what the registry tells of commands counts wherever commands are judged
            let computes = config
                .tes
                .iter_mut()
                .chain(config.wes.iter_mut().map(|wes| &mut wes.compute));
            computes.for_each(|compute| compute.rules.shelf = trs.shelf.clone());
        }
        let db = Db::open(&config.database).await?;
        let works = Works::new(db.clone());
        let transport = Transport::new(&Way::of(&config), Arc::clone(&seams.clock))?;
        let client = |api, backend| Client::new(transport.clone(), api, backend);
        let drs = config
            .drs
            .as_ref()
            .map(|drs| DrsBackend::new(client("DRS", &drs.backend), drs.byte_hosts.clone()));
        let tes = config
            .tes
            .iter()
            .map(|tes| TesBackend::new(client("TES", &tes.backend)))
            .collect();
        let wes = config
            .wes
            .iter()
            .map(|wes| WesBackend::new(client("WES", &wes.compute.backend)))
            .collect();
        let trs = config
            .trs
            .as_ref()
            .map(|trs| TrsBackend::new(client("TRS", &trs.backend)));
        let issuer = broker.issuer.clone();
        let proofs = Proofs::new(
            seams.random.as_ref(),
            Arc::clone(&seams.clock),
            config.public_url.clone(),
        );
        let identify = Identify::new(&config, broker, &seams, Arc::clone(&current), audit.keystore.clone())
            .map_err(OpenError::Broker)?;
        let gate = Gate {
            current,
            writer: audit.writer,
            keystore: audit.keystore,
            clock: seams.clock,
            random: seams.random,
            ledger: Ledger::default(),
            kept: Arc::default(),
        };
        Ok(Self(Arc::new(Parts {
            hosts: Hosts::of(&config.public_url, &config.hosts).behind(&config.trusted_proxies),
            door_hosts: Hosts::of(&config.door_url, &[]),
            sealer: Sealer::new(&config.secret).map_err(|_| OpenError::Keys)?,
            door_keys: DoorKeys::of(&config).map_err(|_| OpenError::Keys)?,
            broker: issuer,
            gate,
            identify,
            proofs,
            pins: Pins::new(PinTable::new(db.clone()), config.door.clone()),
            works,
            objects: Objects::new(db.clone()),
            releases: Releases::new(db.clone()),
            checking: Semaphore::new(1),
            drs,
            tes,
            wes,
            trs,
            denials: Cache::new(10_000),
            pages: Pages::new(db),
            keeping: Arc::new(Semaphore::new(KEEPING)),
            places: Semaphore::new(config.requests_at_once.clamp(1, Semaphore::MAX_PERMITS)),
            fetch: seams.fetch,
            tries: OnceLock::new(),
            renewal: OnceLock::new(),
            stopping: Cache::builder()
                .max_capacity(limits::STOPPING)
                .time_to_live(limits::STOP_AGAIN)
                .build(),
            renewing: Cache::builder()
                .max_capacity(100_000)
                .time_to_live(limits::RENEW_AGAIN)
                .build(),
            governors: OnceLock::new(),
            looking: Cache::builder()
                .max_capacity(10_000)
                .time_to_live(limits::CAPABILITY_LIFE)
                .build(),
            at_length: OneAtATime::default(),
            seq: AtomicI64::new(0),
            config,
        })))
    }
}

impl Proxy {
    /// May it serve the data of the snapshot in force? Asked before it listens.
    ///
    /// # Errors
    /// [`ConfigFault::NetworkMissing`] for compute-only data at a door that is open to every address.
    pub fn check(&self) -> Result<(), ConfigFault> {
        let engine = self.0.gate.current.load();
        let datasets = engine.snapshot().datasets.iter();
        let compute_only = datasets.filter(|dataset| dataset.mode == DatasetMode::ComputeOnly);
        self.0.config.check_compute_only(compute_only.map(DatasetRecord::id))
    }

    /// Names who counts purposes tried and questions at length. Without one, neither `explain` nor `can-i` answers.
    pub fn wire_tries(&self, tries: Arc<dyn Tries>) {
        let _ = self.0.tries.set(tries);
    }

    /// Names who knows what owners of work hold now. Without one, work ends when the visas end that it was permitted by.
    pub fn wire_renewal(&self, renewal: Arc<dyn Renewal>) {
        let _ = self.0.renewal.set(renewal);
    }

    /// Names who knows who governs. Without one, nobody releases outputs here.
    pub fn wire_governors(&self, governors: Arc<dyn Governors>) {
        let _ = self.0.governors.set(governors);
    }
}

impl Parts {
    /// A place among the requests that are worked on, given back when it is dropped.
    ///
    /// # Errors
    /// 503 with a time to try again when there is none for a while: who they are was not asked, so it is no denial.
    pub(crate) async fn place(&self) -> Result<SemaphorePermit<'_>, Problem> {
        match tokio::time::timeout(limits::PLACE_WAIT, self.places.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(Problem::unavailable(
                "gate.busy",
                "this node works on as many requests as it can; ask again in a moment",
                2,
            )),
        }
    }

    /// Who counts purposes tried.
    ///
    /// # Errors
    /// 503 where nobody does.
    pub(crate) fn tries(&self) -> Result<&dyn Tries, Problem> {
        self.tries.get().map(|tries| &**tries).ok_or_else(|| {
            Problem::unavailable(
                "explain.uncounted",
                "nobody counts what is tried here, so nothing is answered",
                60,
            )
        })
    }

    /// Who knows who governs.
    pub(crate) fn governors(&self) -> Option<&dyn Governors> {
        self.governors.get().map(|governors| &**governors)
    }

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
        let passport = api == Api::Drs && self.config.drs.as_ref().is_some_and(|drs| drs.accept_passport_bearer);
        let taken = Taken { basic, passport };
        let presented = credential(&incoming.headers, taken, passports).map_err(counted)?;
        if presented == Presented::Nothing {
            return Ok(None);
        }
        if matches!(api, Api::Tes | Api::Wes)
            && let Presented::Token(token) = &presented
            && session::claims_to_be(token)
        {
            return session::caller(self, incoming, token).await.map(Some);
        }
        let proven = match &presented {
            Presented::Bound(token) => Some(self.proofs.key(incoming, token).map_err(counted)?),
            Presented::Nothing
            | Presented::Token(_)
            | Presented::Passports(_)
            | Presented::Both(..)
            | Presented::Header(..) => None,
        };
        let Some(person) = self.identify.person(&presented).await.map_err(counted)? else {
            return Ok(None);
        };
        held(person.bound.as_deref(), proven.as_deref()).map_err(counted)?;
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
            self.keep_page(caller, decision, &page);
        }
        problem
    }

    /// Keeps what was told about a decision, for its owner: at once in memory, a moment later on disk.
    pub(crate) fn keep_page(&self, caller: &Caller, id: &str, page: &Value) {
        let owner = caller.owner();
        self.denials.insert(id.to_owned(), (owner.clone(), page.clone()));
        let text = page.to_string();
        let Ok(place) = Arc::clone(&self.keeping).try_acquire_owned() else {
            return;
        };
        if text.len() > PAGE_BYTES {
            return;
        }
        let (pages, id, at) = (self.pages.clone(), id.to_owned(), self.gate.now().unix());
        tokio::spawn(async move {
            if let Err(error) = pages.keep(&id, &owner, at, &text).await {
                tracing::warn!(code = error.code(), %error, "an explanation could not be kept");
            }
            drop(place);
        });
    }

    /// What was told about a decision, if it was told to this caller.
    ///
    /// # Errors
    /// 503 if the index is down.
    pub(crate) async fn page(&self, caller: &Caller, id: &str) -> Result<Option<Value>, Problem> {
        let found = match self.denials.get(id) {
            Some(found) => Some(found),
            None => {
                let kept = self.pages.find(id).await?;
                kept.and_then(|(owner, page)| Some((owner, serde_json::from_str(&page).ok()?)))
            }
        };
        Ok(found
            .filter(|(owner, _)| caller.owners().contains(owner))
            .map(|(_, page)| page))
    }
}

/// The header `Visum-Purpose`: JSON, base64url; it only narrows.
pub(crate) fn narrow(incoming: &Incoming) -> Result<Option<Narrowing>, Problem> {
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
