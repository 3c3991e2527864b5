//! The contexts of questions, built typed: `DataContext`, `CallContext`, `GovernContext` of the schema.

use std::{net::IpAddr, sync::Arc};

use cedar_policy_core::ast::{Context, Value};
use visa_verifier::seam::Timestamp;

use super::{
    schema::{Types, uid},
    value::{address, entities, entity, flag, long, record, seconds, text, texts, time},
};
use crate::{
    consent::{PurposeBasis, ResearchPurpose, Verdict},
    decide::{Facts, GrantTimes, Session, hex_digest},
    error::EngineError,
    snapshot::Governance,
};

/// What consent said of the dataset.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConsentPart<'a> {
    pub(crate) verdict: Verdict,
    /// The first deny code, else the first review code, else `ok`.
    pub(crate) code: &'a str,
}

/// The approval that consent chose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GrantPart<'a> {
    pub(crate) dataset: &'a str,
    pub(crate) issuer: &'a str,
    pub(crate) source: &'a str,
    pub(crate) by: &'a str,
    pub(crate) asserted: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) times: &'a GrantTimes,
}

/// When a grant was asserted, and its end.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    asserted: Value,
    expires: Value,
}

impl GrantPart<'_> {
    fn times(&self) -> Result<&Times, EngineError> {
        if let Some(ready) = self.times.0.get() {
            return Ok(ready);
        }
        let made = Times {
            asserted: time(self.asserted)?,
            expires: time(self.expires)?,
        };
        Ok(self.times.0.get_or_init(|| made))
    }
}

/// What a session tells of login, client and network.
#[derive(Clone, Debug)]
pub(crate) struct SessionPart {
    authenticated: Value,
    client: Value,
    network: Value,
}

/// The purpose that was judged, ready for all datasets of a request.
#[derive(Clone, Debug)]
pub(crate) struct PurposePart {
    id: Value,
    commercial: Value,
    uses: Value,
    diseases: Value,
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

/// Context of a use of one dataset.
#[derive(Debug)]
pub(crate) struct DataContext<'a> {
    /// Made by [`Person::build`].
    pub(crate) shared: &'a Context,
    pub(crate) consent: ConsentPart<'a>,
    pub(crate) grant: Option<GrantPart<'a>>,
    pub(crate) purpose: Option<(&'a PurposePart, PurposeBasis)>,
}

/// What the contexts of all datasets of a request have in common beside the call.
#[derive(Debug)]
pub(crate) struct Person<'a> {
    pub(crate) researcher_status: bool,
    pub(crate) terms: Vec<String>,
    pub(crate) service: Option<&'a str>,
}

/// Context of work and descriptions.
#[derive(Clone, Debug)]
pub(crate) struct CallContext<'a> {
    pub(crate) now: Timestamp,
    pub(crate) facts: &'a Facts,
    pub(crate) stopped: bool,
    pub(crate) work: &'a WorkPart,
}

/// Context of administration.
#[derive(Debug)]
pub(crate) struct GovernContext<'a> {
    pub(crate) now: Timestamp,
    pub(crate) facts: &'a Facts,
    pub(crate) governance: Governance,
}

/// Members of a context, for those that share it.
fn with<'m>(base: &Context, more: impl IntoIterator<Item = (&'m str, Value)>) -> Result<Context, EngineError> {
    let Context::Value(members) = base else {
        return Err(EngineError::Question {
            message: "a context is not known as a whole".to_owned(),
        });
    };
    let mut members = (**members).clone();
    members.extend(more.into_iter().map(|(name, value)| (name.into(), value)));
    Ok(Context::Value(Arc::new(members)))
}

/// Assurance, client and network: the same in every context.
fn circumstances(types: &Types, facts: &Facts, now: Timestamp) -> Result<Context, EngineError> {
    let session = facts.session();
    let part = match facts.ready.session.get() {
        Some(ready) => ready,
        None => {
            let made = SessionPart::new(types, session)?;
            facts.ready.session.get_or_init(|| made)
        }
    };
    // A ready duration, since Cedar's own datetime arithmetic can overflow (policy.md 2, traps). A login that is not
    // known, or lies ahead, is no fresh one: its duration is negative.
    let since = session.authenticated.map(|at| now.unix().saturating_sub(at.unix()));
    let assurance = record([
        ("identity", long(i64::from(session.identity.min(3)))),
        ("authn", long(i64::from(session.authn.min(2)))),
        ("authenticated", part.authenticated.clone()),
        ("sinceLogin", seconds(since.unwrap_or(-1))?),
        ("affiliationFresh", flag(session.affiliation_fresh)),
    ]);
    with(
        &Context::empty(),
        [
            ("now", time(now)?),
            ("assurance", assurance),
            ("client", part.client.clone()),
            ("network", part.network.clone()),
        ],
    )
}

