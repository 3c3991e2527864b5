//! Evaluate before signing: what this approval would be worth to each person and dataset, and who can mend what is lacking.

use super::ask;
use super::grants;
use super::view::Shown;
use crate::broker::Broker;
use crate::caller::Caller;
use crate::committee::{Foresight, GovernError, GrantRequest, foresee};
use crate::store::applications::{Document, DocumentKind};

/// Grants that are foreseen on one page: each asks the engine twice. The page says how many more there are.
const MOST: usize = 24;

/// What an approval now would be worth.
#[derive(Clone, Debug, Default)]
pub struct Foreseen {
    /// One a person and dataset, the applicant first.
    pub each: Vec<Foresight>,
    /// More of them than are told.
    pub more: usize,
    /// What keeps an approval from being given at all, if something does.
    pub stops: Option<String>,
}

/// The foresight of each grant that an approval now would give; nothing is stored.
pub(super) async fn of(broker: &Broker, caller: &Caller, shown: &Shown) -> Result<Foreseen, GovernError> {
    let row = &shown.row;
    let read =
        |paper: &&Document| paper.kind == DocumentKind::Ethics && paper.deleted.is_none() && !paper.read_by.is_empty();
    let papers: Vec<String> = row
        .documents
        .iter()
        .filter(read)
        .map(|paper| paper.id.clone())
        .collect();
    let purpose = grants::with_papers(row, &row.terms.purpose, &papers);
    let people = ask::people(broker, row)?;
    let mut all = Foreseen {
        more: (people.len() * row.terms.datasets.len()).saturating_sub(MOST),
        ..Foreseen::default()
    };
    let mut pairs = Vec::new();
    for to in &people {
        pairs.extend(row.terms.datasets.iter().map(|dataset| (to.clone(), dataset.clone())));
    }
    pairs.truncate(MOST);
    for (to, dataset) in pairs {
        let institution = row.house_of(to.sub.as_str());
        let request = GrantRequest {
            conditions: None,
            dataset,
            to,
            purpose: purpose.clone(),
            project: Some(row.project.clone()),
            institution: Some(institution),
            until: row.terms.until,
        };
        match Box::pin(foresee(broker, caller, request)).await {
            Ok(foresight) => all.each.push(foresight),
            // an approval would be refused for the same reason: said once, and nothing is hidden
            Err(
                error @ (GovernError::Denied { .. }
                | GovernError::Input { .. }
                | GovernError::Conflict { .. }
                | GovernError::NoDataset { .. }
                | GovernError::Unknown { .. }),
            ) => {
                all.stops = Some(said(&error));
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

fn said(error: &GovernError) -> String {
    if let GovernError::Denied { reasons } = error {
        return reasons.first().map_or_else(
            || "The policies of this node do not permit it.".to_owned(),
            |reason| format!("{} {} ({})", reason.sentence, reason.remedy, reason.code),
        );
    }
    format!("{error} ({})", error.code())
}
