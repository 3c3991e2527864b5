//! Documents: handed in as PDF, kept sealed, read as attachments, ticked as read by the committee, deleted in time.

use std::time::Duration;

use visa_verifier::seam::{Timestamp, token};

use super::ask::{Asks, ask};
use super::pdf;
use super::seat::{self, Seat, Seen};
use super::terms;
use super::write::{Step, at, save};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::catalogue::{Agreed, Changing};
use crate::committee::{Asked, GovernError};
use crate::keys::sealed;
use crate::store::applications::{AccessApplication, Document, DocumentKind, Stage, Tick};
use crate::store::governed::RowDigest;
use crate::store::{StoreError, documents};

/// Documents of one application.
const DOCUMENTS: usize = 30;
/// Files are kept this long after their application is over.
const KEPT: Duration = Duration::from_secs(365 * 86_400);
/// Files that one sweep deletes.
const SWEEP: usize = 100;

/// What is said of a file that is handed in.
#[derive(Clone, Debug)]
pub struct Paper {
    /// What it is.
    pub kind: DocumentKind,
    /// What it is called.
    pub title: String,
    /// Ethics: the institution of the board.
    pub institution: Option<String>,
    /// Ethics: from when.
    pub starts: Option<Timestamp>,
    /// Ethics: until when.
    pub expires: Option<Timestamp>,
}

/// Hands in a document: a PDF, kept sealed; its digest is in the event.
///
/// # Errors
/// [`GovernError`]
pub async fn hand_in(
    broker: &Broker,
    caller: &Caller,
    id: &str,
    paper: Paper,
    file: &[u8],
) -> Result<AccessApplication, GovernError> {
    terms::line(&paper.title, "title")?;
    pdf::check(file).map_err(|refused| GovernError::input(refused.code(), refused.to_string()))?;
    let now = broker.now();
    let (starts, expires, institution) = board(&paper)?;
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::of_applicant(broker, caller, id).await?;
    at(
        &row,
        &[Stage::Draft, Stage::Returned],
        "given another document (amend it first)",
    )?;
    if row.documents.iter().filter(|paper| paper.deleted.is_none()).count() >= DOCUMENTS {
        return Err(GovernError::Conflict {
            code: "application.too_many",
            message: format!("An application has at most {DOCUMENTS} documents."),
        });
    }
    let document = format!("doc-{}", token(broker.random(), 12));
    let parts = seal(broker, &row.id, &document, file)?;
    documents::put(changing.db(), &row.id, &document, &parts, now).await?;
    row.documents.push(Document {
        id: document.clone(),
        kind: paper.kind,
        title: paper.title.trim().to_owned(),
        digest: RowDigest::of_bytes(file).as_str().to_owned(),
        bytes: u64::try_from(file.len()).unwrap_or(u64::MAX),
        by: caller.person.as_str().to_owned(),
        at: now,
        institution,
        starts,
        expires,
        read_by: Vec::new(),
        deleted: None,
    });
    let step = Step::researcher("application.document");
    let agreed = Agreed {
        reason: Some(audit_log::Digest::of(file)),
        ..Agreed::default()
    };
    if let Err(error) = save(broker, caller, &mut changing, step, &row, Vec::new(), agreed).await {
        documents::delete(changing.db(), &row.id, &document).await?;
        return Err(error);
    }
    Ok(row)
}

/// A file with its facts, for whoever may see the application.
///
/// # Errors
/// [`GovernError`]; a file that is gone is not there.
pub async fn file(
    broker: &Broker,
    caller: &Caller,
    id: &str,
    document: &str,
) -> Result<(Document, Vec<u8>, Seat), GovernError> {
    let Seen { row, seat } = seat::open(broker, caller, id).await?;
    let missing = || GovernError::Unknown {
        what: "document",
        id: document.to_owned(),
    };
    let found = row
        .documents
        .into_iter()
        .find(|paper| paper.id == document && paper.deleted.is_none())
        .ok_or_else(missing)?;
    let parts = documents::get(&mut broker.db(), &row.id, &found.id).await?;
    if parts.is_empty() {
        return Err(missing());
    }
    let file = unseal(broker, &row.id, &found.id, &parts)?;
    if RowDigest::of_bytes(&file).as_str() != found.digest {
        return Err(spoilt());
    }
    Ok((found, file, seat))
}

