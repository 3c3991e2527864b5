//! Asks the consent engine about all datasets of a request at once, and words its answer for the outside.

use std::collections::BTreeSet;

use visa_verifier::seam::Timestamp;

use super::{ConsentVerdict, Engine, Facts, Reason, grants::Grant, resolve::Reads};
use crate::{
    consent::{
        self, Approval, Context, CountryCode, Dataset, HoldKind, HoldScope, Name, Operation, Output, PurposeBasis,
        ResearchPurpose, Stage, Verdict,
        code::Code,
        input::{APPROVALS, DATASETS, Part, Question},
    },
    entity::{ConsentPart, GrantPart},
};

/// A set of sources is told by so many of them.
const SOURCES_TOLD: usize = 8;

/// Consent's answer for a request.
#[derive(Debug)]
pub(crate) struct Consented {
    output: Output,
    /// Positions in `Facts::derived.grants` of the approvals shown, in the order shown.
    shown: Vec<usize>,
}

/// What consent is asked beside the datasets.
pub(crate) struct ConsentQuestion<'a> {
    pub(crate) stage: Stage,
    pub(crate) operation: Operation,
    pub(crate) purpose: &'a ResearchPurpose,
    /// Where the data are used, ISO 3166-1 alpha-2.
    pub(crate) place: Option<&'a str>,
    pub(crate) now: Timestamp,
}

impl Engine {
    /// The datasets of a request as consent judges them: with their holds and the part asked for.
    pub(crate) fn asked_datasets(&self, reads: &Reads) -> Vec<Dataset> {
        reads
            .asked
            .iter()
            .filter_map(|(id, asked)| self.consent_dataset(id.as_str()).map(|dataset| asked.of(dataset)))
            .collect()
    }

    /// The same, lent.
    pub(crate) fn asked_parts<'q>(&'q self, reads: &'q Reads) -> Vec<Part<'q>> {
        reads
            .asked
            .iter()
            .filter_map(|(id, asked)| self.consent_dataset(id.as_str()).map(|dataset| asked.part(dataset)))
            .collect()
    }

    /// Asks. `None` if there are more datasets or approvals than can be judged together: a denial.
    pub(crate) fn consent(
        &self,
        facts: &Facts,
        datasets: &[Part<'_>],
        question: &ConsentQuestion<'_>,
    ) -> Option<Consented> {
        let ids: BTreeSet<&str> = datasets.iter().map(|part| part.dataset.id.as_str()).collect();
        let (shown, approvals): (Vec<usize>, Vec<&Approval>) = facts
            .derived
            .grants
            .iter()
            .enumerate()
            .filter(|(_, grant)| ids.contains(grant.approval.dataset.as_str()))
            .map(|(at, grant)| (at, &grant.approval))
            .unzip();
        if datasets.is_empty() || datasets.len() > DATASETS || approvals.len() > APPROVALS {
            return None;
        }
        // papers that committees recorded stand beside those of the question: a session never brings any
        let mut purpose = std::borrow::Cow::Borrowed(question.purpose);
        for paper in shown
            .iter()
            .filter_map(|at| facts.derived.grants.get(*at))
            .flat_map(|grant| &grant.papers)
        {
            if !purpose.ethics.iter().any(|known| known.id == paper.id) {
                purpose.to_mut().ethics.push(paper.clone());
            }
        }
        let country = |code: &str| CountryCode::try_from(code).ok();
        let context = Context {
            now: question.now,
            processing_countries: question.place.and_then(country).into_iter().collect(),
            access_country: facts.session().country.as_deref().and_then(country),
        };
        let input = Question {
            stage: question.stage,
            action: question.operation,
            context: &context,
            purpose: &purpose,
            user: &facts.derived.user,
            approvals,
            datasets: datasets.to_vec(),
        };
        Some(Consented {
            output: consent::answer(&input, &self.tables),
            shown,
        })
    }
}

impl Consented {
    /// A reason that belongs to no dataset denies all of them.
    fn denied_as_a_whole(&self) -> bool {
        self.output.reasons.iter().any(|reason| reason.dataset.is_none())
    }

    /// What Cedar is told of a dataset; deny for one that was not asked.
    pub(crate) fn part(&self, dataset: &str) -> ConsentPart<'_> {
        let verdict = match self
            .output
            .per_dataset
            .iter()
            .find(|verdict| verdict.dataset.as_str() == dataset)
        {
            Some(verdict) if !self.denied_as_a_whole() => verdict.decision,
            Some(_) | None => Verdict::Deny,
        };
        let codes = || {
            self.output
                .reasons
                .iter()
                .filter(|r| r.dataset.as_ref().is_none_or(|d| d.as_str() == dataset))
        };
        let leading = codes()
            .find(|reason| reason.effect == consent::Effect::Deny)
            .or_else(|| codes().next())
            .map_or("ok", |reason| reason.code.as_str());
        ConsentPart { verdict, code: leading }
    }

    /// Whether consent gives this reason for a dataset.
    pub(crate) fn says(&self, dataset: &str, code: Code) -> bool {
        let mut verdicts = self.output.per_dataset.iter();
        verdicts.any(|verdict| verdict.dataset.as_str() == dataset && verdict.reasons.contains(&code))
    }

    /// What the purpose rests on for a dataset.
    pub(crate) fn basis(&self, dataset: &str) -> PurposeBasis {
        let found = self
            .output
            .per_dataset
            .iter()
            .find(|verdict| verdict.dataset.as_str() == dataset);
        found.map_or(PurposeBasis::None, |verdict| verdict.basis)
    }

