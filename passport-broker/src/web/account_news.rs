//! Parts of the account page: what ends soon, what was accepted, how fresh the visas of others are.

use visa_verifier::seam::Timestamp;

use super::account::{day, minute};
use crate::front::Front;
use crate::person::{endings, terms};
use crate::store::people::PersonId;
use crate::store::{StoreError, collections};

/// All three.
#[derive(Debug)]
pub(super) struct News {
    pub(super) terms: Vec<ShownTerms>,
    /// What ends soon: what, when, what helps.
    pub(super) endings: Vec<(String, String, &'static str)>,
    pub(super) sources: Vec<ShownSource>,
}

/// A text that people are asked to accept.
#[derive(Debug)]
pub(super) struct ShownTerms {
    pub(super) title: String,
    pub(super) version: String,
    /// Accepted until then.
    pub(super) until: Option<String>,
}

/// How fresh the visas of one source are.
#[derive(Debug)]
pub(super) struct ShownSource {
    pub(super) name: String,
    pub(super) answered: Option<String>,
    /// Since when it gives no answer, and why.
    pub(super) failed: Option<(String, String)>,
}

/// Those of a person.
pub(super) async fn of(front: &Front, person: &PersonId, now: Timestamp) -> Result<News, StoreError> {
    let terms = terms::standing(&front.broker, person, now).await?;
    let endings = endings::of(&front.broker, person, now).await?;
    Ok(News {
        terms: terms
            .into_iter()
            .map(|standing| ShownTerms {
                title: standing.terms.title,
                version: standing.terms.version,
                until: standing.accepted.map(|row| day(row.until)),
            })
            .collect(),
        endings: endings
            .into_iter()
            // said beside the identity itself
            .filter(|ending| ending.kind != "identity")
            .map(|ending| (ending.words, day(ending.ends), ending.remedy))
            .collect(),
        sources: sources(front, person).await?,
    })
}

async fn sources(front: &Front, person: &PersonId) -> Result<Vec<ShownSource>, StoreError> {
    let upstreams = front.broker.upstreams().await?;
    let known = collections::of_person(&mut front.broker.db(), person).await?;
    let shown = known.into_iter().map(|one| ShownSource {
        name: match upstreams.iter().find(|row| row.issuer == one.source) {
            Some(row) => row.name.clone(),
            None => {
                let url = url::Url::parse(&one.source).ok();
                url.and_then(|url| url.host_str().map(str::to_owned))
                    .unwrap_or(one.source)
            }
        },
        answered: one.answered.map(minute),
        failed: one.failed.map(|since| (minute(since), one.why.unwrap_or_default())),
    });
    Ok(shown.collect())
}
