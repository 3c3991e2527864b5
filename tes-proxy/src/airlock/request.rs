//! `POST /visum/v1/outputs/releases`: decided as `export`, frozen, checked, entered; then it waits for a person.

use std::{collections::BTreeSet, sync::Arc};

use audit_log::{AboutKind, Did, Digest, EventType, Outcome, Via, What, Why};
use axum::{body::Body, response::Response};
use http::StatusCode;
use policy_engine::consent::ResearchPurpose;
use serde::Deserialize;

use crate::{
    api::{Incoming, json_body},
    gate::{Caller, NoPermit, Permit, Question, of_dataset, who},
    limits,
    ownership::Basis as WorkBasis,
    problem::{Api, Problem},
    proxy::{Parts, Proxy},
    router,
    session::Spec,
    store::{Kept, Release, ReleaseState, StoreError, Work},
};

use super::{
    check::{Finding, Sums, looked},
    files::{Frozen, digest, failed, manifest, named, thaw},
    inputs::compared,
    lineage::{Basis, Lineage},
    manifest::{about, kept, lineage, name, own_work},
    show::shown,
};

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The session, task or run that wrote the files.
    work: String,
    /// Names of files, as the manifest gives them.
    files: Vec<String>,
    /// Why: what they are, and what they are needed for.
    reason: String,
    /// Narrower than the purpose of the work.
    #[serde(default)]
    purpose: Option<ResearchPurpose>,
}

/// `POST`.
pub(crate) async fn post(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    incoming.query(&[], &[])?;
    let caller = parts.required(incoming, Api::Own, Vec::new()).await?;
    let asked: Asked = json_body(&incoming.headers, body).await?;
    worded(&asked)?;
    let work = own_work(parts, &caller, &asked.work).await?;
    let chosen = chosen(&kept(parts, &work).await?, &asked.files)?;
    if parts.releases.count_waiting(&caller.owner()).await? >= limits::RELEASES_WAITING {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "output.too_many_waiting",
            "so many of your requests wait already that no more are taken; take some back, or wait for their answers",
        ));
    }
    let lineage = of(&chosen, &work, asked.purpose)?;
    let id = parts.gate.id();
    let permit = permit(parts, &caller, &work, &lineage, &id).await?;
    let files = frozen(parts, &id, &work, &chosen).await?;
    let outcome = checked(parts, &permit, &id, &lineage, files).await;
    let (state, files) = match outcome {
        Ok(checked) => checked,
        Err((problem, files)) => {
            thaw(parts, &id, &files).await;
            return Err(problem);
        }
    };
    let release = entered(
        parts,
        &caller,
        &permit,
        &work,
        lineage,
        &id,
        (state, &files),
        asked.reason,
    )
    .await?;
    if state == ReleaseState::Failed {
        thaw(parts, &id, &files).await;
    }
    let receipt = noted(parts, &caller, &release, &files).await?;
    let mut response = router::json(&shown(parts, &release, false).await?, Some(receipt))?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

fn worded(asked: &Asked) -> Result<(), Problem> {
    let reason = asked.reason.trim();
    if reason.is_empty() || asked.reason.len() > limits::RELEASE_WORDS {
        return Err(Problem::refused(
            "output.reason",
            format!(
                "`reason` says in 1 to {} bytes what the files are and what they are needed for",
                limits::RELEASE_WORDS
            ),
        ));
    }
    if asked.files.is_empty() || asked.files.len() > limits::RELEASE_FILES {
        return Err(Problem::refused(
            "output.files",
            format!(
                "`files` names 1 to {} files, as the list of outputs calls them",
                limits::RELEASE_FILES
            ),
        ));
    }
    Ok(())
}

fn chosen(kept: &[Kept], names: &[String]) -> Result<Vec<Kept>, Problem> {
    let mut chosen: Vec<Kept> = Vec::new();
    for wanted in names {
        let found = kept.iter().find(|one| name(one) == *wanted).ok_or_else(|| {
            Problem::new(
                StatusCode::NOT_FOUND,
                "output.no_such_file",
                "one of the files is not among those that the storage door keeps of this work; what a backend wrote by itself is not released here",
            )
        })?;
        if !chosen.contains(found) {
            chosen.push(found.clone());
        }
    }
    Ok(chosen)
}

