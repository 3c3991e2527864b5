//! Changes that somebody else has to bring about: visas of institutions, issuers and committees, and one's own word.

use std::collections::BTreeSet;

use visa_verifier::VisaType;

use super::{
    LeverKind,
    candidates::{Gathering, ONE_BY_ONE},
    change::Change,
    visas::Mint,
};
use crate::{
    consent::{Access, Code, Dataset, Effect, ResearchPurpose, State},
    decide::{facts::REGISTERED, presented::Held},
};

/// Most terms tried one by one.
const TERMS: usize = 4;

impl Gathering<'_> {
    /// The institution that the purpose names, if the person has not proven to belong to it.
    pub(super) fn affiliation(&mut self, mint: &Mint) {
        let Some(named) = self
            .decision
            .purpose
            .as_ref()
            .and_then(|purpose| purpose.institution.clone())
        else {
            return;
        };
        let id = named.as_str();
        let proven = self.facts.institutions(self.now).any(|house| house == id);
        let house = self.engine.snapshot().institutions.iter().find(|house| house.id == id);
        if let Some(house) = house.filter(|_| !proven) {
            let scope = house.scopes.iter().next().cloned().unwrap_or_default();
            self.add(
                LeverKind::Affiliation,
                format!("Prove that you belong to `{id}`, for which the purpose says you act: log in there, or link that login."),
                Vec::new(),
                vec![id.to_owned()],
                Change::Visas(vec![mint.affiliation(id, &scope)]),
            );
        }
    }

    /// Registered access and terms.
    pub(super) fn registration(&mut self, mint: &Mint) {
        let user = &self.facts.derived.user;
        let registered: Vec<String> = self
            .closed
            .iter()
            .filter(|(dataset, _)| dataset.access == Access::Registered)
            .map(|(dataset, _)| dataset.id.to_string())
            .collect();
        let has_status = user
            .researcher_status
            .iter()
            .any(|status| status.value.as_str() == REGISTERED && self.now < status.expires);
        let accepted = |terms: &str| {
            user.accepted_terms
                .iter()
                .any(|one| one.value.as_str() == terms && self.now < one.expires)
        };
        let mut terms: BTreeSet<String> = self
            .closed
            .iter()
            .flat_map(|(dataset, _)| &dataset.agreements)
            .map(ToString::to_string)
            .collect();
        if !registered.is_empty() {
            terms.insert(REGISTERED.to_owned());
        }
        let terms: Vec<String> = terms.into_iter().filter(|terms| !accepted(terms)).take(TERMS).collect();
        if !registered.is_empty() && !has_status {
            self.add(
                LeverKind::ResearcherStatus,
                "Obtain a ResearcherStatus visa: your institution or a peer vouches that you are a bona fide researcher.",
                registered,
                vec![REGISTERED.to_owned()],
                Change::Visas(vec![mint.status(&self.engine.snapshot().node)]),
            );
        }
        for one in terms {
            let visa = mint.terms(&one, &self.engine.snapshot().node);
            let sentence = format!("Read and accept the terms `{one}`; your broker then issues the visa.");
            self.add(
                LeverKind::AcceptTerms,
                sentence,
                Vec::new(),
                vec![one],
                Change::Visas(vec![visa]),
            );
        }
    }

    /// Grants, judgements and attested purposes.
    pub(super) fn approvals(&mut self, mint: &Mint) {
        let stated = self
            .decision
            .purpose
            .clone()
            .filter(|purpose| !purpose.categories.is_unstated());
        let Some(purpose) = stated.clone().or_else(|| self.permitted()) else {
            return;
        };
        let wanted: Vec<Dataset> = self
            .closed
            .iter()
            .filter(|(dataset, _)| {
                dataset.access == Access::Controlled && dataset.state == State::Active && !dataset.dac.is_empty()
            })
            .map(|(dataset, _)| dataset.clone())
            .collect();
        let one_by_one = wanted.len() <= ONE_BY_ONE;
        let mut committees: Vec<(String, Vec<Dataset>)> = Vec::new();
        for dataset in wanted {
            if let Some(purpose) = &stated {
                self.attest(mint, &dataset, purpose);
            }
            let key = if one_by_one {
                dataset.id.to_string()
            } else {
                self.dac(&dataset)
            };
            match committees.iter_mut().find(|(known, _)| *known == key) {
                Some((_, datasets)) => datasets.push(dataset),
                None => committees.push((key, vec![dataset])),
            }
        }
        for (_, datasets) in committees {
            self.grant(mint, &datasets, &purpose);
        }
    }

    fn dac(&self, dataset: &Dataset) -> String {
        self.engine
            .dataset(dataset.id.as_str())
            .map(|record| record.dac.clone())
            .unwrap_or_default()
    }

    /// A grant; or, where consent says review, the committee's judgement with it.
    fn grant(&mut self, mint: &Mint, datasets: &[Dataset], purpose: &ResearchPurpose) {
        let sources = |dataset: &Dataset| -> Vec<String> {
            let further = dataset.approval_sets.iter().filter_map(|set| set.iter().next());
            let mut all: Vec<String> = Vec::new();
            for source in dataset.dac.first().into_iter().chain(further) {
                if !all.contains(&source.to_string()) {
                    all.push(source.to_string());
                }
            }
            all
        };
        let made = |settles: &dyn Fn(&Dataset) -> Vec<String>| -> Vec<Held> {
            let mut visas = Vec::new();
            for dataset in datasets {
                for source in sources(dataset) {
                    visas.extend(mint.grant(dataset.id.as_str(), &source, purpose, &settles(dataset)));
                }
            }
            visas
        };
        let plain = Change::Visas(made(&|_| Vec::new()));
        let tried = self
            .ground
            .with([&plain], self.now)
            .map(|ground| ground.decide(self.engine, self.now));
        // What consent leaves to a person, now or once there is a grant.
        let open_questions = |dataset: &Dataset| -> Vec<String> {
            let judged = [Some(self.decision), tried.as_ref()].into_iter().flatten();
            let verdicts = judged.flat_map(|decision| &decision.consent);
            let review = |code: &&String| {
                code.parse::<Code>()
                    .is_ok_and(|code| self.engine.tables.effect(code) == Effect::Review)
            };
            let codes: BTreeSet<String> = verdicts
                .filter(|verdict| verdict.dataset == dataset.id.as_str())
                .flat_map(|verdict| &verdict.codes)
                .filter(review)
                .cloned()
                .collect();
            codes.into_iter().collect()
        };
        let ids: Vec<String> = datasets.iter().map(|dataset| dataset.id.to_string()).collect();
        let from: BTreeSet<String> = datasets.iter().flat_map(sources).collect();
        let from: Vec<String> = from.into_iter().collect();
        let (of, whom) = (ids.join(", "), from.join(", "));
        if datasets.iter().any(|dataset| !open_questions(dataset).is_empty()) {
            let change = Change::Visas(made(&open_questions));
            let sentence =
                format!("Ask the committee to decide on this purpose for {of} and to record it with a grant: {whom}.");
            self.add(LeverKind::Judgement, sentence, ids, from, change);
        } else {
            let sentence = format!("Apply for {of}: a grant of {whom} that records this purpose.");
            self.add(LeverKind::Grant, sentence, ids, from, plain);
        }
    }

    /// For a grant that records no purpose, where the dataset takes one's own word.
    fn attest(&mut self, mint: &Mint, dataset: &Dataset, purpose: &ResearchPurpose) {
        if dataset.bound_purpose {
            return;
        }
        let visas: Vec<Held> = self
            .facts
            .visas()
            .iter()
            .filter(|visa| {
                visa.kind == VisaType::ControlledAccessGrants
                    && visa.value == dataset.id.as_str()
                    && dataset.dac.iter().any(|source| source.as_str() == visa.source)
                    && self.now < visa.expires
            })
            .map(|visa| mint.attested(visa, purpose))
            .collect();
        if visas.is_empty() {
            return;
        }
        let id = dataset.id.to_string();
        self.add(
            LeverKind::AttestPurpose,
            format!("Attest this purpose for {id} at your broker: your grant for it records none."),
            vec![id],
            Vec::new(),
            Change::Visas(visas),
        );
    }
}
