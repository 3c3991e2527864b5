//! What `init` and `demo` enter before there is anybody who could approve it: catalogue, roles, trust, clients.
//!
//! Each batch is one event of class `break-glass`, in `single` governance or on a node that holds nothing yet
//! (specs/demo.md). What stands already is left
//! alone, so that entering twice changes nothing; the whole is tried in the engine before the first row is written.

use audit_log::{Class, Event, EventType, Outcome, Who};
use policy_engine::catalogue::{ObjectRecord, PrefixRecord};
use policy_engine::snapshot::{CommitteeRecord, DatasetRecord, InstitutionRecord, ServiceRecord, SinkRecord};
use visa_verifier::trust::{TrustEntry, TrustError};

use crate::broker::Broker;
use crate::catalogue::{self, Agreed, ChangeError, Changing, Content, PublishError};
use crate::limits;
use crate::store::StoreError;
use crate::store::clients::ClientRow;
use crate::store::governed::{self, Governed, Pending};
use crate::store::register::{TrustRow, UpstreamRow};
use crate::store::registrations::RegistrationRow;
use crate::store::roles::RoleRow;
use crate::store::terms::TermsRow;
use crate::store::webhooks::WebhookRow;

/// All that a node is told at its start.
#[derive(Clone, Debug, Default)]
pub struct Bootstrap {
    /// The register of institutions.
    pub institutions: Vec<InstitutionRecord>,
    /// Committees.
    pub dacs: Vec<CommitteeRecord>,
    /// Datasets with their labels.
    pub datasets: Vec<DatasetRecord>,
    /// Objects.
    pub objects: Vec<ObjectRecord>,
    /// Storage prefixes.
    pub prefixes: Vec<PrefixRecord>,
    /// Places for outputs.
    pub sinks: Vec<SinkRecord>,
    /// Services.
    pub services: Vec<ServiceRecord>,
    /// Roles and committee members.
    pub roles: Vec<RoleRow>,
    /// Trust entries.
    pub trust: Vec<TrustEntry>,
    /// Clients of the OpenID Provider.
    pub clients: Vec<ClientRow>,
    /// Login providers.
    pub upstreams: Vec<UpstreamRow>,
    /// Texts that people are asked to accept.
    pub terms: Vec<TermsRow>,
    /// Addresses that are told what happens.
    pub webhooks: Vec<WebhookRow>,
    /// Tokens by which clients register themselves.
    pub registrations: Vec<RegistrationRow>,
}

/// Something that cannot be entered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BootstrapError {
    /// The node has two administrators: they agree on changes.
    #[error("a node in dual governance is not changed by break-glass")]
    Dual,
    /// A trust entry contradicts itself.
    #[error("a trust entry contradicts itself")]
    Trust {
        /// How.
        source: TrustError,
    },
    /// A login provider that asserts what nobody checked, on a node that is no demo.
    #[error("the login provider `{id}` is a sample, and this node does not take samples")]
    Sample {
        /// Which.
        id: String,
    },
    /// The engine would not take it; nothing was entered.
    #[error("the catalogue would not hold together")]
    Refused {
        /// Why.
        source: PublishError,
    },
    /// It could not be written.
    #[error("the catalogue could not be entered")]
    Change {
        /// Why.
        source: ChangeError,
    },
}

impl BootstrapError {
    /// Stable: tests and dashboards compare it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Dual => "bootstrap.dual_governance",
            Self::Trust { .. } => "bootstrap.trust",
            Self::Sample { .. } => "bootstrap.sample_upstream",
            Self::Refused { source } => source.code(),
            Self::Change { source } => source.code(),
        }
    }
}

