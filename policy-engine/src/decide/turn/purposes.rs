//! Is there any purpose that the labels would permit? Asked so that "say what for" is promised only where it helps;
//! which purpose it is, nobody is told (consent.md 2.11).

use std::collections::BTreeSet;

use visa_verifier::seam::Timestamp;

use crate::{
    consent::{
        self, Categories, Category, Context, Dataset, Input, Name, Operation, ResearchPurpose, Stage, Verdict,
        name::CountryCode,
    },
    decide::{Engine, Facts},
};

/// Diseases of the labels that are tried.
const DISEASES: usize = 8;

/// A purpose that consent would permit for these datasets if their committees agreed, else one that it would leave to
/// them; `None` if there is none among the plain ones.
pub(crate) fn permitted(
    engine: &Engine,
    facts: &Facts,
    datasets: &[Dataset],
    now: Timestamp,
) -> Option<ResearchPurpose> {
    let mut judged = None;
    for purpose in plain(facts, datasets, now) {
        let country = |code: &str| CountryCode::try_from(code).ok();
        let service = engine.service(&engine.snapshot.node);
        let input = Input {
            version: 1,
            stage: Stage::Apply,
            action: Operation::Compute,
            context: Context {
                now,
                processing_countries: service
                    .and_then(|service| country(&service.country))
                    .into_iter()
                    .collect(),
                access_country: None,
            },
            purpose: purpose.clone(),
            user: facts.derived.user.clone(),
            approvals: Vec::new(),
            datasets: datasets.to_vec(),
        };
        match consent::evaluate(&input, &engine.tables).decision {
            Verdict::Permit => return Some(purpose),
            Verdict::Review => judged = judged.or(Some(purpose)),
            Verdict::Deny => {}
        }
    }
    judged
}

fn plain(facts: &Facts, datasets: &[Dataset], now: Timestamp) -> Vec<ResearchPurpose> {
    let labelled: BTreeSet<&Name> = datasets
        .iter()
        .flat_map(|dataset| &dataset.uses)
        .flat_map(|group| &group.terms)
        .flat_map(|term| &term.values)
        .filter(|value| value.as_str().starts_with("MONDO:"))
        .collect();
    let institution = facts.institutions(now).next().and_then(|id| Name::try_from(id).ok());
    let of = |words: &[Category], disease: Option<&Name>| {
        let mut purpose = ResearchPurpose::of(Categories::of(words));
        purpose.diseases = disease.into_iter().cloned().collect();
        purpose.commercial = Some(false);
        purpose.institution.clone_from(&institution);
        purpose
    };
    let mut all: Vec<ResearchPurpose> = labelled
        .into_iter()
        .take(DISEASES)
        .flat_map(|disease| {
            [
                of(&[Category::Disease], Some(disease)),
                of(&[Category::Disease, Category::Genetic], Some(disease)),
            ]
        })
        .collect();
    for words in [
        [Category::Biomedical].as_slice(),
        &[Category::Genetic, Category::Biomedical],
        &[Category::Ancestry],
        &[Category::Methods],
    ] {
        all.push(of(words, None));
    }
    all
}