impl SessionPart {
    fn new(types: &Types, session: &Session) -> Result<Self, EngineError> {
        let authenticated = session.authenticated.unwrap_or(Timestamp::from_unix(0));
        let client = record([
            ("id", text(&session.client.id)),
            ("kind", entity(uid(&types.client_kind, session.client.kind.name()))),
            ("senderConstrained", flag(session.client.sender_constrained)),
        ]);
        let country = session.country.as_ref();
        let network = record(
            [
                ("address", address(canonical(session.address))?),
                ("internal", flag(session.internal)),
            ]
            .into_iter()
            .chain(country.map(|code| ("country", entity(uid(&types.country, code))))),
        );
        Ok(Self {
            authenticated: time(authenticated)?,
            client,
            network,
        })
    }
}

/// An IPv4 address in IPv6 clothes is that IPv4 address.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

impl CallContext<'_> {
    /// As Cedar takes it.
    pub(crate) fn build(&self, types: &Types) -> Result<Context, EngineError> {
        let work = self.work;
        let members = [
            (
                "datasets",
                entities(work.datasets.iter().map(|id| uid(&types.dataset, id))),
            ),
            ("controlled", flag(work.controlled)),
            ("computeOnly", flag(work.compute_only)),
            ("bodySeen", flag(work.body_seen)),
            ("opaque", flag(work.opaque)),
            ("inlineCode", flag(work.inline_code)),
            ("commandMatches", flag(work.command_matches)),
            ("sessionDatasets", flag(work.session_datasets)),
        ];
        let project = work.project.as_ref();
        let project = project.map(|project| ("project", entity(uid(&types.group, project))));
        let base = circumstances(types, self.facts, self.now)?;
        with(
            &base,
            [
                ("stopped", flag(self.stopped)),
                ("work", record(members.into_iter().chain(project))),
            ],
        )
    }
}

impl Person<'_> {
    /// A call's context with what the questions about all datasets of a request share.
    pub(crate) fn build(&self, types: &Types, call: &Context) -> Result<Context, EngineError> {
        let registered = record([
            ("researcherStatus", flag(self.researcher_status)),
            ("terms", texts(self.terms.iter().map(String::as_str))),
        ]);
        let service = self
            .service
            .map(|service| ("service", entity(uid(&types.service, service))));
        with(call, [("registered", registered)].into_iter().chain(service))
    }
}

impl PurposePart {
    /// A purpose for Cedar; its id is made from all of it.
    pub(crate) fn new(purpose: &ResearchPurpose, types: &Types) -> Self {
        let whole = serde_json::to_string(purpose).unwrap_or_default();
        let diseases = purpose.diseases.iter().map(|id| uid(&types.disease, id.as_str()));
        Self {
            id: text(&hex_digest(whole.as_bytes())),
            // Silence is no "no": a policy against commercial use hits.
            commercial: flag(purpose.commercial != Some(false)),
            uses: texts(purpose.categories.iter().map(|category| category.as_str())),
            diseases: entities(diseases),
        }
    }

    fn value(&self, types: &Types, basis: PurposeBasis) -> Value {
        record([
            ("basis", entity(uid(&types.purpose_basis, basis.as_str()))),
            ("id", self.id.clone()),
            ("commercial", self.commercial.clone()),
            ("uses", self.uses.clone()),
            ("diseases", self.diseases.clone()),
        ])
    }
}

impl DataContext<'_> {
    /// As Cedar takes it.
    pub(crate) fn build(&self, types: &Types) -> Result<Context, EngineError> {
        let consent = record([
            ("verdict", entity(uid(&types.verdict, self.consent.verdict.as_str()))),
            ("code", text(self.consent.code)),
        ]);
        let grant = match &self.grant {
            Some(grant) => {
                let times = grant.times()?;
                Some((
                    "grant",
                    record([
                        ("dataset", entity(uid(&types.dataset, grant.dataset))),
                        ("issuer", text(grant.issuer)),
                        ("source", text(grant.source)),
                        ("by", text(grant.by)),
                        ("asserted", times.asserted.clone()),
                        ("expires", times.expires.clone()),
                    ]),
                ))
            }
            None => None,
        };
        let purpose = self.purpose.map(|(part, basis)| ("purpose", part.value(types, basis)));
        with(
            self.shared,
            [("consent", consent)].into_iter().chain(grant).chain(purpose),
        )
    }
}

impl GovernContext<'_> {
    /// As Cedar takes it.
    pub(crate) fn build(&self, types: &Types) -> Result<Context, EngineError> {
        let word = match self.governance {
            Governance::Single => "single",
            Governance::Dual => "dual",
        };
        let governance = entity(uid(&types.governance, word));
        with(
            &circumstances(types, self.facts, self.now)?,
            [("governance", governance)],
        )
    }
}