    /// The approval that consent chose for a dataset: the very one, never chosen twice.
    pub(crate) fn grant<'f>(&self, facts: &'f Facts, dataset: &str) -> Option<&'f Grant> {
        let mut verdicts = self.output.per_dataset.iter();
        let verdict = verdicts.find(|verdict| verdict.dataset.as_str() == dataset)?;
        let shown = self.shown.get(verdict.approval?)?;
        facts.derived.grants.get(*shown)
    }

    /// Until when the permits hold; `None`: nothing bounds them.
    pub(crate) const fn valid_until(&self) -> Option<Timestamp> {
        self.output.valid_until
    }

    /// What the person owes.
    pub(crate) fn obligations(&self) -> &[consent::Obligation] {
        &self.output.obligations
    }

    /// Verdict, basis and exact codes of each dataset.
    pub(crate) fn verdicts(&self) -> Vec<ConsentVerdict> {
        let verdict = |found: &consent::DatasetVerdict| ConsentVerdict {
            dataset: found.dataset.to_string(),
            verdict: self.part(found.dataset.as_str()).verdict,
            basis: found.basis,
            codes: found.reasons.iter().map(|code| code.as_str().to_owned()).collect(),
        };
        self.output.per_dataset.iter().map(verdict).collect()
    }

    /// Its reasons, worded for requesters: every hold on an object or participant reads alike.
    pub(crate) fn reasons(&self, engine: &Engine, facts: &Facts, now: Timestamp) -> Vec<Reason> {
        let mut reasons: Vec<Reason> = Vec::new();
        for found in &self.output.reasons {
            let dataset = found.dataset.as_ref().map(ToString::to_string);
            let outward = match (hold_kind(found.code), &dataset) {
                (Some(kind), Some(dataset)) if concerns_participants(engine, dataset, kind) => {
                    let sentence = engine.tables.sentence(Code::Hold);
                    Reason {
                        dataset: Some(dataset.clone()),
                        ..Reason::new(Code::Hold.as_str(), sentence.message, sentence.remedy)
                    }
                }
                _ => Reason {
                    dataset,
                    group: found.group.as_ref().map(ToString::to_string),
                    term: found.term.as_ref().map(ToString::to_string),
                    ..Reason::new(found.code.as_str(), found.message.clone(), found.remedy.clone())
                },
            };
            let outward = match &found.dataset {
                Some(dataset) if is_of_approval(found.code) => {
                    self.with_level(outward, engine, facts, dataset.as_str(), now)
                }
                Some(_) | None => outward,
            };
            if !reasons.contains(&outward) {
                reasons.push(outward);
            }
        }
        // Facts before judgements: what denies leads.
        reasons.sort_by_key(|reason| {
            let code = reason.code.parse::<Code>();
            code.is_ok_and(|code| engine.tables.effect(code) == consent::Effect::Review)
        });
        reasons
    }
}

/// Whether a code says that an approval lacks or does not fit.
fn is_of_approval(code: Code) -> bool {
    code.as_str()
        .strip_prefix("consent.")
        .is_some_and(|fact| fact.starts_with("approval_"))
}

impl Consented {
    /// Where several levels have to agree: of which one no approval is there, beside what is wrong with one.
    fn with_level(&self, mut reason: Reason, engine: &Engine, facts: &Facts, dataset: &str, now: Timestamp) -> Reason {
        let Some(asked) = engine
            .consent_dataset(dataset)
            .filter(|asked| !asked.approval_sets.is_empty())
        else {
            return reason;
        };
        let shown = || self.shown.iter().filter_map(|at| facts.derived.grants.get(*at));
        let there = |source: &Name| {
            shown().any(|grant| {
                let approval = &grant.approval;
                let running = approval.starts <= now && now < approval.expires;
                approval.dataset.as_str() == dataset && approval.source == *source && running
            })
        };
        if !asked.dac.iter().any(there) {
            reason.remedy.push_str(" The committee's own approval is not there.");
        }
        for set in asked.approval_sets.iter().filter(|set| !set.iter().any(there)) {
            let sources: Vec<&str> = set.iter().map(Name::as_str).take(SOURCES_TOLD).collect();
            reason.remedy.push_str(&format!(
                " Needed as well, and not there, is an approval of {}.",
                sources.join(" or ")
            ));
        }
        reason
    }
}

/// The kind of hold that a code tells.
fn hold_kind(code: Code) -> Option<HoldKind> {
    HoldKind::ALL
        .iter()
        .copied()
        .find(|kind| code.as_str() == format!("consent.hold_{kind}"))
}

/// Whether a hold of this kind on the dataset is about objects or participants, so that its kind must not show.
fn concerns_participants(engine: &Engine, dataset: &str, kind: HoldKind) -> bool {
    engine.consent_dataset(dataset).is_none_or(|dataset| {
        dataset
            .holds
            .iter()
            .any(|hold| hold.kind() == kind && matches!(hold.scope(), HoldScope::Object | HoldScope::Participant))
    })
}

impl Grant {
    /// As Cedar's context takes it.
    pub(crate) fn part<'f>(&'f self, facts: &'f Facts) -> GrantPart<'f> {
        let visa = self.visas.first().and_then(|at| facts.visas().get(*at));
        GrantPart {
            dataset: self.approval.dataset.as_str(),
            issuer: visa.map(|visa| visa.issuer.as_str()).unwrap_or_default(),
            source: self.approval.source.as_str(),
            by: visa.and_then(|visa| visa.by).map(|by| by.as_str()).unwrap_or_default(),
            asserted: self.approval.starts,
            expires: self.approval.expires,
            times: &self.times,
        }
    }
}
