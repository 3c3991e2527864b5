//! Terms of use and attestations: what a person is asked for, what they accepted, and the visas of that.
//!
//! What is accepted is one version of one text, by its digest. When the text changes, what was accepted counts no more,
//! and the person is asked anew.

use std::time::Duration;

use audit_log::{AboutKind, Event, EventType, Outcome};
use visa_verifier::seam::Timestamp;

use super::record::{Unrecorded, actor, facts_of};
use crate::Broker;
use crate::catalogue::{Agreed, ChangeError, Changing};
use crate::store::StoreError;
use crate::store::people::{self, FactKind, PersonId};
use crate::store::sessions::SessionRow;
use crate::store::terms::{AcceptanceRow, TermsKind, TermsRow};
use crate::visa::VisaDraft;

/// Terms with what a person did about them.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) terms: TermsRow,
    /// Accepted in this very version, and counting.
    pub(crate) accepted: Option<AcceptanceRow>,
    /// Another version was accepted before, or this one long ago.
    pub(crate) before: Option<AcceptanceRow>,
}

/// An answer that was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TermsError {
    /// There are no such terms.
    #[error("there are no such terms")]
    Unknown,
    /// The text is another one than the person read.
    #[error("the text has changed since the page was made")]
    Changed,
    /// The database.
    #[error("the answer could not be stored")]
    Store(#[from] StoreError),
    /// The log or the catalogue.
    #[error("the answer could not be put on record")]
    Change(#[from] ChangeError),
    /// The actor.
    #[error("the answer could not be put on record")]
    Unrecorded(#[from] Unrecorded),
}

/// All terms, and how this person stands to them.
pub(crate) async fn standing(broker: &Broker, person: &PersonId, now: Timestamp) -> Result<Vec<Standing>, StoreError> {
    let all: Vec<TermsRow> = broker.live().await?;
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let answers: Vec<AcceptanceRow> = broker.of_person(person.as_str()).await?;
    let of = |terms: TermsRow| {
        let answer = answers.iter().find(|answer| answer.terms == terms.id).cloned();
        let counts = answer.as_ref().is_some_and(|answer| answer.is_of(&terms, now));
        let (accepted, before) = if counts { (answer, None) } else { (None, answer) };
        Standing {
            terms,
            accepted,
            before,
        }
    };
    Ok(all.into_iter().map(of).collect())
}

/// What the person is to be asked for. An attestation of being a researcher is asked of those alone whose institution
/// says that they belong to it: of others it would count for nothing.
pub(crate) async fn due(broker: &Broker, person: &PersonId, now: Timestamp) -> Result<Vec<Standing>, StoreError> {
    let mut open = standing(broker, person, now).await?;
    open.retain(|standing| standing.accepted.is_none());
    if open
        .iter()
        .any(|standing| standing.terms.kind == TermsKind::ResearcherStatus)
        && !is_affiliated(broker, person, now).await?
    {
        open.retain(|standing| standing.terms.kind != TermsKind::ResearcherStatus);
    }
    Ok(open)
}

/// The visas of what this person accepted.
pub(crate) async fn visas(broker: &Broker, person: &PersonId, now: Timestamp) -> Result<Vec<VisaDraft>, StoreError> {
    let mut drafts = Vec::new();
    for standing in standing(broker, person, now).await? {
        let Some(accepted) = standing.accepted else { continue };
        let kind = match standing.terms.kind {
            TermsKind::Policies => "AcceptedTermsAndPolicies",
            TermsKind::ResearcherStatus if is_affiliated(broker, person, now).await? => "ResearcherStatus",
            TermsKind::ResearcherStatus => continue,
        };
        drafts.push(VisaDraft {
            kind: kind.to_owned(),
            value: standing.terms.url,
            source: standing.terms.source,
            by: "self".to_owned(),
            asserted: accepted.at,
            ends: accepted.until,
            grant: None,
            conditions: None,
            claim: None,
        });
    }
    Ok(drafts)
}

async fn is_affiliated(broker: &Broker, person: &PersonId, now: Timestamp) -> Result<bool, StoreError> {
    let facts = people::facts(&mut broker.db(), person, now).await?;
    Ok(facts.iter().any(|fact| fact.kind == FactKind::Affiliation))
}

/// Takes what somebody said to the text with this digest: on record, then in force.
pub(crate) async fn answer(
    broker: &Broker,
    session: &SessionRow,
    id: &str,
    digest: &str,
    yes: bool,
) -> Result<(), TermsError> {
    let now = broker.now();
    let person = &session.person;
    let mut changing = Changing::begin(broker).await;
    let terms: Vec<TermsRow> = broker.live().await?;
    let terms = terms
        .into_iter()
        .find(|terms| terms.id == id)
        .ok_or(TermsError::Unknown)?;
    let before: Option<AcceptanceRow> = broker.find(&AcceptanceRow::id_of(person.as_str(), id)).await?;
    let row = if yes {
        if terms.digest() != digest {
            return Err(TermsError::Changed);
        }
        if before.as_ref().is_some_and(|before| before.is_of(&terms, now)) {
            return Ok(());
        }
        AcceptanceRow {
            person: person.as_str().to_owned(),
            version: terms.version.clone(),
            digest: terms.digest(),
            at: now,
            until: now.plus(Duration::from_secs(u64::from(terms.days) * 24 * 3600)),
            withdrawn: None,
            terms: terms.id,
        }
    } else {
        match before {
            Some(before) if before.withdrawn.is_none() => AcceptanceRow {
                withdrawn: Some(now),
                ..before
            },
            Some(_) | None => return Ok(()),
        }
    };
    let draft = changing.draft(&row).await?;
    let who = actor(
        broker,
        person,
        Some(session.identity.iss.as_str()),
        None,
        Some(&facts_of(session)),
    )?;
    let what = format!(
        "{}#{}#{}",
        if yes { "accept" } else { "withdraw" },
        row.terms,
        row.version
    );
    let event = Event::new(EventType::TermsAccept, Outcome::Success)
        .who(who)
        .about(AboutKind::Change, &what);
    changing.write(event, &[draft], Agreed::default()).await?;
    people::touch(&mut broker.db(), person, now).await?;
    changing.finish().await?;
    Ok(())
}
