//! The facts behind a decision, for the person whom they are about: who says so, and until when.

use serde::Serialize;
use visa_verifier::seam::Timestamp;

use super::{Decision, Engine, Facts, Reason, consented::ConsentQuestion};
use crate::{
    catalogue::Asked,
    consent::{Operation, ResearchPurpose, Stage, Verdict},
    snapshot::DatasetMode,
};

/// A verified visa that a decision rests on.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Behind {
    /// Its type.
    pub kind: String,
    /// What it says: a dataset, an affiliation, terms.
    pub value: String,
    /// On whose word.
    pub source: String,
    /// Who signed it.
    pub issuer: String,
    /// In which capacity the source spoke, in the words of the Passport specification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Until when it counts.
    pub until: Timestamp,
}

/// Whether a dataset's consent fits a purpose, before anybody has granted anything.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Fit {
    /// Permit: its committee could grant it. Review: it would have to judge. Deny: it could not.
    pub verdict: Verdict,
    /// Why not, or what is left to judge.
    pub reasons: Vec<Reason>,
}

impl Facts {
    /// The person's own visas that a decision about them rests on, in the order presented.
    pub fn behind(&self, decision: &Decision) -> Vec<Behind> {
        let used = &decision.rests_on().visas;
        self.visas()
            .iter()
            .filter(|visa| used.contains(&visa.digest))
            .map(|visa| Behind {
                kind: visa.kind.as_str().to_owned(),
                value: visa.value.clone(),
                source: visa.source.clone(),
                issuer: visa.issuer.clone(),
                by: visa.by.map(|by| by.as_str().to_owned()),
                until: visa.expires,
            })
            .collect()
    }
}

impl Engine {
    /// Whether a dataset's consent fits a purpose at the time of an application (consent.md 2.2, stage `apply`).
    /// `None` for a dataset that the person may not know of, as for one that is not there.
    pub fn fits(&self, facts: &Facts, dataset: &str, purpose: &ResearchPurpose, now: Timestamp) -> Option<Fit> {
        let facts = self.own(facts);
        let record = self.dataset(dataset).filter(|_| self.may_know(&facts, dataset, now))?;
        let service = self.service(&self.snapshot.node);
        let question = ConsentQuestion {
            stage: Stage::Apply,
            operation: match record.mode {
                DatasetMode::Download => Operation::Download,
                DatasetMode::ComputeOnly => Operation::Compute,
            },
            purpose,
            place: service.map(|service| service.country.as_str()),
            now,
        };
        let whole = Asked::default();
        let part = whole.part(self.consent_dataset(dataset)?);
        let consented = self.consent(&facts, &[part], &question)?;
        Some(Fit {
            verdict: consented.part(dataset).verdict,
            reasons: consented.reasons(self, &facts, now),
        })
    }
}
