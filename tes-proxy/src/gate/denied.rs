//! No permit: a denial with its reasons, or our own inability to decide or to record. Never mixed up (house rule 2.4).

use http::StatusCode;
use policy_engine::{decide::Decision, snapshot::Snapshot};

use super::Doubt;
use crate::{
    problem::{Denial, Problem, Why},
    tries::Aim,
};

/// Why there is no permit.
#[derive(Debug)]
pub(crate) enum NoPermit {
    /// The answer is no.
    Denied(Box<Problem>),
    /// The audit log did not take the record: nothing is given.
    Unrecorded,
    /// The snapshot was replaced again and again while we decided, or what the permit rested on went meanwhile.
    Overtaken,
    /// Nobody can tell whether the snapshot is still current, or what time it is.
    Doubtful(Doubt),
}

impl From<NoPermit> for Problem {
    fn from(no: NoPermit) -> Self {
        match no {
            NoPermit::Denied(problem) => *problem,
            NoPermit::Unrecorded => Self::unavailable(
                "gate.audit_unavailable",
                "the access could not be put on record; nothing was given",
                10,
            ),
            NoPermit::Overtaken => {
                Self::unavailable("gate.overtaken", "what this rests on changed meanwhile; ask again", 1)
            }
            NoPermit::Doubtful(doubt) => Self::unavailable(doubt.code(), doubt.sentence(), 30),
        }
    }
}

/// What a denial tells the caller. Who asks for a thing by its own path and may not know of it hears what everybody
/// hears of unknown ones (`what` names it); in a body the reasons say "not known here" of both alike.
pub(crate) fn problem(decision: &Decision, id: &str, snapshot: &Snapshot, what: Option<&'static str>) -> Problem {
    if let Some(what) = what.filter(|_| decision.hidden()) {
        return Problem::unknown(what);
    }
    let reasons: Vec<Why> = decision
        .reasons()
        .iter()
        .map(|reason| Why {
            code: reason.code.clone(),
            sentence: reason.sentence.clone(),
            remedy: (!reason.remedy.is_empty()).then(|| reason.remedy.clone()),
            dataset: reason.dataset.clone(),
            term: reason.term.clone(),
            part: reason.about.clone(),
        })
        .collect();
    let leading = decision.reasons().first();
    let sentence = match leading {
        Some(reason) => {
            let about = reason
                .about
                .as_ref()
                .map(|about| format!("{about}: "))
                .unwrap_or_default();
            let remedy = if reason.remedy.is_empty() {
                String::new()
            } else {
                format!(" {}", reason.remedy)
            };
            format!("{about}{}{remedy}", reason.sentence)
        }
        None => "This is not permitted.".to_owned(),
    };
    let code = decision.code().unwrap_or("policy.denied").to_owned();
    let dataset = leading
        .and_then(|reason| reason.dataset.as_deref())
        .and_then(|id| short_name(snapshot, id));
    Problem {
        denial: Box::new(Denial {
            nonce: None,
            reasons,
            decision: Some(id.to_owned()),
            dataset,
            receipt: None,
            aim: Aim::of(decision),
        }),
        ..Problem::new(StatusCode::FORBIDDEN, code, sentence)
    }
}

/// The configured short name of a dataset where it is plain, else the beginning of its id's digest (E83).
pub(crate) fn short_name(snapshot: &Snapshot, dataset: &str) -> Option<String> {
    let record = snapshot.datasets.iter().find(|record| record.id() == dataset)?;
    let plain = !record.short_name.is_empty()
        && record.short_name.len() <= 40
        && record
            .short_name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    Some(if plain {
        record.short_name.clone()
    } else {
        let digest = ring::digest::digest(&ring::digest::SHA256, dataset.as_bytes());
        let first = digest.as_ref().iter().take(6);
        first.map(|byte| format!("{byte:02x}")).collect()
    })
}
