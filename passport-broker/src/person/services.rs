//! The programs that hold tokens of a person, to show them and to end what one of them holds.

use audit_log::{AboutKind, Event, EventType, Outcome};
use serde::Serialize;
use visa_verifier::seam::Timestamp;

use super::record::{Unrecorded, actor};
use crate::Broker;
use crate::provider::logout;
use crate::store::people::PersonId;
use crate::store::{StoreError, logout_notices, own};

/// What one program holds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Service {
    /// Its client id.
    pub(crate) client: String,
    /// Its name, for people.
    pub(crate) name: String,
    /// Since when it holds any.
    pub(crate) since: Timestamp,
    /// When the last of them ends at the latest.
    pub(crate) until: Timestamp,
    /// What they are for, each once.
    pub(crate) scope: Vec<String>,
    /// Where they count, each once.
    pub(crate) audience: Vec<String>,
    /// Sign-ins behind them.
    pub(crate) sign_ins: usize,
    /// It is told when its tokens end.
    pub(crate) told: bool,
}

/// What each program holds of a person, the newest first.
pub(crate) async fn of(broker: &Broker, person: &PersonId) -> Result<Vec<Service>, StoreError> {
    let mut services: Vec<Service> = Vec::new();
    for family in own::families(&mut broker.db(), person, broker.now()).await? {
        let place = services.iter().position(|service| service.client == family.client);
        let scope = family
            .scope
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(str::to_owned);
        if let Some(service) = place.and_then(|place| services.get_mut(place)) {
            service.since = service.since.min(family.created);
            service.until = service.until.max(family.expires);
            service.sign_ins += 1;
            merge(&mut service.scope, scope);
            merge(&mut service.audience, family.audience);
            continue;
        }
        let client = broker.client(&family.client).await?;
        services.push(Service {
            name: client
                .as_ref()
                .map_or_else(|| family.client.clone(), |client| client.name.clone()),
            told: client.is_some_and(|client| client.options.backchannel_logout_uri.is_some()),
            client: family.client,
            since: family.created,
            until: family.expires,
            scope: scope.collect(),
            audience: family.audience,
            sign_ins: 1,
        });
    }
    Ok(services)
}

fn merge(all: &mut Vec<String>, more: impl IntoIterator<Item = String>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

/// Ends what a program holds of a person, and tells it where it can be told. On record first. Whether it held anything.
pub(crate) async fn end(broker: &Broker, person: &PersonId, client: &str) -> Result<bool, Unrecorded> {
    let now = broker.now();
    let held = own::families(&mut broker.db(), person, now).await?;
    let mut sids: Vec<String> = Vec::new();
    merge(
        &mut sids,
        held.into_iter()
            .filter(|family| family.client == client)
            .filter_map(|family| family.sid),
    );
    let mut notices = Vec::new();
    for sid in sids {
        notices.extend(logout::notices(broker, &sid, Some(client), now).await?);
    }
    let mut tx = broker.db().begin().await?;
    if !own::end_client(&mut tx, person, client, now).await? {
        return Ok(false);
    }
    for notice in &notices {
        logout_notices::put(&mut tx, notice).await?;
    }
    let event = Event::new(EventType::SessionEnd, Outcome::Success)
        .who(actor(broker, person, None, Some(client), None)?)
        .about(AboutKind::Client, client);
    broker.writer().append(event).await?;
    tx.commit().await?;
    if !notices.is_empty() {
        logout::deliver_soon(broker);
    }
    Ok(true)
}
