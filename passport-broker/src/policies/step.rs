//! The steps of a bundle: drafted, approved by a second person, published; or taken back, or rolled back to.
//!
//! Checks and proofs run before the lock of changes is taken: nobody who stops something waits for a solver.

use audit_log::{AboutKind, Class, Digest, Event, EventType, Outcome};
use policy_engine::decide::{Bundle as Concerned, GovernQuestion};
use policy_engine::error::BundleError;
use policy_engine::policy::{Bundle, Manifest, Severity};
use serde_json::json;
use visa_verifier::VisaIdentity;
use visa_verifier::seam::token;

use super::files::{self, Files};
use super::report::{self, ProofState, Report, Subject};
use crate::broker::Broker;
use crate::caller::Caller;
use crate::canonical;
use crate::catalogue::{self, Agreed, ChangeError, Changing, Content, PublishError};
use crate::committee::{Asked, GovernError};
use crate::limits;
use crate::record;
use crate::store::blobs;
use crate::store::bundles::BundleRow;
use crate::store::drafts::{DraftRow, DraftState};
use crate::store::governed::RowDigest;

/// What somebody sends.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The bundle.
    pub files: Files,
    /// Why, in words; the log keeps their digest.
    pub reason: String,
    /// Refused unless it is proven what it permits.
    #[serde(default)]
    pub require_proof: bool,
}

/// A draft after a step.
#[derive(Clone, Debug)]
pub struct Drafted {
    /// The draft.
    pub row: DraftRow,
    /// What is known of it.
    pub report: Report,
    /// In force.
    pub in_force: bool,
    /// Its author may approve and publish it alone: the node has one administrator.
    pub alone: bool,
}

/// Everything of this node: what is in force, and what is or was on its way, the newest first.
///
/// # Errors
/// [`GovernError`]
pub async fn list(broker: &Broker, caller: &Caller) -> Result<(Vec<BundleRow>, Vec<DraftRow>), GovernError> {
    may_read(broker, caller).await?;
    let mut drafts: Vec<DraftRow> = broker.live().await?;
    drafts.sort_by_key(|row| std::cmp::Reverse(row.since));
    Ok((broker.live().await?, drafts))
}

/// One draft with its files and its report.
///
/// # Errors
/// [`GovernError`]
pub async fn one(broker: &Broker, caller: &Caller, id: &str) -> Result<(DraftRow, Files, Report), GovernError> {
    may_read(broker, caller).await?;
    let row = find(broker, id).await?;
    let (files, report) = (files_of(broker, &row).await?, report_of(broker, &row).await?);
    Ok((row, files, report))
}

/// What is known of a bundle; nothing is stored.
///
/// # Errors
/// [`GovernError`]: also why it could not be drafted.
pub async fn preview(broker: &Broker, caller: &Caller, files: &Files) -> Result<Report, GovernError> {
    let content = logged(broker).await?;
    let bundle = files.bundle()?;
    let place = files::place(&bundle, &content)?;
    let asked = Asked::begin(broker, caller).await?;
    let question = GovernQuestion::PolicyDraft(asked_of(
        "preview",
        &caller.identity,
        bundle.manifest.committee.as_ref(),
    ));
    asked
        .ask(broker, caller, EventType::ChangeDraft, None, &question)
        .await?;
    report::judge(broker, subject(broker, &content, &place, bundle, &caller.identity)?).await
}

/// Writes a draft: it is validated, tested, and, where there is a solver, proven.
///
/// # Errors
/// [`GovernError`]; what is unsound is not written.
pub async fn draft(broker: &Broker, caller: &Caller, request: Draft) -> Result<Drafted, GovernError> {
    reason(&request.reason)?;
    let content = logged(broker).await?;
    let bundle = request.files.bundle()?;
    let place = files::place(&bundle, &content)?;
    let asked = Asked::begin(broker, caller).await?;
    let question = GovernQuestion::PolicyDraft(asked_of(&place, &caller.identity, bundle.manifest.committee.as_ref()));
    asked
        .ask(broker, caller, EventType::ChangeDraft, None, &question)
        .await?;
    let manifest = bundle.manifest.clone();
    let report = report::judge(broker, subject(broker, &content, &place, bundle, &caller.identity)?).await?;
    if request.require_proof || broker.config().require_proofs {
        conclusive(&report)?;
    }
    let row = written(broker, caller, &request, &manifest, place, &report, &content).await?;
    keep(broker, caller, row, report).await
}

