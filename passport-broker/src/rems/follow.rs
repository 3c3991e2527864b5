//! What REMS says now, put beside the grants that came of it: new ones are issued, ended ones revoked, changed ends taken.

use std::collections::BTreeMap;

use audit_log::{AboutKind, Class, Digest, Event, EventType, Outcome, What, Who, Why};
use ring::digest::{SHA256, digest};
use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::Rems;
use super::answer::{self, Entitlement};
use crate::broker::Broker;
use crate::catalogue::{Agreed, ChangeError, Changing};
use crate::limits;
use crate::store::StoreError;
use crate::store::grants::{Elsewhere, Grant};
use crate::store::visas;
use crate::throttle;

/// Why a round did nothing, or not all.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error("REMS gave no entitlements: {0}")]
    Answer(String),
    #[error("the database did not answer")]
    Store(#[from] StoreError),
    #[error("a grant was not written")]
    Change(#[from] ChangeError),
}

/// One round: each REMS at most once in ten minutes, by whichever replica is first. One that is down changes nothing:
/// its grants last until their end.
pub(crate) async fn follow(broker: &Broker) {
    for rems in &broker.config().rems {
        match throttle::REMS.hit(broker, &rems.name).await {
            Ok(None) => pull(broker, rems).await,
            Ok(Some(_)) => {}
            Err(error) => tracing::error!(error.code = error.code(), %error, "when REMS was asked last is not known"),
        }
    }
}

/// Asks now.
pub(super) async fn pull(broker: &Broker, rems: &Rems) {
    if let Err(error) = once(broker, rems).await {
        tracing::error!(rems = rems.name, %error, source = ?std::error::Error::source(&error), "grants of REMS were not followed");
    }
}

async fn once(broker: &Broker, rems: &Rems) -> Result<(), Stopped> {
    let told = answer::entitlements(broker, rems).await.map_err(Stopped::Answer)?;
    let wanted = wanted(broker, rems, &told);
    let mut changing = Changing::begin(broker).await;
    let now = broker.now();
    let mut changed = false;
    let mut to_revoke = Vec::new();
    for grant in wanted.values() {
        let row = match broker.find::<Grant>(&grant.id).await? {
            None => grant.clone(),
            Some(known) => {
                let there = known.elsewhere.as_ref().is_some_and(|elsewhere| elsewhere.ended_there);
                match (known.revoked, there) {
                    // taken back here: it does not come again
                    (Some(_), false) => {
                        to_revoke.extend(known.elsewhere.map(|elsewhere| elsewhere.application));
                        continue;
                    }
                    (None, _) if !due(&known, grant, now) => continue,
                    (None, _) => Grant {
                        until: grant.until,
                        ..known
                    },
                    (Some(_), true) => grant.clone(),
                }
            }
        };
        let drafted = changing.draft(&row).await?;
        changing
            .write(event(EventType::GrantIssue, &row, rems), &[drafted], agreed(rems))
            .await?;
        changed = true;
    }
    for mut grant in broker.live::<Grant>().await? {
        let ours = grant
            .elsewhere
            .as_mut()
            .filter(|elsewhere| elsewhere.system == rems.name);
        let Some(elsewhere) = ours else { continue };
        if wanted.contains_key(&grant.id) {
            continue;
        }
        elsewhere.ended_there = true;
        grant.revoked = Some(now);
        let drafted = changing.draft(&grant).await?;
        changing
            .write(event(EventType::GrantRevoke, &grant, rems), &[drafted], agreed(rems))
            .await?;
        visas::revoke_of_grant(changing.db(), &grant.id, now).await?;
        changed = true;
    }
    if changed {
        changing.finish().await?;
    } else {
        drop(changing);
    }
    if rems.revoke_there {
        to_revoke.sort_unstable();
        to_revoke.dedup();
        for application in to_revoke {
            if let Err(why) = answer::revoke(broker, rems, application).await {
                tracing::warn!(
                    rems = rems.name,
                    application,
                    why,
                    "REMS did not revoke an application; it is asked again"
                );
            }
        }
    }
    Ok(())
}

/// The grants that the entitlements come to, by id. Whatever is not mapped, or whose dataset does not name this REMS among
/// its sources, comes to none.
fn wanted(broker: &Broker, rems: &Rems, told: &[Entitlement]) -> BTreeMap<String, Grant> {
    let (engine, now) = (broker.current().load(), broker.now());
    let mut all = BTreeMap::new();
    for one in told {
        let Some(dataset) = rems.resources.get(&one.resource) else {
            continue;
        };
        let Some(record) = engine.dataset_named(dataset) else {
            tracing::warn!(
                rems = rems.name,
                dataset,
                "the settings map a resource of REMS to a dataset that is not known"
            );
            continue;
        };
        if !record.consent.dac.iter().any(|source| source.as_str() == rems.source) {
            tracing::warn!(
                rems = rems.name,
                dataset,
                "the dataset does not name this REMS among its sources"
            );
            continue;
        }
        let Ok(sub) = one.user.userid.parse() else { continue };
        let until = one
            .end
            .unwrap_or_else(|| now.plus(rems.life))
            .min(now.plus(limits::GRANT));
        if until <= now || one.start > now {
            continue;
        }
        let grant = Grant {
            id: id(rems, one),
            to: VisaIdentity::new(rems.identities.clone(), sub),
            dataset: record.id().to_owned(),
            source: rems.source.clone(),
            purpose: None,
            project: None,
            institution: None,
            conditions: None,
            starts: one.start,
            until,
            application: format!("rems:{}:{}", rems.name, one.application_id),
            issued_by: format!("rems:{}", rems.name),
            revoked: None,
            elsewhere: Some(Elsewhere {
                system: rems.name.clone(),
                application: one.application_id,
                ended_there: false,
            }),
        };
        all.insert(grant.id.clone(), grant);
    }
    all
}

/// Whether the end that is told is another one. One that nobody set is moved on when half of it has passed.
fn due(known: &Grant, told: &Grant, now: Timestamp) -> bool {
    let left = known.until.since(now);
    told.until < known.until || told.until.since(now) > left * 2
}

/// The same at every replica and in every round.
fn id(rems: &Rems, one: &Entitlement) -> String {
    let text = format!(
        "{}\n{}\n{}\n{}",
        rems.name, one.application_id, one.user.userid, one.resource
    );
    let hash = digest(&SHA256, text.as_bytes());
    let hex: String = hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("rems-{hex}")
}

fn event(kind: EventType, grant: &Grant, rems: &Rems) -> Event {
    Event::new(kind, Outcome::Success)
        .who(Who::nobody(Class::Service))
        .what(What::dataset(&grant.dataset))
        .about(AboutKind::Grant, grant.id.as_str())
        .why(Why::code(if kind == EventType::GrantIssue {
            "rems.issued"
        } else {
            "rems.ended"
        }))
        .about(AboutKind::Service, rems.name.as_str())
}

fn agreed(rems: &Rems) -> Agreed {
    Agreed {
        reason: Some(Digest::of(format!("REMS {} says so", rems.url).as_bytes())),
        ..Agreed::default()
    }
}