/// Enters it, and publishes once.
///
/// # Errors
/// [`BootstrapError`]. Before the first row is written the whole is tried; after it, what was written stays.
pub async fn apply(broker: &Broker, bootstrap: Bootstrap) -> Result<(), BootstrapError> {
    if !broker.takes_bootstrap() {
        return Err(BootstrapError::Dual);
    }
    if let Some(sample) = bootstrap
        .upstreams
        .iter()
        .find(|row| row.sample && !broker.config().sample_upstreams)
    {
        return Err(BootstrapError::Sample { id: sample.id.clone() });
    }
    let trust: Result<Vec<TrustRow>, TrustError> = bootstrap.trust.iter().cloned().map(TrustRow::of).collect();
    let trust = trust.map_err(|source| BootstrapError::Trust { source })?;
    try_out(broker, &bootstrap, &trust).await?;

    let mut changing = Changing::begin(broker).await;
    let mut rows = Vec::new();
    draft_new(&mut changing, &bootstrap.institutions, &mut rows).await?;
    draft_new(&mut changing, &bootstrap.dacs, &mut rows).await?;
    draft_new(&mut changing, &bootstrap.datasets, &mut rows).await?;
    draft_new(&mut changing, &bootstrap.objects, &mut rows).await?;
    draft_new(&mut changing, &bootstrap.prefixes, &mut rows).await?;
    draft_new(&mut changing, &bootstrap.sinks, &mut rows).await?;
    draft_new(&mut changing, &bootstrap.services, &mut rows).await?;
    draft_new(&mut changing, &bootstrap.roles, &mut rows).await?;
    draft_new(&mut changing, &trust, &mut rows).await?;
    draft_new(&mut changing, &bootstrap.clients, &mut rows).await?;
    draft_new(&mut changing, &bootstrap.upstreams, &mut rows).await?;
    draft_new(&mut changing, &bootstrap.terms, &mut rows).await?;
    draft_new(&mut changing, &bootstrap.webhooks, &mut rows).await?;
    draft_new(&mut changing, &bootstrap.registrations, &mut rows).await?;
    for batch in rows.chunks(limits::ROWS_PER_EVENT) {
        let event = Event::new(EventType::BreakGlass, Outcome::Success).who(Who::nobody(Class::Admin));
        changing
            .write(event, batch, Agreed::default())
            .await
            .map_err(|source| BootstrapError::Change { source })?;
    }
    changing
        .finish()
        .await
        .map_err(|source| BootstrapError::Change { source })
}

/// Drafts the rows that are not there yet, or say something else now.
async fn draft_new<T: Governed>(
    changing: &mut Changing<'_>,
    wanted: &[T],
    rows: &mut Vec<Pending>,
) -> Result<(), BootstrapError> {
    let store = |source: StoreError| BootstrapError::Change {
        source: ChangeError::Store { source },
    };
    for row in wanted {
        let there = governed::newest(changing.db(), T::KIND, &row.id())
            .await
            .map_err(store)?;
        if there.is_some_and(|sealed| sealed.says(row)) {
            continue;
        }
        rows.push(
            changing
                .draft(row)
                .await
                .map_err(|source| BootstrapError::Change { source })?,
        );
    }
    Ok(())
}

async fn try_out(broker: &Broker, bootstrap: &Bootstrap, trust: &[TrustRow]) -> Result<(), BootstrapError> {
    let refused = |source| BootstrapError::Refused { source };
    let mut content: Content = catalogue::logged_content(broker).await.map_err(refused)?;
    fn take<T: Governed + Clone>(into: &mut std::collections::BTreeMap<String, T>, rows: &[T]) {
        into.extend(rows.iter().map(|row| (row.id(), row.clone())));
    }
    take(&mut content.institutions, &bootstrap.institutions);
    take(&mut content.committees, &bootstrap.dacs);
    take(&mut content.datasets, &bootstrap.datasets);
    take(&mut content.objects, &bootstrap.objects);
    take(&mut content.prefixes, &bootstrap.prefixes);
    take(&mut content.sinks, &bootstrap.sinks);
    take(&mut content.services, &bootstrap.services);
    take(&mut content.roles, &bootstrap.roles);
    take(&mut content.trust, trust);
    catalogue::try_out(broker, content).await.map_err(refused)
}