/// A second person's yes to a draft with this very digest.
///
/// # Errors
/// [`GovernError`]; `policy.digest` if it is not the one that was looked at, `policy.stale` if another bundle was published.
pub async fn approve(broker: &Broker, caller: &Caller, id: &str, digest: &str) -> Result<Drafted, GovernError> {
    let mut changing = Changing::begin(broker).await;
    let content = logged(broker).await?;
    let asked = Asked::begin(broker, caller).await?;
    let mut row = find(broker, id).await?;
    let question = GovernQuestion::PolicyApprove(asked_of(&row.bundle, &row.author, row.committee.as_ref()));
    asked
        .ask(broker, caller, EventType::PolicyApprove, None, &question)
        .await?;
    stands(&row, &[DraftState::Draft], Some(digest), &content)?;
    let report = report_of(broker, &row).await?;
    row.approver = Some(caller.identity.clone());
    row.state = DraftState::Approved;
    row.since = broker.now();
    let draft = changing.draft(&row).await?;
    let event = event(broker, caller, EventType::PolicyApprove, &row)?;
    changing.write(event, &[draft], agreed(broker, &row)?).await?;
    Ok(Drafted {
        row,
        report,
        in_force: false,
        alone: false,
    })
}

/// Puts an approved draft in force: checked anew, and whole or not at all.
///
/// # Errors
/// [`GovernError`]; what was in force stays.
pub async fn publish(broker: &Broker, caller: &Caller, id: &str, require_proof: bool) -> Result<Drafted, GovernError> {
    let content = logged(broker).await?;
    let asked = Asked::begin(broker, caller).await?;
    let row = find(broker, id).await?;
    let question = GovernQuestion::PolicyPublish(asked_of(&row.bundle, &row.author, row.committee.as_ref()));
    asked
        .ask(broker, caller, EventType::PolicyPublish, None, &question)
        .await?;
    stands(&row, &[DraftState::Approved], None, &content)?;
    let bundle = files_of(broker, &row).await?.bundle()?;
    files::place(&bundle, &content)?;
    let report = report::judge(
        broker,
        subject(broker, &content, &row.bundle, bundle.clone(), &row.author)?,
    )
    .await?;
    if require_proof || broker.config().require_proofs {
        conclusive(&report)?;
    }
    put_in_force(broker, caller, row, &bundle, report).await
}

/// Takes a draft back, or refuses it: its author, and whoever could approve it.
///
/// # Errors
/// [`GovernError`]
pub async fn withdraw(broker: &Broker, caller: &Caller, id: &str, why: &str) -> Result<DraftRow, GovernError> {
    reason(why)?;
    let mut changing = Changing::begin(broker).await;
    let asked = Asked::begin(broker, caller).await?;
    let mut row = find(broker, id).await?;
    let concerned = asked_of(&row.bundle, &row.author, row.committee.as_ref());
    let own = row.author == caller.identity;
    let question = if own {
        GovernQuestion::PolicyDraft(concerned)
    } else {
        GovernQuestion::PolicyApprove(concerned)
    };
    asked
        .ask(broker, caller, EventType::PolicyApprove, None, &question)
        .await?;
    if !matches!(row.state, DraftState::Draft | DraftState::Approved) {
        return Err(over(&row));
    }
    row.state = DraftState::Withdrawn;
    row.since = broker.now();
    let draft = changing.draft(&row).await?;
    let event = event(broker, caller, EventType::ChangeDraft, &row)?;
    let agreed = Agreed {
        reason: Some(Digest::of(why.as_bytes())),
        ..Agreed::default()
    };
    changing.write(event, &[draft], agreed).await?;
    Ok(row)
}

