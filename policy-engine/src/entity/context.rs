//! The contexts of questions, built typed: `DataContext`, `CallContext`, `GovernContext` of the schema.

use std::net::IpAddr;

use cedar_policy::{Context, EntityUid, RestrictedExpression as Value};
use visa_verifier::seam::Timestamp;

use super::{
    register::chain,
    schema::{Types, uid},
};
use crate::{
    consent::{PurposeBasis, Verdict},
    decide::Session,
    error::EngineError,
    snapshot::Governance,
};

/// What consent said of the dataset.
#[derive(Clone, Debug)]
pub(crate) struct ConsentPart {
    pub(crate) verdict: Verdict,
    /// The first deny code, else the first review code, else `ok`.
    pub(crate) code: String,
}

/// The approval that consent chose.
#[derive(Clone, Debug)]
pub(crate) struct GrantPart {
    pub(crate) dataset: String,
    pub(crate) issuer: String,
    pub(crate) source: String,
    pub(crate) by: String,
    pub(crate) asserted: Timestamp,
    pub(crate) expires: Timestamp,
}

/// The purpose that was judged.
#[derive(Clone, Debug)]
pub(crate) struct PurposePart {
    pub(crate) basis: PurposeBasis,
    pub(crate) id: String,
    pub(crate) commercial: bool,
    pub(crate) uses: Vec<String>,
    pub(crate) diseases: Vec<String>,
}

/// The whole intent, as one part of it sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorkPart {
    pub(crate) datasets: Vec<String>,
    pub(crate) controlled: bool,
    pub(crate) compute_only: bool,
    pub(crate) body_seen: bool,
    pub(crate) opaque: bool,
    pub(crate) inline_code: bool,
    pub(crate) command_matches: bool,
    pub(crate) session_datasets: bool,
    pub(crate) project: Option<String>,
}

/// Context of a use of data.
#[derive(Debug)]
pub(crate) struct DataContext<'a> {
    pub(crate) call: CallContext<'a>,
    pub(crate) consent: ConsentPart,
    pub(crate) grant: Option<GrantPart>,
    pub(crate) researcher_status: bool,
    pub(crate) terms: Vec<String>,
    pub(crate) purpose: Option<PurposePart>,
    pub(crate) service: Option<String>,
}

/// Context of work and descriptions.
#[derive(Clone, Debug)]
pub(crate) struct CallContext<'a> {
    pub(crate) now: Timestamp,
    pub(crate) session: &'a Session,
    pub(crate) stopped: bool,
    pub(crate) work: WorkPart,
}

/// Context of administration.
#[derive(Debug)]
pub(crate) struct GovernContext<'a> {
    pub(crate) now: Timestamp,
    pub(crate) session: &'a Session,
    pub(crate) governance: Governance,
}

type Pairs = Vec<(String, Value)>;

fn text(value: impl Into<String>) -> Value {
    Value::new_string(value.into())
}

fn texts(values: impl IntoIterator<Item = String>) -> Value {
    Value::new_set(values.into_iter().map(Value::new_string))
}

fn time(at: Timestamp) -> Value {
    Value::new_datetime(at.to_string())
}

fn entity(id: EntityUid) -> Value {
    Value::new_entity_uid(id)
}

fn record(pairs: Vec<(&str, Value)>) -> Result<Value, EngineError> {
    Value::new_record(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)))
        .map_err(|error| EngineError::Question { message: chain(&error) })
}

fn context(pairs: Pairs) -> Result<Context, EngineError> {
    Context::from_pairs(pairs).map_err(|error| EngineError::Question { message: chain(&error) })
}

