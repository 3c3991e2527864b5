//! A bundle comes into force: tried out on the whole catalogue, and whole or not at all.

use audit_log::EventType;
use policy_engine::error::BundleError;
use policy_engine::policy::{Bundle, Severity};
use policy_engine::snapshot::ObserveRow;
use visa_verifier::VisaIdentity;

use super::files;
use super::report::{Report, Subject};
use super::row::{base, over, stale};
use super::step::Drafted;
use super::watch;
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::{self, ChangeError, Changing, Content, PublishError};
use crate::committee::GovernError;
use crate::store::bundles::BundleRow;
use crate::store::drafts::{DraftRow, DraftState};
use crate::store::watched::WatchedRow;
use crate::way;

/// Rows and event in one step, then the snapshot.
pub(super) async fn put_in_force(
    broker: &Broker,
    caller: &Caller,
    mut row: DraftRow,
    bundle: &Bundle,
    report: Report,
) -> Result<Drafted, GovernError> {
    let mut changing = Changing::begin(broker).await;
    let mut content = way::logged(broker).await?;
    // Between the check and the lock another bundle may have been published, or this one.
    if base(&content)? != row.base {
        return Err(stale());
    }
    if let Some(now) = broker.find::<DraftRow>(&row.id).await?
        && now.state != row.state
    {
        return Err(over(&now));
    }
    row.state = DraftState::Published;
    row.since = broker.now();
    let published = bundle_row(&row, bundle);
    let watched = watch::rows(&row, bundle, row.since);
    content.bundles.insert(row.bundle.clone(), published.clone());
    content.watched.retain(|_, before| before.bundle != row.bundle);
    content
        .watched
        .extend(watched.iter().map(|row| (row.policy.clone(), row.clone())));
    catalogue::try_out(broker, content)
        .await
        .map_err(|source| match source {
            PublishError::Bundle { source } => GovernError::input("policy.unsound", source.to_string()),
            source @ (PublishError::NotAsLogged { .. }
            | PublishError::OtherLog { .. }
            | PublishError::Content { .. }
            | PublishError::Store { .. }
            | PublishError::Audit { .. }
            | PublishError::Key { .. }) => ChangeError::NotInForce { source }.into(),
        })?;
    let drafts = [changing.draft(&published).await?, changing.draft(&row).await?];
    let event = way::event(broker, caller, EventType::PolicyPublish, &row)?;
    changing.write(event, &drafts, way::agreed(broker, &row)?).await?;
    watch::record(broker, caller, &mut changing, &row, &watched).await?;
    changing.finish().await?;
    Ok(Drafted {
        row,
        report,
        in_force: true,
        alone: false,
    })
}

fn bundle_row(row: &DraftRow, bundle: &Bundle) -> BundleRow {
    BundleRow {
        id: row.bundle.clone(),
        committee: row.committee.clone(),
        digest: row.digest.clone(),
        author: row.author.clone(),
        approver: row.approver.clone(),
        published: row.since,
        standard: None,
        policies: bundle.policies.clone(),
        links: bundle.links.clone(),
        observe: bundle.manifest.observe.clone(),
    }
}

/// The bundle in force and the new one, and the node's policies with either.
pub(super) fn subject(
    broker: &Broker,
    content: &Content,
    place: &str,
    new: Bundle,
    author: &VisaIdentity,
) -> Result<Subject, GovernError> {
    let now = broker.now();
    let (errors, warnings): (Vec<_>, Vec<_>) = policy_engine::policy::validate(&new, now)
        .into_iter()
        .partition(|finding| finding.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(files::refused("policy.unsound", &errors));
    }
    let unsound = |error: BundleError| GovernError::input("policy.unsound", error.to_string());
    let mut whole = content.clone();
    let rows = &mut whole.bundles;
    let old = rows.get(place).map_or_else(Bundle::shipped, |row| {
        let mut bundle = Bundle::of_policies(row.policies.clone());
        bundle.links.clone_from(&row.links);
        let counts = |asked: &&ObserveRow| {
            let recorded = content.watched.get(&asked.policy);
            asked.until > now && recorded.is_some_and(|recorded| recorded.until == asked.until)
        };
        bundle.manifest.observe = row.observe.iter().filter(counts).cloned().collect();
        bundle
    });
    let mut watched = content.watched.clone();
    let before = catalogue::policies(rows.values(), &watched, now).map_err(unsound)?;
    let row = BundleRow {
        id: place.to_owned(),
        committee: new.manifest.committee.clone(),
        digest: String::new(),
        author: author.clone(),
        approver: None,
        published: now,
        standard: None,
        policies: new.policies.clone(),
        links: new.links.clone(),
        observe: new.manifest.observe.clone(),
    };
    for asked in &row.observe {
        let planned = WatchedRow {
            policy: asked.policy.clone(),
            bundle: place.to_owned(),
            until: asked.until,
            reason_digest: String::new(),
            draft: String::new(),
            author: author.clone(),
            approver: None,
        };
        watched.insert(asked.policy.clone(), planned);
    }
    rows.insert(place.to_owned(), row);
    let after = catalogue::policies(rows.values(), &watched, now).map_err(unsound)?;
    Ok(Subject {
        content: [content.clone(), whole],
        old,
        new,
        before,
        after,
        warnings: warnings
            .iter()
            .map(|finding| format!("{}: {}", finding.file, finding.what))
            .collect(),
    })
}