/// Where the files come from: all of it counts for the request as a whole.
fn of(chosen: &[Kept], work: &Work, purpose: Option<ResearchPurpose>) -> Result<Lineage, Problem> {
    let datasets: BTreeSet<String> = chosen.iter().flat_map(|kept| lineage(kept, work)).collect();
    let spec: Option<Spec> = (work.kind == "session")
        .then(|| serde_json::from_str(&work.request))
        .transpose()
        .map_err(|_| StoreError::Inconsistent { column: "request" })?;
    let judged = WorkBasis::of(work)?.kept.purpose().cloned();
    let since = work.created_at;
    Ok(Lineage {
        datasets: datasets.into_iter().collect(),
        project: spec.as_ref().and_then(|spec| spec.project.clone()),
        purpose: purpose.or_else(|| spec.and_then(|spec| spec.purpose)).or(judged),
        since,
    })
}

async fn permit(parts: &Parts, caller: &Caller, work: &Work, lineage: &Lineage, id: &str) -> Result<Permit, Problem> {
    let engine = parts.gate.current.load();
    let intent = lineage.intent(&engine, &caller.facts(engine.snapshot()), parts.gate.now())?;
    let question = Question::Intent(Arc::new(intent));
    parts
        .gate
        .begin_about(caller, EventType::OutputRequest, question, |event| {
            event.about(about(work), work.id.as_str()).about(AboutKind::Release, id)
        })
        .await
        .map_err(|no| parts.remember(caller, no.into()))?
        .durable()
        .await
        .map_err(Problem::from)
}

/// Keeps the very bytes: what the session does to its files afterwards changes nothing here.
async fn frozen(parts: &Parts, id: &str, work: &Work, chosen: &[Kept]) -> Result<Vec<Frozen>, Problem> {
    let total = chosen.iter().fold(0_u64, |sum, kept| sum.saturating_add(kept.size));
    let most = parts.config.door.release_bytes;
    let scratch = parts.scratch()?;
    let session = work.session.as_deref().unwrap_or(&work.id);
    let mut files = Vec::new();
    for (at, kept) in chosen.iter().enumerate() {
        let mut file = Frozen {
            name: name(kept),
            file: format!("f{at}"),
            size: kept.size,
            sha256: kept.sha256.clone(),
            datasets: lineage(kept, work),
            findings: Vec::new(),
        };
        if total > most {
            file.findings.push(Finding::refuses(
                "output.too_large",
                format!("the files of the request have {total} bytes together, and {most} are the most; release results, not data"),
            ));
        } else if let Err(error) = scratch.freeze(session, &kept.file, id, &file.file).await {
            // the session took it away meanwhile, or the disk is full
            thaw(parts, id, &files).await;
            return Err(failed(&error));
        }
        files.push(file);
    }
    Ok(files)
}

type Checked = Result<(ReleaseState, Vec<Frozen>), (Problem, Vec<Frozen>)>;

/// Looks into every file, one request at a time.
async fn checked(parts: &Parts, permit: &Permit, id: &str, lineage: &Lineage, mut files: Vec<Frozen>) -> Checked {
    if files.iter().any(|file| file.refusal().is_some()) {
        return Ok((ReleaseState::Failed, files));
    }
    let sums = match sums(parts, id, &mut files).await {
        Ok(sums) => sums,
        Err(problem) => return Err((problem, files)),
    };
    match compared(parts, permit, &permit.decided.engine, &lineage.datasets, &sums).await {
        Ok(found) => {
            for (file, finding) in files.iter_mut().zip(found) {
                file.findings.splice(0..0, finding);
            }
        }
        Err(problem) => return Err((problem, files)),
    }
    let passes = files.iter().all(|file| file.refusal().is_none());
    Ok((
        if passes {
            ReleaseState::Waiting
        } else {
            ReleaseState::Failed
        },
        files,
    ))
}