/// Assurance, client and network: the same in every context.
fn circumstances(types: &Types, session: &Session, now: Timestamp) -> Result<Pairs, EngineError> {
    // A ready duration, since Cedar's own datetime arithmetic can overflow (policy.md 2, traps). A login that is not
    // known, or lies ahead, is no fresh one: its duration is negative.
    let (authenticated, since) = match session.authenticated {
        Some(at) => (at, now.unix().saturating_sub(at.unix())),
        None => (Timestamp::from_unix(0), -1),
    };
    let assurance = record(vec![
        ("identity", Value::new_long(i64::from(session.identity.min(3)))),
        ("authn", Value::new_long(i64::from(session.authn.min(2)))),
        ("authenticated", time(authenticated)),
        ("sinceLogin", Value::new_duration(format!("{since}s"))),
        ("affiliationFresh", Value::new_bool(session.affiliation_fresh)),
    ])?;
    let client = record(vec![
        ("id", text(session.client.id.as_str())),
        ("kind", entity(uid(&types.client_kind, session.client.kind.name()))),
        ("senderConstrained", Value::new_bool(session.client.sender_constrained)),
    ])?;
    let mut network = vec![
        ("address", Value::new_ip(canonical(session.address).to_string())),
        ("internal", Value::new_bool(session.internal)),
    ];
    if let Some(country) = &session.country {
        network.push(("country", entity(uid(&types.country, country))));
    }
    Ok(vec![
        ("now".to_owned(), time(now)),
        ("assurance".to_owned(), assurance),
        ("client".to_owned(), client),
        ("network".to_owned(), record(network)?),
    ])
}

/// An IPv4 address in IPv6 clothes is that IPv4 address.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

impl CallContext<'_> {
    fn pairs(&self, types: &Types) -> Result<Pairs, EngineError> {
        let work = &self.work;
        let mut members = vec![
            (
                "datasets",
                Value::new_set(work.datasets.iter().map(|id| entity(uid(&types.dataset, id)))),
            ),
            ("controlled", Value::new_bool(work.controlled)),
            ("computeOnly", Value::new_bool(work.compute_only)),
            ("bodySeen", Value::new_bool(work.body_seen)),
            ("opaque", Value::new_bool(work.opaque)),
            ("inlineCode", Value::new_bool(work.inline_code)),
            ("commandMatches", Value::new_bool(work.command_matches)),
            ("sessionDatasets", Value::new_bool(work.session_datasets)),
        ];
        if let Some(project) = &work.project {
            members.push(("project", entity(uid(&types.group, project))));
        }
        let mut pairs = circumstances(types, self.session, self.now)?;
        pairs.push(("stopped".to_owned(), Value::new_bool(self.stopped)));
        pairs.push(("work".to_owned(), record(members)?));
        Ok(pairs)
    }

    /// As Cedar takes it.
    pub(crate) fn build(&self, types: &Types) -> Result<Context, EngineError> {
        context(self.pairs(types)?)
    }
}

impl DataContext<'_> {
    /// As Cedar takes it.
    pub(crate) fn build(&self, types: &Types) -> Result<Context, EngineError> {
        let mut pairs = self.call.pairs(types)?;
        let mut put = |name: &str, value| pairs.push((name.to_owned(), value));
        put(
            "consent",
            record(vec![
                ("verdict", entity(uid(&types.verdict, self.consent.verdict.as_str()))),
                ("code", text(self.consent.code.as_str())),
            ])?,
        );
        put(
            "registered",
            record(vec![
                ("researcherStatus", Value::new_bool(self.researcher_status)),
                ("terms", texts(self.terms.iter().cloned())),
            ])?,
        );
        if let Some(grant) = &self.grant {
            let members = vec![
                ("dataset", entity(uid(&types.dataset, &grant.dataset))),
                ("issuer", text(grant.issuer.as_str())),
                ("source", text(grant.source.as_str())),
                ("by", text(grant.by.as_str())),
                ("asserted", time(grant.asserted)),
                ("expires", time(grant.expires)),
            ];
            put("grant", record(members)?);
        }
        if let Some(purpose) = &self.purpose {
            let diseases = purpose.diseases.iter().map(|id| entity(uid(&types.disease, id)));
            let members = vec![
                ("basis", entity(uid(&types.purpose_basis, purpose.basis.as_str()))),
                ("id", text(purpose.id.as_str())),
                ("commercial", Value::new_bool(purpose.commercial)),
                ("uses", texts(purpose.uses.iter().cloned())),
                ("diseases", Value::new_set(diseases)),
            ];
            put("purpose", record(members)?);
        }
        if let Some(service) = &self.service {
            put("service", entity(uid(&types.service, service)));
        }
        context(pairs)
    }
}

impl GovernContext<'_> {
    /// As Cedar takes it.
    pub(crate) fn build(&self, types: &Types) -> Result<Context, EngineError> {
        let word = match self.governance {
            Governance::Single => "single",
            Governance::Dual => "dual",
        };
        let mut pairs = circumstances(types, self.session, self.now)?;
        pairs.push(("governance".to_owned(), entity(uid(&types.governance, word))));
        context(pairs)
    }
}
