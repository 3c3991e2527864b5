//! `Decision`: the answer, its reasons, its end, and what it rests on. Only the engine makes one.

use std::collections::BTreeSet;

use serde::Serialize;
use visa_verifier::seam::Timestamp;

use super::{Duty, kept_questions::KeptQuestions};
use crate::{
    consent::{Obligation, PurposeBasis, ResearchPurpose, Verdict},
    intent::{Action, DataRef},
    review::FactsRecord,
};

/// One reason of a denial (or, in [`Decision::grounds`], of a permit).
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Reason {
    /// Stable code: `policy.…`, `consent.…`.
    pub code: String,
    /// One sentence to the person asking.
    pub sentence: String,
    /// What they can do; empty if nothing.
    pub remedy: String,
    /// The dataset that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// The consent group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The DUO term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term: Option<String>,
    /// The policy that said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The thing in the request that it is about: an object, image or sink as the request names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

impl Reason {
    pub(crate) fn new(code: &str, sentence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            sentence: sentence.into(),
            remedy: remedy.into(),
            dataset: None,
            group: None,
            term: None,
            policy: None,
            about: None,
        }
    }
}

/// What consent said of one dataset of the request.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ConsentVerdict {
    /// The dataset.
    pub dataset: String,
    /// Permit, review or deny.
    pub verdict: Verdict,
    /// What the purpose rests on.
    pub basis: PurposeBasis,
    /// Exact codes, for the log and the dataset's committee; never for the requester (consent.md 2.11, "Outward").
    pub codes: Vec<String>,
}

/// Something that the request reads, and the dataset that it was found to be of.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ResolvedRead {
    /// As the request names it.
    pub data: DataRef,
    /// Its datasets: one for an object, all below a prefix.
    pub datasets: Vec<String>,
    /// This very thing is permitted (in a bulk question some are, some are not).
    pub allow: bool,
    /// The caller may not know that it exists: answer as for an unknown one (404).
    pub hidden: bool,
}

/// What a decision rests on: when one of these goes, the decision goes (consent.md 5.2).
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct RestsOn {
    /// Datasets.
    pub datasets: BTreeSet<String>,
    /// Digests of the visas whose facts were used.
    pub visas: BTreeSet<String>,
    /// `jti` of those visas.
    pub visa_ids: BTreeSet<String>,
    /// What was let by for those visas: `MARK+MARK:DIGEST`, a mark being a relaxation of the issuer's trust entry or
    /// `stale_keys`. The record of the decision tells them.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub let_by: BTreeSet<String>,
    /// Issuers of those visas.
    pub issuers: BTreeSet<String>,
    /// Sources of the approvals chosen, and of those that further sets of sources gave.
    pub sources: BTreeSet<String>,
    /// Ids of the veto holds that denied it in spite of them.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub vetoes: BTreeSet<String>,
    /// Services.
    pub services: BTreeSet<String>,
    /// Images by canonical name.
    pub images: BTreeSet<String>,
}

/// One Cedar question and its answer.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Answer {
    /// The action.
    pub action: Action,
    /// The principal, as `Type::"id"`.
    pub principal: String,
    /// The resource, as `Type::"id"`.
    pub resource: String,
    /// Permitted.
    pub allow: bool,
    /// The policies that determined it.
    pub policies: Vec<String>,
}

/// A forbid in observe mode that would have denied and did not (policy.md 6).
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Observed {
    /// The policy.
    pub policy: String,
    /// Its code.
    pub code: String,
    /// Its sentence.
    pub sentence: String,
    /// The dataset that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// From here on it denies.
    pub until: Timestamp,
}

/// The answer to a whole request. There is no constructor outside of the engine, and nothing in it can be changed.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Decision {
    pub(crate) allow: bool,
    pub(crate) action: Action,
    pub(crate) policies: Vec<String>,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) grounds: Vec<Reason>,
    pub(crate) obligations: Vec<Obligation>,
    pub(crate) duties: Vec<Duty>,
    pub(crate) valid_until: Timestamp,
    pub(crate) decided: Timestamp,
    pub(crate) snapshot: u64,
    pub(crate) question: String,
    pub(crate) consent: Vec<ConsentVerdict>,
    pub(crate) purpose: Option<ResearchPurpose>,
    pub(crate) reads: Vec<ResolvedRead>,
    pub(crate) rests_on: RestsOn,
    pub(crate) answers: Vec<Answer>,
    pub(crate) observed: Vec<Observed>,
    pub(crate) hidden: bool,
    pub(crate) engine_error: bool,
    #[serde(skip)]
    pub(crate) questions: KeptQuestions,
}

impl Decision {
    /// Permitted, all of it.
    pub const fn allow(&self) -> bool {
        self.allow
    }

    /// What was asked.
    pub const fn action(&self) -> Action {
        self.action
    }

    /// Ids of the policies that determined the answers, sorted, each once.
    pub fn policies(&self) -> &[String] {
        &self.policies
    }

    /// Why not, most specific first. Never empty on a denial, always empty on a permit. Safe to show to the caller.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// Why, on a permit: the permitting policies' sentences.
    pub fn grounds(&self) -> &[Reason] {
        &self.grounds
    }

    /// The leading code of a denial.
    pub fn code(&self) -> Option<&str> {
        self.reasons.first().map(|reason| reason.code.as_str())
    }

    /// What the person owes (consent.md 2.12).
    pub fn obligations(&self) -> &[Obligation] {
        &self.obligations
    }

    /// What the door must do.
    pub fn duties(&self) -> &[Duty] {
        &self.duties
    }

    /// The earliest end among all that it rests on. A permit is void from then on; a denial may be kept until then.
    pub const fn valid_until(&self) -> Timestamp {
        self.valid_until
    }

    /// When it was made.
    pub const fn decided(&self) -> Timestamp {
        self.decided
    }

    /// The version of the snapshot that it was made on.
    pub const fn snapshot(&self) -> u64 {
        self.snapshot
    }

    /// SHA-256 of what was asked and by whom (lower-case hex); equal for equal questions on equal snapshots.
    pub fn question_digest(&self) -> &str {
        &self.question
    }

    /// What consent said, per dataset.
    pub fn consent(&self) -> &[ConsentVerdict] {
        &self.consent
    }

    /// The purpose that was judged; `None` if no data were asked for.
    pub const fn purpose(&self) -> Option<&ResearchPurpose> {
        self.purpose.as_ref()
    }

    /// What the request reads, in its order, with the datasets found.
    pub fn reads(&self) -> &[ResolvedRead] {
        &self.reads
    }

    /// What it rests on.
    pub const fn rests_on(&self) -> &RestsOn {
        &self.rests_on
    }

    /// The Cedar questions, each with its answer.
    pub fn answers(&self) -> &[Answer] {
        &self.answers
    }

    /// Policies in observe mode that would have denied this and let it through; empty on a denial.
    pub fn observed(&self) -> &[Observed] {
        &self.observed
    }

    /// The facts that the policies were asked about, so that other policies can be asked later; `None` if nothing was
    /// asked or it would be too large to keep.
    pub fn facts_record(&self) -> Option<FactsRecord> {
        FactsRecord::of(self, &self.questions)
    }

    /// The caller may not know that what they asked for exists: answer 404 as for an unknown one.
    pub const fn hidden(&self) -> bool {
        self.hidden
    }

    /// The engine could not ask a question or a policy erred; a denial that operators must look at.
    pub const fn engine_error(&self) -> bool {
        self.engine_error
    }
}
