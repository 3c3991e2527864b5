//! Gathers the answers to all questions of a request into one `Decision`: the worst answer, the earliest end.

use std::collections::BTreeSet;

use visa_verifier::seam::Timestamp;

use super::{
    Answer, ConsentVerdict, Decision, Duty, DutyKind, Engine, Facts, Observed, Reason, ResolvedRead, RestsOn, WorkItem,
    ask::Asked,
    hex_digest,
    kept_questions::{KeptQuestions, Put},
};
use crate::{
    consent::{Obligation, ResearchPurpose},
    error::EngineError,
    intent::{Action, Intent},
};

/// A denial may be kept this long.
const DENIAL_SECONDS: u64 = 2;
/// Forbids that repeat, from the bare facts, what consent judges too; consent's own reasons are told instead.
const REPEATS_CONSENT: [&str; 4] = [
    "visum.baseline.consent",
    "visum.baseline.controlled-needs-grant",
    "visum.baseline.registered-needs-researcher",
    "visum.baseline.dataset-inactive",
];
/// Forbids about the person or the node as a whole: told first.
const FIRST: [&str; 2] = ["policy.suspended", "policy.lockdown"];

/// A decision in the making. It denies until [`Draft::finish`] finds every answer a permit and no reason against.
#[derive(Debug)]
pub(crate) struct Draft {
    action: Action,
    now: Timestamp,
    reasons: Vec<Reason>,
    grounds: Vec<Reason>,
    answers: Vec<Answer>,
    observed: BTreeSet<Observed>,
    questions: Vec<Put>,
    duties: BTreeSet<Duty>,
    ends: Timestamp,
    engine_error: bool,
    pub(crate) obligations: Vec<Obligation>,
    pub(crate) consent: Vec<ConsentVerdict>,
    pub(crate) purpose: Option<ResearchPurpose>,
    pub(crate) reads: Vec<ResolvedRead>,
    pub(crate) rests_on: RestsOn,
    pub(crate) hidden: bool,
}

impl Draft {
    pub(crate) fn new(action: Action, facts: &Facts, now: Timestamp) -> Self {
        Self {
            action,
            now,
            reasons: Vec::new(),
            grounds: Vec::new(),
            answers: Vec::new(),
            observed: BTreeSet::new(),
            questions: Vec::new(),
            duties: BTreeSet::new(),
            ends: facts.session().token_expires,
            engine_error: false,
            obligations: Vec::new(),
            consent: Vec::new(),
            purpose: None,
            reads: Vec::new(),
            rests_on: RestsOn::default(),
            hidden: false,
        }
    }

    /// The decision ends here at the latest.
    pub(crate) fn ends(&mut self, at: Timestamp) {
        self.ends = self.ends.min(at);
    }

    /// Uses a visa: the decision ends with it and rests on it.
    pub(crate) fn uses(&mut self, facts: &Facts, visa: usize) {
        if let Some(held) = facts.visas().get(visa) {
            self.rests_on.visas.insert(held.digest.clone());
            self.rests_on.visa_ids.extend(held.jti.clone());
            self.rests_on.issuers.insert(held.issuer.clone());
            if !held.let_by.is_empty() {
                let marks = held.let_by.join("+");
                self.rests_on.let_by.insert(format!("{marks}:{}", held.digest));
            }
        }
    }

    pub(crate) fn deny(&mut self, reason: Reason) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    pub(crate) fn duty(&mut self, kind: DutyKind, dataset: Option<&str>) {
        self.duties.insert(Duty {
            kind,
            dataset: dataset.map(str::to_owned),
        });
    }

    /// Takes an answer; `dataset` and `about` say what the question was about. Returns whether it permits.
    pub(crate) fn take(
        &mut self,
        engine: &Engine,
        asked: Result<Asked, EngineError>,
        dataset: Option<&str>,
        about: Option<&str>,
    ) -> bool {
        let asked = match asked {
            Ok(asked) => asked,
            Err(error) => {
                self.fault(&error);
                return false;
            }
        };
        let told = |reason: Reason| Reason {
            dataset: dataset.map(str::to_owned),
            about: about.map(str::to_owned),
            ..reason
        };
        let of_consent = dataset.is_some_and(|id| self.reasons.iter().any(|r| consent_says(r, id)));
        for note in engine.notes(&asked.answer) {
            if note.forbids {
                if of_consent && REPEATS_CONSENT.contains(&note.id.as_str()) {
                    continue;
                }
                let mut reason = told(Reason::new(&note.code, note.reason.clone(), note.remedy.clone()));
                reason.policy = Some(note.id.clone());
                self.deny(reason);
            } else if asked.answer.allow {
                let mut ground = told(Reason::new("", note.reason.clone(), ""));
                ground.policy = Some(note.id.clone());
                self.grounds.push(ground);
                if let Some(kind) = note.duty {
                    self.duty(kind, dataset);
                }
            }
        }
        if !asked.answer.allow && asked.answer.policies.is_empty() {
            let needs = if asked.needs.is_empty() {
                "nothing opens it".to_owned()
            } else {
                asked.needs.join("; or ")
            };
            self.deny(told(Reason::new(
                "policy.no_rule_permits",
                "No rule of this node permits this.",
                format!("What is needed: {needs}."),
            )));
        }
        for note in asked.observed.iter().filter_map(|id| engine.policies.note(id)) {
            self.observed.insert(Observed {
                policy: note.id.clone(),
                code: note.code.clone(),
                sentence: note.reason.clone(),
                dataset: dataset.map(str::to_owned),
                until: note.observed_until.unwrap_or(self.now),
            });
        }
        let allow = asked.answer.allow;
        self.answers.push(asked.answer);
        self.questions.push(asked.put);
        allow
    }

