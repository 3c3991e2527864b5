//! No shopping for purposes: what somebody has judged for a dataset is counted, and its committee sees it
//! (consent.md 3, "Counting"; policy.md 4).

use std::time::Duration;

use audit_log::{AuditError, Basis, Class, Details, Event, EventType, Name, Outcome, What, Who, Why};
use policy_engine::consent::ResearchPurpose;
use ring::digest::{SHA256, digest};
use visa_verifier::VisaIdentity;

use crate::broker::Broker;
use crate::record;
use crate::store::{StoreError, tried};

/// More different purposes than this for one dataset within [`WINDOW`] are an alert.
pub const QUIET: usize = 3;
/// More than this are not judged.
pub const MOST: usize = 100;
/// The time in which they are counted.
pub const WINDOW: Duration = Duration::from_secs(24 * 3600);
/// Datasets that one event names.
const NAMED: usize = 100;

/// A purpose that somebody has judged.
#[derive(Clone, Copy, Debug)]
pub struct Try<'a> {
    /// Who: the identity of our own tokens.
    pub person: &'a VisaIdentity,
    /// For which datasets. Those that the person may not know of are left out, as those that do not exist.
    pub datasets: &'a [String],
    /// The purpose. One that says nothing is not counted.
    pub purpose: &'a ResearchPurpose,
    /// Where: `can-i`, `explain`, `what-can`, `evaluate`.
    pub door: &'static str,
}

/// How many different purposes a person tried on a dataset within [`WINDOW`], this one included.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Counted {
    /// The dataset.
    pub dataset: String,
    /// How many.
    pub purposes: usize,
}

/// Why it was not counted, so that nothing may be answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TriedError {
    /// Over [`MOST`].
    #[error("more than {MOST} purposes were tried on `{dataset}` within a day")]
    TooMany {
        /// The dataset.
        dataset: String,
    },
    /// The database.
    #[error("the database did not answer")]
    Store(#[from] StoreError),
    /// The audit log.
    #[error("the audit log cannot be written")]
    Audit(#[from] AuditError),
}

/// Counts a try, durably, with its event; more than [`QUIET`] in a day are an event of their own.
///
/// # Errors
/// [`TriedError`]: then the answer must not leave.
pub async fn count(broker: &Broker, tried: Try<'_>) -> Result<Vec<Counted>, TriedError> {
    if tried.purpose.categories.is_unstated() || tried.datasets.is_empty() {
        return Ok(Vec::new());
    }
    let (body, id) = canonical(tried.purpose);
    let now = broker.now();
    let person = tried.person.to_string();
    let (mut counted, mut fresh, mut loud) = (Vec::new(), Vec::new(), Vec::new());
    let mut tx = broker.db().begin().await?;
    for dataset in tried.datasets {
        let earlier = tried::since(&mut tx, &person, dataset, now.minus(WINDOW)).await?;
        let again = earlier.contains(&id);
        let purposes = earlier.len().saturating_add(usize::from(!again));
        if purposes > MOST {
            return Err(TriedError::TooMany {
                dataset: dataset.clone(),
            });
        }
        let row = tried::TriedRow {
            person: person.clone(),
            dataset: dataset.clone(),
            digest: id.clone(),
            purpose: body.clone(),
            door: tried.door.to_owned(),
            first: now,
            last: now,
            times: 1,
        };
        tried::note(&mut tx, &row).await?;
        if !again {
            fresh.push(dataset.clone());
            if purposes > QUIET {
                loud.push(dataset.clone());
            }
        }
        counted.push(Counted {
            dataset: dataset.clone(),
            purposes,
        });
    }
    tx.commit().await?;
    for (kind, datasets) in [(EventType::PurposeTried, fresh), (EventType::PurposeMany, loud)] {
        if !datasets.is_empty() {
            broker
                .writer()
                .append(event(broker, kind, &tried, &datasets, &id)?)
                .await?;
        }
    }
    Ok(counted)
}

fn event(
    broker: &Broker,
    kind: EventType,
    tried: &Try<'_>,
    datasets: &[String],
    id: &str,
) -> Result<Event, AuditError> {
    let key = record::person(broker, tried.person)?;
    let details = Details::of(tried.person.sub.as_str(), tried.person.iss.as_str());
    let categories = tried
        .purpose
        .categories
        .iter()
        .map(|category| Name::new(category.as_str()));
    let why = Why::code(if kind == EventType::PurposeMany {
        "purpose.many"
    } else {
        "purpose.tried"
    });
    Ok(Event::new(kind, Outcome::Success)
        .who(Who::person(Class::Researcher, &key, details))
        .whats(datasets.iter().take(NAMED).map(What::dataset))
        .why(why.purpose(Some(Name::new(id)), Basis::None, categories)))
}

/// The purpose as JSON that is equal for equal purposes, and its digest. Ethics papers are no part of what is tried.
fn canonical(purpose: &ResearchPurpose) -> (String, String) {
    let mut purpose = purpose.clone();
    purpose.ethics.clear();
    // sets are sorted and members stand in the order of the type
    let body = serde_json::to_string(&purpose).unwrap_or_default();
    let id = digest(&SHA256, body.as_bytes())
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    (body, id)
}
