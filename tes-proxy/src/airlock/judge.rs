//! `POST …/{id}/release` and `…/{id}/refuse`: a person whom policy names says yes or no; never the requester.

use std::sync::Arc;

use audit_log::{AboutKind, Did, Digest, Event, EventType};
use axum::{body::Body, response::Response};
use http::StatusCode;
use policy_engine::decide::Facts;
use serde::Deserialize;

use crate::{
    api::{Incoming, json_body},
    gate::{Caller, Judge, NoPermit, Permit, decided_event, of_dataset},
    limits,
    problem::{Api, Problem},
    proxy::{Parts, Proxy},
    router,
    store::{Release, ReleaseState, Vote},
};

use super::{
    files::{files, manifest, named, thaw},
    lineage::Basis,
    seen::{Seen, found, on, question},
    show::shown,
};

/// What is said with it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    /// Why.
    #[serde(default)]
    reason: String,
}

fn decided() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "output.decided",
        "the request does not wait any more: it was released, refused, taken back, or a check stopped it",
    )
}

async fn said(incoming: &Incoming, body: Body, needed: bool) -> Result<String, Problem> {
    let said: Said = json_body(&incoming.headers, body).await?;
    let reason = said.reason.trim();
    if said.reason.len() > limits::RELEASE_WORDS || (needed && reason.is_empty()) {
        return Err(Problem::refused(
            "output.reason",
            format!("`reason` has 1 to {} bytes; a no needs one", limits::RELEASE_WORDS),
        ));
    }
    Ok(reason.to_owned())
}

/// May the caller release outputs of this dataset? On record either way.
async fn asked(
    parts: &Parts,
    as_whom: (&Caller, &Facts),
    kind: EventType,
    release: &Release,
    basis: &Basis,
    dataset: &str,
) -> Result<Permit, NoPermit> {
    let question = question(release, basis, dataset).map_err(|error| NoPermit::Denied(Box::new(error.into())))?;
    let (governor, clock) = (as_whom.1.clone(), Arc::clone(&parts.gate.clock));
    let judge: Judge = Arc::new(move |engine| engine.govern(&on(&governor, engine), &question, clock.now()));
    parts
        .gate
        .begin_with(judge, Some("release"), |decided| {
            decided_event(kind, as_whom.0, decided)
                .what(of_dataset(dataset, decided.engine.snapshot()))
                .about(AboutKind::Release, release.id.as_str())
        })
        .await?
        .durable()
        .await
}

/// `POST …/release`.
pub(crate) async fn release(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    incoming.query(&[], &[])?;
    let caller = parts.required(incoming, Api::Own, Vec::new()).await?;
    let answer = said(incoming, body, false).await?;
    let governor = parts.governor(incoming, &caller).await?;
    let (release, _) = found(parts, &caller, &governor, incoming.segment(4)).await?;
    let basis = Basis::of(&release)?;
    let mut denied = None;
    let mut permitted = Vec::new();
    for dataset in &basis.lineage.datasets {
        match asked(
            parts,
            (&caller, &governor),
            EventType::OutputApprove,
            &release,
            &basis,
            dataset,
        )
        .await
        {
            Ok(permit) => permitted.push((dataset.clone(), permit)),
            Err(NoPermit::Denied(problem)) => denied = denied.or(Some(*problem)),
            Err(other) => return Err(other.into()),
        }
    }
    if permitted.is_empty() {
        return Err(denied.unwrap_or_else(|| Problem::unknown("release")));
    }
    if release.state != ReleaseState::Waiting {
        return Err(decided());
    }
    for (dataset, permit) in permitted {
        permit.still()?;
        let vote = Vote {
            dataset,
            person: caller.owner(),
            decision: permit.decided.id.clone(),
            receipt: permit.header(),
            at: parts.gate.now().unix(),
        };
        parts.releases.vote(&release.id, &vote).await?;
    }
    let votes = parts.releases.votes(&release.id).await?;
    let all = basis
        .lineage
        .datasets
        .iter()
        .all(|id| votes.iter().any(|vote| vote.dataset == *id));
    let header = if all {
        Some(opened(parts, &caller, &release, &basis, &votes, &answer).await?)
    } else {
        None
    };
    let now = parts
        .releases
        .by_id(&release.id)
        .await?
        .ok_or_else(|| Problem::unknown("release"))?;
    router::json(&shown(parts, &now, true).await?, header)
}