    /// The engine could not ask, or a policy erred.
    pub(crate) fn fault(&mut self, error: &EngineError) {
        tracing::error!(error.code = error.code(), error.message = %error, "a policy question failed; it is denied");
        self.engine_error = true;
        let mut reason = Reason::new(
            error.code(),
            "The decision could not be made, so access is denied.",
            "Contact the node's operator; the fault is in its log.",
        );
        if let EngineError::Policy { policy, .. } = error {
            reason.policy = Some(policy.clone());
        }
        self.deny(reason);
    }

    /// The decision. A permit needs at least one answer, all of them permits, and no reason against.
    pub(crate) fn finish(mut self, engine: &Engine, facts: &Facts, question: &str) -> Decision {
        let expired = self.ends <= self.now;
        let permitted = !self.answers.is_empty() && self.answers.iter().all(|answer| answer.allow);
        if self.reasons.is_empty() && (expired || !permitted) {
            let (code, sentence) = if expired && permitted {
                ("policy.facts_expired", "What this rests on has come to its end.")
            } else {
                (
                    "policy.nothing_asked",
                    "The request names nothing that could be permitted.",
                )
            };
            self.deny(Reason::new(code, sentence, "Log in again, and check the request."));
        }
        let allow = permitted && !expired && self.reasons.is_empty() && !self.engine_error;
        self.reasons.sort_by_key(rank);
        let policies: BTreeSet<String> = self.answers.iter().flat_map(|answer| answer.policies.clone()).collect();
        Decision {
            allow,
            action: self.action,
            policies: policies.into_iter().collect(),
            valid_until: if allow {
                self.ends
            } else {
                self.now.plus(std::time::Duration::from_secs(DENIAL_SECONDS))
            },
            grounds: if allow { self.grounds } else { Vec::new() },
            obligations: if allow { self.obligations } else { Vec::new() },
            duties: if allow {
                self.duties.into_iter().collect()
            } else {
                Vec::new()
            },
            reasons: self.reasons,
            decided: self.now,
            snapshot: engine.snapshot.version,
            question: digest(engine, facts, question),
            consent: self.consent,
            purpose: self.purpose,
            reads: self.reads,
            rests_on: self.rests_on,
            answers: self.answers,
            observed: if allow {
                self.observed.into_iter().collect()
            } else {
                Vec::new()
            },
            questions: KeptQuestions::of(self.questions),
            hidden: self.hidden && !allow,
            engine_error: self.engine_error,
        }
    }
}

impl Decision {
    /// The same decision on another snapshot, on which it holds too.
    pub(super) fn on(&self, engine: &Engine, facts: &Facts, intent: &Intent) -> Self {
        Self {
            snapshot: engine.snapshot.version,
            question: digest(engine, facts, &worded(intent, None)),
            ..self.clone()
        }
    }
}

/// A question as its digest covers it.
pub(super) fn worded(intent: &Intent, reader: Option<&WorkItem>) -> String {
    serde_json::to_string(&(intent, reader)).unwrap_or_default()
}

/// The digest of a question, by whom, on which snapshot.
fn digest(engine: &Engine, facts: &Facts, question: &str) -> String {
    let text = format!("{}\n{}\n{question}", engine.snapshot.version, facts.digest());
    hex_digest(text.as_bytes())
}

/// Whether consent has said why not, for this dataset or for the whole request.
fn consent_says(reason: &Reason, dataset: &str) -> bool {
    reason.code.starts_with("consent.") && reason.dataset.as_deref().is_none_or(|id| id == dataset)
}

/// Most specific first.
fn rank(reason: &Reason) -> u8 {
    match reason.code.as_str() {
        code if FIRST.contains(&code) => 0,
        "policy.engine_error" => 1,
        code if code.starts_with("catalogue.") => 2,
        code if code.starts_with("consent.") => 3,
        "policy.no_rule_permits" => 6,
        _ if reason
            .policy
            .as_deref()
            .is_some_and(|id| id.starts_with("visum.baseline.")) =>
        {
            5
        }
        _ => 4,
    }
}