/// Goes back to an older content: `to`, a draft that was published, else the one before; with none, the shipped policies
/// alone. One person puts it in force if it is proven that it permits nothing more than what is in force; else it is a
/// draft for a second person.
///
/// # Errors
/// [`GovernError`]
pub async fn roll_back(
    broker: &Broker,
    caller: &Caller,
    bundle: &str,
    to: Option<&str>,
    why: &str,
) -> Result<Drafted, GovernError> {
    reason(why)?;
    let content = logged(broker).await?;
    let in_force = content.bundles.get(bundle).ok_or_else(|| GovernError::Unknown {
        what: "bundle in force",
        id: bundle.to_owned(),
    })?;
    let target = target(broker, in_force, to).await?;
    let committee = in_force.committee.as_deref();
    let files = match &target {
        Some(row) => files_of(broker, row).await?,
        None => Files::nothing(committee),
    };
    let author = target.as_ref().map_or(&caller.identity, |row| &row.author).clone();
    let asked = Asked::begin(broker, caller).await?;
    let concerned = asked_of(bundle, &caller.identity, in_force.committee.as_ref());
    let question = GovernQuestion::PolicyDraft(concerned.clone());
    asked
        .ask(broker, caller, EventType::ChangeDraft, None, &question)
        .await?;
    let read = files.bundle()?;
    let manifest = read.manifest.clone();
    let report = report::judge(broker, subject(broker, &content, bundle, read.clone(), &author)?).await?;
    let request = Draft {
        files,
        reason: why.to_owned(),
        require_proof: false,
    };
    let mut row = written(
        broker,
        caller,
        &request,
        &manifest,
        bundle.to_owned(),
        &report,
        &content,
    )
    .await?;
    let alone = GovernQuestion::PolicyPublish(Concerned {
        author: author.clone(),
        ..concerned
    });
    let narrows = report.proof.state == ProofState::Proven && target.is_some();
    if !narrows || !asked.engine.govern(&asked.facts, &alone, broker.now()).allow() {
        return keep(broker, caller, row, report).await;
    }
    // The content was approved when it was published first.
    row.author = author;
    row.approver = target.and_then(|target| target.approver);
    row.state = DraftState::Approved;
    put_in_force(broker, caller, row, &read, report).await
}

/// The draft to go back to.
async fn target(broker: &Broker, now: &BundleRow, to: Option<&str>) -> Result<Option<DraftRow>, GovernError> {
    let all: Vec<DraftRow> = broker.live().await?;
    let published = |row: &&DraftRow| row.bundle == now.id && row.state == DraftState::Published;
    if let Some(id) = to {
        let found = all.iter().filter(published).find(|row| row.id == id);
        return found.cloned().map(Some).ok_or_else(|| GovernError::Unknown {
            what: "published draft",
            id: id.to_owned(),
        });
    }
    let current = all
        .iter()
        .find(|row| row.digest == now.digest)
        .map(|row| row.files.clone());
    let older = all.iter().filter(published).filter(|row| row.since < now.published);
    let older = older.filter(|row| Some(&row.files) != current.as_ref());
    Ok(older.max_by_key(|row| row.since).cloned())
}