async fn sums(parts: &Parts, id: &str, files: &mut [Frozen]) -> Result<Vec<Sums>, Problem> {
    let gone = || Problem::unavailable("output.unchecked", "the files could not be checked; ask again", 10);
    let _turn = parts.checking.acquire().await.map_err(|_| gone())?;
    let (most, least) = (parts.config.door.release_bytes, parts.config.door.least_group);
    let mut sums = Vec::new();
    for file in files {
        let bytes = parts
            .scratch()?
            .whole(id, &file.file, most)
            .await
            .map_err(|error| failed(&error))?;
        let name = file.name.clone();
        let (own, findings) = tokio::task::spawn_blocking(move || looked(&bytes, &name, least))
            .await
            .map_err(|_| gone())?;
        file.findings = findings;
        // the bytes are what the door wrote down when it saw them
        if own.size != file.size || (!file.sha256.is_empty() && own.sha256 != file.sha256) {
            file.findings.insert(
                0,
                Finding::refuses(
                    "output.changed",
                    "the file is not what the storage door saw when it was written; ask the operator",
                ),
            );
        }
        file.sha256.clone_from(&own.sha256);
        sums.push(own);
    }
    Ok(sums)
}

#[expect(clippy::too_many_arguments, reason = "the parts of a row, put together in one place")]
async fn entered(
    parts: &Parts,
    caller: &Caller,
    permit: &Permit,
    work: &Work,
    lineage: Lineage,
    id: &str,
    (state, files): (ReleaseState, &[Frozen]),
    reason: String,
) -> Result<Release, Problem> {
    let fault = |column| StoreError::Inconsistent { column };
    let (engine, now) = (&permit.decided.engine, parts.gate.now());
    let facts = caller.facts(engine.snapshot());
    let institution = facts.institutions(now).next().unwrap_or_default().to_owned();
    let datasets = lineage.datasets.clone();
    let basis = Basis {
        kept: facts.keep(&permit.decided.decision).ok_or_else(|| fault("basis"))?,
        lineage,
        institution,
    };
    let release = Release {
        id: id.to_owned(),
        seq: parts.next_seq(),
        owner: caller.owner(),
        work: work.id.clone(),
        state,
        datasets: serde_json::to_string(&datasets).map_err(|_| fault("datasets"))?,
        basis: serde_json::to_string(&basis).map_err(|_| fault("basis"))?,
        files: serde_json::to_string(files).map_err(|_| fault("files"))?,
        reason,
        digest: digest(&manifest(id, &work.id, files)),
        decision: permit.decided.id.clone(),
        receipt: permit.header(),
        created_at: now.unix(),
        decided_at: None,
        answer: None,
    };
    parts.releases.enter(&release).await?;
    Ok(release)
}

/// What the checks found, on record before it is told.
async fn noted(parts: &Parts, caller: &Caller, release: &Release, files: &[Frozen]) -> Result<String, Problem> {
    let refusal = files.iter().find_map(Frozen::refusal);
    let outcome = if refusal.is_some() {
        Outcome::Denied
    } else {
        Outcome::Success
    };
    let engine = parts.gate.current.load();
    let whats = files.iter().flat_map(|file| {
        let snapshot = engine.snapshot();
        file.datasets
            .iter()
            .map(move |id| -> What { of_dataset(id, snapshot).object(file.name.as_str()) })
    });
    let mut event = audit_log::Event::new(EventType::OutputCheck, outcome)
        .who(who(caller))
        .via(Via::request(caller.request_id.as_str()))
        .whats(whats.take(100))
        .about(AboutKind::Release, release.id.as_str())
        .about(AboutKind::Release, named(&manifest(&release.id, &release.work, files)))
        .did(Did::default().reason(Digest::of(release.reason.as_bytes())));
    let unrecorded = || Problem::from(NoPermit::Unrecorded);
    match refusal {
        Some(finding) => {
            event = event.why(Why::code(finding.code.clone()));
            let noted = parts.gate.writer.note_denied(event).await.map_err(|_| unrecorded())?;
            Ok(noted.receipt().header_value())
        }
        None => {
            let receipt = parts.gate.writer.append(event).await.map_err(|_| unrecorded())?;
            Ok(receipt.header_value())
        }
    }
}