/// Says "I read it": the committee has checked this paper for this study (`verified_by: dac`).
///
/// # Errors
/// [`GovernError`]
pub async fn tick(
    broker: &Broker,
    caller: &Caller,
    id: &str,
    document: &str,
) -> Result<AccessApplication, GovernError> {
    let asked = Asked::begin(broker, caller).await?;
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::of_committee(broker, id).await?;
    ask(broker, caller, &asked, &row, Asks::Decide).await?;
    at(&row, &super::review::HERE, "ticked")?;
    let (me, now) = (caller.person.as_str(), broker.now());
    let found = row
        .documents
        .iter_mut()
        .find(|paper| paper.id == document && paper.deleted.is_none());
    let Some(paper) = found else {
        return Err(GovernError::Unknown {
            what: "document",
            id: document.to_owned(),
        });
    };
    if paper.read_by.iter().any(|tick| tick.by == me) {
        return Ok(row);
    }
    paper.read_by.push(Tick {
        by: me.to_owned(),
        at: now,
    });
    let step = Step::committee("application.document_read");
    save(broker, caller, &mut changing, step, &row, Vec::new(), Agreed::default()).await?;
    Ok(row)
}

/// Takes a document back; its facts stay, the file is gone.
///
/// # Errors
/// [`GovernError`]
pub async fn take_back(
    broker: &Broker,
    caller: &Caller,
    id: &str,
    document: &str,
) -> Result<AccessApplication, GovernError> {
    let mut changing = Changing::begin(broker).await;
    let mut row = seat::of_applicant(broker, caller, id).await?;
    at(&row, &[Stage::Draft, Stage::Returned], "changed")?;
    let now = broker.now();
    let found = row
        .documents
        .iter_mut()
        .find(|paper| paper.id == document && paper.deleted.is_none());
    let Some(paper) = found else {
        return Err(GovernError::Unknown {
            what: "document",
            id: document.to_owned(),
        });
    };
    paper.deleted = Some(now);
    let step = Step::researcher("application.document_deleted");
    save(broker, caller, &mut changing, step, &row, Vec::new(), Agreed::default()).await?;
    documents::delete(changing.db(), &row.id, document).await?;
    Ok(row)
}

/// Says how long the files of an application are kept: from the end of the application on, a year.
pub(super) async fn retain(
    broker: &Broker,
    changing: &mut Changing<'_>,
    row: &AccessApplication,
) -> Result<(), GovernError> {
    let until = row.stage.is_over().then(|| broker.now().plus(KEPT));
    documents::keep_until(changing.db(), &row.id, until).await?;
    Ok(())
}

/// Deletes the files whose time is over, at most a hundred at once.
///
/// # Errors
/// The database is down.
pub async fn sweep(broker: &Broker) -> Result<usize, StoreError> {
    let mut db = broker.db();
    let over = documents::over(&mut db, broker.now(), SWEEP).await?;
    for file in &over {
        documents::delete(&mut db, &file.application, &file.document).await?;
    }
    Ok(over.len())
}

/// From when and until when a board's decision holds, and of which institution the board is.
type Board = (Option<Timestamp>, Option<Timestamp>, Option<String>);

/// What an ethics paper says of its board; other papers say nothing of one.
fn board(paper: &Paper) -> Result<Board, GovernError> {
    if paper.kind != DocumentKind::Ethics {
        return Ok((None, None, None));
    }
    let Some(institution) = paper.institution.as_deref().filter(|text| !text.trim().is_empty()) else {
        return Err(GovernError::input(
            "application.ethics_board",
            "Say of which institution the ethics board is, and from when its decision holds.",
        ));
    };
    terms::line(institution, "institution")?;
    let ends_first = matches!((paper.starts, paper.expires), (Some(starts), Some(expires)) if expires <= starts);
    if paper.starts.is_none() || ends_first {
        return Err(GovernError::input(
            "application.ethics_board",
            "Say from when the board's decision holds, and an end that lies after it.",
        ));
    }
    Ok((paper.starts, paper.expires, Some(institution.trim().to_owned())))
}

fn seal(broker: &Broker, application: &str, document: &str, file: &[u8]) -> Result<Vec<String>, GovernError> {
    let key = key(broker, application, document)?;
    let parts = file.chunks(documents::PART).enumerate();
    parts
        .map(|(at, part)| sealed::seal(&key, &at.to_string(), part).ok_or_else(spoilt))
        .collect()
}

fn unseal(broker: &Broker, application: &str, document: &str, parts: &[String]) -> Result<Vec<u8>, GovernError> {
    let key = key(broker, application, document)?;
    let mut file = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let plain = sealed::open(&key, &at.to_string(), part).ok_or_else(spoilt)?;
        if file.len().saturating_add(plain.len()) > pdf::BYTES {
            return Err(spoilt());
        }
        file.extend(plain);
    }
    Ok(file)
}

/// A key of its own for each file.
fn key(broker: &Broker, application: &str, document: &str) -> Result<zeroize::Zeroizing<[u8; 32]>, GovernError> {
    broker
        .derived_key(&format!("document {application} {document}"))
        .map_err(|error| GovernError::Facts { why: error.to_string() })
}

/// What is kept is not what was handed in.
fn spoilt() -> GovernError {
    GovernError::from(StoreError::Inconsistent {
        table: "documents",
        column: "body",
    })
}
