//! What an application asks for: read, bounded, and its digest, which is what people vote on.

use policy_engine::consent::ResearchPurpose;
use serde::Deserialize;
use serde_json::json;
use visa_verifier::seam::Timestamp;

use crate::canonical;
use crate::committee::{Asked, GovernError, check_purpose};
use crate::limits;
use crate::store::StoreError;
use crate::store::applications::{AccessApplication, Terms};
use crate::store::governed::RowDigest;

/// Datasets of one application.
const DATASETS: usize = 10;
/// Countries of one application.
const COUNTRIES: usize = 30;
/// Characters of a title or name.
const TITLE: usize = 200;

/// What a person fills in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The study's title.
    pub title: String,
    /// What will be done, in plain words.
    pub summary: String,
    /// The datasets, by id or short name; all of one committee.
    pub datasets: Vec<String>,
    /// For what.
    pub purpose: ResearchPurpose,
    /// Confirmed: the data are put to none of the barred uses (consent.md 2.3).
    #[serde(default)]
    pub none_barred: bool,
    /// Countries where the data will be used, ISO 3166-1 alpha-2.
    pub countries: Vec<String>,
    /// Until when.
    pub until: Timestamp,
    /// What the applicant calls themself.
    #[serde(default)]
    pub name: Option<String>,
    /// The project that grants name, for good; the application's id if left out.
    #[serde(default)]
    pub project: Option<String>,
    /// The institution that they act for; the only one that vouches for them if left out.
    #[serde(default)]
    pub institution: Option<String>,
}

/// The committee that is asked, and what it is asked for.
pub(super) fn read(asked: &Asked, wanted: &mut Wanted, now: Timestamp) -> Result<(String, Terms), GovernError> {
    line(&wanted.title, "title")?;
    text(&wanted.summary, "summary")?;
    if !wanted.none_barred {
        return Err(GovernError::input(
            "application.barred",
            "Confirm that the data are put to none of the uses that nobody may make of them (`none_barred`).",
        ));
    }
    // project and institution are the application's own
    wanted.purpose.project = None;
    if let Some(inside) = wanted.purpose.institution.take() {
        match &wanted.institution {
            Some(beside) if beside != inside.as_str() => {
                return Err(GovernError::input(
                    "purpose.said_twice",
                    "The purpose names another institution than the application does.",
                ));
            }
            Some(_) => {}
            None => wanted.institution = Some(inside.to_string()),
        }
    }
    if !wanted.purpose.ethics.is_empty() {
        return Err(GovernError::input(
            "application.ethics",
            "Papers of ethics boards are handed in as documents, and stand in no purpose.",
        ));
    }
    check_purpose(&wanted.purpose)?;
    let (dac, datasets) = datasets(asked, &wanted.datasets, now)?;
    let terms = Terms {
        title: wanted.title.trim().to_owned(),
        summary: wanted.summary.trim().to_owned(),
        datasets,
        purpose: wanted.purpose.clone(),
        countries: countries(&wanted.countries)?,
        until: wanted.until,
    };
    end(terms.until, now)?;
    Ok((dac, terms))
}

/// An end that a grant may have.
pub(super) fn end(until: Timestamp, now: Timestamp) -> Result<(), GovernError> {
    if until <= now || until > now.plus(limits::GRANT) {
        return Err(GovernError::input(
            "application.until",
            "`until` lies in the past, or more than five years ahead.",
        ));
    }
    Ok(())
}

fn datasets(asked: &Asked, named: &[String], now: Timestamp) -> Result<(String, Vec<String>), GovernError> {
    if named.is_empty() || named.len() > DATASETS {
        return Err(GovernError::input(
            "application.datasets",
            format!("Name 1 to {DATASETS} datasets."),
        ));
    }
    let mut dac: Option<String> = None;
    let mut ids = Vec::with_capacity(named.len());
    for name in named {
        let record = asked.engine.dataset_named(name);
        let known = record.filter(|record| asked.engine.may_know(&asked.facts, record.id(), now));
        let Some(record) = known else {
            return Err(GovernError::NoDataset { dataset: name.clone() });
        };
        if !record.consent.dac.iter().any(|source| source.as_str() == record.dac) {
            return Err(GovernError::Conflict {
                code: "grant.foreign_dataset",
                message: "Grants for this dataset are given by another source than this node's committee, so one given here would not count.".to_owned(),
            });
        }
        if dac.get_or_insert_with(|| record.dac.clone()) != &record.dac {
            return Err(GovernError::input(
                "application.one_committee",
                "An application goes to one committee: write one for each.",
            ));
        }
        let id = record.id().to_owned();
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok((dac.unwrap_or_default(), ids))
}

fn countries(named: &[String]) -> Result<Vec<String>, GovernError> {
    let code = |code: &String| code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_uppercase());
    if named.is_empty() || named.len() > COUNTRIES || !named.iter().all(code) {
        return Err(GovernError::input(
            "application.countries",
            "Name the countries where the data will be used, as two capital letters each: `FI`.",
        ));
    }
    let mut all = named.to_vec();
    all.sort();
    all.dedup();
    Ok(all)
}

/// One line of text: a title, a name, a condition.
pub(super) fn line(text: &str, what: &str) -> Result<(), GovernError> {
    let count = text.trim().chars().count();
    if count == 0 || count > TITLE || text.chars().any(char::is_control) {
        return Err(GovernError::input(
            "application.text",
            format!("`{what}` is one line of 1 to {TITLE} characters."),
        ));
    }
    Ok(())
}

/// What somebody says: a reason, a question, an answer, a summary.
pub(super) fn text(text: &str, what: &str) -> Result<(), GovernError> {
    let odd = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    if text.trim().is_empty() || text.len() > limits::TEXT_BYTES || text.chars().any(odd) {
        return Err(GovernError::input(
            "application.text",
            format!("`{what}` has 1 to {} bytes of text.", limits::TEXT_BYTES),
        ));
    }
    Ok(())
}

/// The digest of what is asked for: study, people by address, papers. A vote and an approval are for exactly this.
///
/// # Errors
/// A row without canonical form.
pub fn digest(row: &AccessApplication) -> Result<String, GovernError> {
    let members: Vec<_> = row
        .members
        .iter()
        .filter(|member| member.left.is_none())
        .map(|member| json!({ "id": member.id, "address": member.address, "institution": member.institution }))
        .collect();
    let documents: Vec<_> = row
        .documents
        .iter()
        .filter(|paper| paper.deleted.is_none())
        .map(|paper| {
            json!({ "id": paper.id, "kind": paper.kind, "digest": paper.digest, "institution": paper.institution,
                    "starts": paper.starts, "expires": paper.expires })
        })
        .collect();
    let whole = json!({
        "application": row.id, "applicant": row.applicant, "institution": row.institution, "project": row.project,
        "dac": row.dac, "terms": row.terms, "members": members, "documents": documents,
    });
    let body = canonical::text(&whole).map_err(|_| {
        GovernError::from(StoreError::Inconsistent {
            table: "access-application",
            column: "body",
        })
    })?;
    Ok(RowDigest::of_bytes(body.as_bytes()).as_str().to_owned())
}