/// Every committee said yes: consent is asked again for the requester, and then it is open.
async fn opened(
    parts: &Parts,
    caller: &Caller,
    release: &Release,
    basis: &Basis,
    votes: &[Vote],
    answer: &str,
) -> Result<String, Problem> {
    let files = files(release)?;
    let judge = basis.lineage.judge(&basis.kept, &parts.gate.clock);
    let named = named(&manifest(&release.id, &release.work, &files));
    let voters: Vec<_> = votes
        .iter()
        .filter_map(|vote| parts.gate.keystore.known(&vote.person))
        .collect();
    let did = || {
        let said = Did::default().reason(Digest::of(answer.as_bytes()));
        voters.iter().fold(said, Did::approver)
    };
    let permit = parts
        .gate
        .begin_with(judge, None, |decided| -> Event {
            decided_event(EventType::OutputRelease, caller, decided)
                .about(AboutKind::Release, release.id.as_str())
                .about(AboutKind::Release, named.as_str())
                .did(did())
        })
        .await
        .map_err(Problem::from)?
        .durable()
        .await
        .map_err(Problem::from)?;
    permit.still()?;
    let now = parts.gate.now().unix();
    if !parts
        .releases
        .decide(&release.id, ReleaseState::Released, answer, now)
        .await?
    {
        return Err(decided());
    }
    Ok(permit.header())
}

/// `POST …/refuse`: by whoever may release it with a no, by the requester to take it back.
pub(crate) async fn refuse(proxy: &Proxy, incoming: &Incoming, body: Body) -> Result<Response, Problem> {
    let parts = &*proxy.0;
    incoming.query(&[], &[])?;
    let caller = parts.required(incoming, Api::Own, Vec::new()).await?;
    let governor = parts.governor(incoming, &caller).await?;
    let (release, seen) = found(parts, &caller, &governor, incoming.segment(4)).await?;
    let reason = said(incoming, body, seen == Seen::Judge).await?;
    let basis = Basis::of(&release)?;
    let (state, header) = if seen == Seen::Owner {
        let event = parts
            .gate
            .event(EventType::OutputRefuse, &caller)
            .about(AboutKind::Release, release.id.as_str());
        let receipt = parts
            .gate
            .writer
            .append(event)
            .await
            .map_err(|_| Problem::from(NoPermit::Unrecorded))?;
        (ReleaseState::Withdrawn, receipt.header_value())
    } else {
        let mut denied = None;
        let mut header = None;
        for dataset in &basis.lineage.datasets {
            match asked(
                parts,
                (&caller, &governor),
                EventType::OutputRefuse,
                &release,
                &basis,
                dataset,
            )
            .await
            {
                Ok(permit) => {
                    header = Some(permit.header());
                    break;
                }
                Err(NoPermit::Denied(problem)) => denied = denied.or(Some(*problem)),
                Err(other) => return Err(other.into()),
            }
        }
        match header {
            Some(header) => (ReleaseState::Refused, header),
            None => return Err(denied.unwrap_or_else(|| Problem::unknown("release"))),
        }
    };
    let now = parts.gate.now().unix();
    if !parts.releases.decide(&release.id, state, &reason, now).await? {
        return Err(decided());
    }
    thaw(parts, &release.id, &files(&release)?).await;
    let row = parts
        .releases
        .by_id(&release.id)
        .await?
        .ok_or_else(|| Problem::unknown("release"))?;
    router::json(&shown(parts, &row, seen == Seen::Judge).await?, Some(header))
}