/// Rows and event in one step, then the snapshot.
async fn put_in_force(
    broker: &Broker,
    caller: &Caller,
    mut row: DraftRow,
    bundle: &Bundle,
    report: Report,
) -> Result<Drafted, GovernError> {
    let mut changing = Changing::begin(broker).await;
    let mut content = logged(broker).await?;
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
    content.bundles.insert(row.bundle.clone(), published.clone());
    catalogue::try_out(broker, content)
        .await
        .map_err(|source| match source {
            PublishError::Bundle { source } => GovernError::input("policy.unsound", source.to_string()),
            source @ (PublishError::NotAsLogged { .. }
            | PublishError::Content { .. }
            | PublishError::Store { .. }
            | PublishError::Audit { .. }
            | PublishError::Key { .. }) => ChangeError::NotInForce { source }.into(),
        })?;
    let drafts = [changing.draft(&published).await?, changing.draft(&row).await?];
    let event = event(broker, caller, EventType::PolicyPublish, &row)?;
    changing.write(event, &drafts, agreed(broker, &row)?).await?;
    for watched in &bundle.manifest.observe {
        let event = Event::new(EventType::PolicyObserve, Outcome::Success)
            .who(record::who(broker, caller, Class::Admin)?)
            .about(AboutKind::Policy, watched.policy.as_str())
            .about(AboutKind::Policy, row.id.as_str());
        changing
            .write(
                event,
                &[],
                Agreed {
                    reason: Some(Digest::of(watched.reason.as_bytes())),
                    ..Agreed::default()
                },
            )
            .await?;
    }
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
fn subject(
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
    let mut rows = content.bundles.clone();
    let old = rows.get(place).map_or_else(Bundle::shipped, |row| {
        let mut bundle = Bundle::of_policies(row.policies.clone());
        bundle.links.clone_from(&row.links);
        bundle.manifest.observe = row.observe.iter().filter(|row| row.until > now).cloned().collect();
        bundle
    });
    let before = catalogue::policies(rows.values(), now).map_err(unsound)?;
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
    rows.insert(place.to_owned(), row);
    let after = catalogue::policies(rows.values(), now).map_err(unsound)?;
    Ok(Subject {
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

/// The row of a draft, with its files and report kept.
async fn written(
    broker: &Broker,
    caller: &Caller,
    request: &Draft,
    manifest: &Manifest,
    place: String,
    report: &Report,
    content: &Content,
) -> Result<DraftRow, GovernError> {
    let now = broker.now();
    let mut db = broker.db();
    let files = blobs::put(&mut db, &request.files.bytes()?, now).await?;
    let text = canonical::text(report).map_err(|error| GovernError::Facts { why: error.to_string() })?;
    let report_digest = blobs::put(&mut db, text.as_bytes(), now).await?;
    let mut row = DraftRow {
        id: format!("policy-{}", token(broker.random(), 9)),
        bundle: place,
        name: manifest.id.clone(),
        committee: manifest.committee.clone(),
        reason: request.reason.clone(),
        files: files.as_str().to_owned(),
        report: report_digest.as_str().to_owned(),
        base: base(content)?,
        widens: report.widens,
        digest: String::new(),
        author: caller.identity.clone(),
        drafted: now,
        approver: None,
        state: DraftState::Draft,
        since: now,
    };
    row.digest = digest(&row)?;
    Ok(row)
}

/// Writes a draft that waits for a second person.
async fn keep(broker: &Broker, caller: &Caller, row: DraftRow, report: Report) -> Result<Drafted, GovernError> {
    let mut changing = Changing::begin(broker).await;
    let draft = changing.draft(&row).await?;
    let event = event(broker, caller, EventType::ChangeDraft, &row)?;
    changing.write(event, &[draft], agreed(broker, &row)?).await?;
    let asked = Asked::begin(broker, caller).await?;
    let may = |question: GovernQuestion| asked.engine.govern(&asked.facts, &question, broker.now()).allow();
    let concerned = asked_of(&row.bundle, &row.author, row.committee.as_ref());
    let alone = may(GovernQuestion::PolicyApprove(concerned.clone())) && may(GovernQuestion::PolicyPublish(concerned));
    Ok(Drafted {
        row,
        report,
        in_force: false,
        alone,
    })
}

/// What an approval is of: everything but who and when. The report is part of it.
fn digest(row: &DraftRow) -> Result<String, GovernError> {
    hash(&json!({
        "format": "visum-policies/1", "id": row.id, "bundle": row.bundle, "name": row.name, "committee": row.committee,
        "reason": row.reason, "files": row.files, "report": row.report, "base": row.base, "widens": row.widens,
    }))
}

/// The bundles in force.
fn base(content: &Content) -> Result<String, GovernError> {
    let rows = content.bundles.values();
    hash(&rows.map(|row| json!([row.id, row.digest, row.published])).collect())
}

fn hash(value: &serde_json::Value) -> Result<String, GovernError> {
    let text = canonical::text(value).map_err(|error| GovernError::Facts { why: error.to_string() })?;
    Ok(RowDigest::of_bytes(text.as_bytes()).as_str().to_owned())
}

/// The draft is in one of these states, of this digest, and made for what is in force.
fn stands(
    row: &DraftRow,
    states: &[DraftState],
    digest_seen: Option<&str>,
    content: &Content,
) -> Result<(), GovernError> {
    if !states.contains(&row.state) {
        return Err(over(row));
    }
    if digest(row)? != row.digest || digest_seen.is_some_and(|seen| seen != row.digest) {
        return Err(GovernError::Conflict {
            code: "policy.digest",
            message: "This is not the digest of the draft: look at it again before you approve it.".to_owned(),
        });
    }
    if base(content)? != row.base {
        return Err(stale());
    }
    Ok(())
}

fn stale() -> GovernError {
    GovernError::Conflict {
        code: "policy.stale",
        message: "Another bundle was published since this draft was checked: draft it anew.".to_owned(),
    }
}

fn over(row: &DraftRow) -> GovernError {
    let word = match row.state {
        DraftState::Draft => "not approved yet",
        DraftState::Approved => "approved already",
        DraftState::Published => "published already",
        DraftState::Withdrawn => "withdrawn",
    };
    GovernError::Conflict {
        code: "policy.state",
        message: format!("The draft `{}` is {word}.", row.id),
    }
}

/// Whether the proofs came to an end: what the bundle permits beyond the one in force is known.
fn conclusive(report: &Report) -> Result<(), GovernError> {
    match report.proof.state {
        ProofState::Proven | ProofState::Wider => Ok(()),
        ProofState::Violated | ProofState::NotProven | ProofState::Skipped => {
            let mut words = report.proof.says.clone();
            if report.proof.state == ProofState::Skipped {
                words.push(report.proof.solver.clone());
            }
            let message = format!("Proofs are required, and there are none: {}", words.join("; "));
            Err(GovernError::input("policy.unproven", message))
        }
    }
}

fn reason(text: &str) -> Result<(), GovernError> {
    if text.trim().is_empty() || text.len() > limits::TEXT_BYTES {
        return Err(GovernError::input("policy.reason", "Give a reason of 1 to 4096 bytes."));
    }
    Ok(())
}

async fn may_read(broker: &Broker, caller: &Caller) -> Result<(), GovernError> {
    let asked = Asked::begin(broker, caller).await?;
    let audit = GovernQuestion::AuditRead { dataset: None };
    if !asked.engine.govern(&asked.facts, &audit, broker.now()).allow() {
        let question = GovernQuestion::PolicyDraft(asked_of("list", &caller.identity, None));
        asked.ask(broker, caller, EventType::AuditRead, None, &question).await?;
    }
    record::read(broker, caller, None).await?;
    Ok(())
}

async fn logged(broker: &Broker) -> Result<Content, GovernError> {
    catalogue::logged_content(broker)
        .await
        .map_err(|source| ChangeError::NotInForce { source }.into())
}

async fn find(broker: &Broker, id: &str) -> Result<DraftRow, GovernError> {
    broker.find(id).await?.ok_or_else(|| GovernError::Unknown {
        what: "draft",
        id: id.to_owned(),
    })
}

async fn files_of(broker: &Broker, row: &DraftRow) -> Result<Files, GovernError> {
    Files::of_bytes(&blob(broker, &row.files).await?)
}

async fn report_of(broker: &Broker, row: &DraftRow) -> Result<Report, GovernError> {
    let bytes = blob(broker, &row.report).await?;
    serde_json::from_slice(&bytes).map_err(|error| GovernError::Facts { why: error.to_string() })
}

async fn blob(broker: &Broker, digest: &str) -> Result<Vec<u8>, GovernError> {
    let missing = || GovernError::Unknown {
        what: "file of the draft",
        id: digest.to_owned(),
    };
    let name = RowDigest::from_text(digest).ok_or_else(missing)?;
    blobs::get(&mut broker.db(), &name).await?.ok_or_else(missing)
}

fn asked_of(id: &str, author: &VisaIdentity, committee: Option<&String>) -> Concerned {
    Concerned {
        id: id.to_owned(),
        author: author.clone(),
        committee: committee.cloned(),
    }
}

fn event(broker: &Broker, caller: &Caller, kind: EventType, row: &DraftRow) -> Result<Event, GovernError> {
    Ok(Event::new(kind, Outcome::Success)
        .who(record::who(broker, caller, Class::Admin)?)
        .about(AboutKind::Policy, row.id.as_str())
        .about(AboutKind::Policy, format!("sha256:{}", row.digest).as_str()))
}

fn agreed(broker: &Broker, row: &DraftRow) -> Result<Agreed, GovernError> {
    let approvers = match &row.approver {
        Some(approver) => vec![record::person(broker, approver)?],
        None => Vec::new(),
    };
    Ok(Agreed {
        approvers,
        reason: Some(Digest::of(row.reason.as_bytes())),
    })
}
