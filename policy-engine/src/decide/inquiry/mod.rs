//! The whole intent under judgement: what it reads, for what, and what consent says; then the questions.

mod circumstances;
mod data;
mod parts;

use std::collections::BTreeSet;

use visa_verifier::{VisaType, seam::Timestamp};

use circumstances::Ready;

use super::{
    Decision, Engine, Facts, Reason, WorkItem,
    answer::{Draft, worded},
    consented::{ConsentQuestion, Consented},
    facts::{GROUP, House, is_of_its_issuer},
    purpose::purpose,
    resolve::Reads,
};
use crate::{
    consent::{Access, Dataset, Name, Operation, ResearchPurpose, Stage, input::Part},
    entity::WorkPart,
    intent::{Action, Intent, ScopeKind},
    snapshot::{DatasetMode, DatasetRecord},
};

/// The code of data that the place of the work may not hold.
pub const NOT_HELD: &str = "policy.place_may_not_hold";

/// One intent under judgement.
pub(crate) struct Inquiry<'a> {
    engine: &'a Engine,
    facts: &'a Facts,
    intent: &'a Intent,
    /// The task or run that reads, if it is not the caller.
    reader: Option<&'a WorkItem>,
    now: Timestamp,
    draft: Draft,
    service: String,
    house: Option<House>,
    work: WorkPart,
    ready: Ready,
}

impl<'a> Inquiry<'a> {
    pub(crate) fn of(
        engine: &'a Engine,
        facts: &'a Facts,
        intent: &'a Intent,
        reader: Option<&'a WorkItem>,
        now: Timestamp,
    ) -> Self {
        let service = reader
            .map(|work| &work.service)
            .or(intent.service.as_ref())
            .unwrap_or(&engine.snapshot.node);
        Self {
            engine,
            facts,
            intent,
            reader,
            now,
            draft: Draft::new(intent.action, facts, now),
            service: service.clone(),
            house: None,
            work: WorkPart::default(),
            ready: Ready::default(),
        }
    }

    /// Judges it.
    pub(crate) fn run(mut self) -> Decision {
        let reads = Reads::of(self.engine, self.facts, self.intent, self.now);
        let parts = self.engine.asked_parts(&reads);
        let datasets: Vec<&Dataset> = parts.iter().map(|part| part.dataset).collect();
        self.gather(&reads, &datasets);
        let consented = self.consent(&parts, &datasets);
        let mut open = BTreeSet::new();
        for dataset in datasets {
            let permitted = self.dataset(dataset, consented.as_ref());
            if permitted {
                open.insert(dataset.id.as_str());
            }
        }
        self.rest();
        for read in &mut self.draft.reads {
            read.allow = !read.hidden && read.datasets.iter().all(|dataset| open.contains(dataset.as_str()));
        }
        if let Some(consented) = &consented {
            self.draft.consent = consented.verdicts();
            self.draft.obligations = consented.obligations().to_vec();
        }
        let question = worded(self.intent, self.reader);
        self.draft.finish(self.engine, self.facts, &question)
    }

    /// What every question of the request sees of the whole.
    fn gather(&mut self, reads: &Reads, datasets: &[&Dataset]) {
        for reason in &reads.reasons {
            self.draft.deny(reason.clone());
        }
        self.draft.hidden = !reads.reads.is_empty() && reads.reads.iter().all(|read| read.hidden);
        self.draft.reads.clone_from(&reads.reads);
        // Work under a session or run can reach all that was declared for it, not only what this request names.
        let scope = self.intent.session.as_ref();
        let mut ids: BTreeSet<String> = datasets.iter().map(|dataset| dataset.id.to_string()).collect();
        let asked = ids.clone();
        ids.extend(scope.iter().flat_map(|scope| scope.datasets.iter().cloned()));
        // A dataset that is gone counts as the strictest.
        let any = |test: fn(&DatasetRecord) -> bool| ids.iter().any(|id| self.engine.dataset(id).is_none_or(test));
        let declared = scope.filter(|scope| scope.kind == ScopeKind::Session);
        self.work = WorkPart {
            controlled: any(|record| record.consent.access == Access::Controlled),
            compute_only: any(|record| record.mode == DatasetMode::ComputeOnly),
            datasets: ids.into_iter().collect(),
            body_seen: self.intent.body_seen,
            opaque: self.intent.opaque,
            inline_code: self.intent.inline_code,
            command_matches: self.intent.command_matches,
            session_datasets: declared.is_some(),
            project: None,
        };
        self.draft.rests_on.datasets.extend(self.work.datasets.iter().cloned());
        self.draft.rests_on.services.insert(self.service.clone());
        if let Some(scope) = declared {
            self.session_bounds(asked, &scope.datasets, scope.expires);
        }
        self.project();
        self.zones();
        self.place();
        // a policy may rest on a group that a visa says
        for (at, visa) in self.facts.visas().iter().enumerate() {
            let counted = self.facts.derived.counted.contains(&at);
            if counted && is_of_its_issuer(visa, GROUP, &self.engine.snapshot) {
                self.draft.uses(self.facts, at);
                self.draft.ends(visa.expires);
            }
        }
        if self.facts.identities().len() > 1 {
            for (at, visa) in self.facts.visas().iter().enumerate() {
                if visa.kind == VisaType::LinkedIdentities {
                    self.draft.uses(self.facts, at);
                    self.draft.ends(visa.expires);
                }
            }
        }
    }

    /// Work of a session reads nothing but what the session declared, and ends with it.
    fn session_bounds(&mut self, asked: BTreeSet<String>, declared: &[String], expires: Timestamp) {
        self.draft.ends(expires);
        for dataset in asked {
            if !declared.contains(&dataset) {
                let mut reason = Reason::new(
                    "policy.not_in_session",
                    "The workflow session does not name this dataset.",
                    "Start a session that names it.",
                );
                reason.dataset = Some(dataset);
                self.draft.deny(reason);
            }
        }
    }

    /// Labels and policies judge the country that the service is registered in: work elsewhere is work of another
    /// service.
    fn zones(&mut self) {
        let country = self
            .engine
            .service(&self.service)
            .map(|service| service.country.as_str());
        if self
            .intent
            .countries
            .iter()
            .any(|asked| Some(asked.as_str()) != country)
        {
            self.draft.deny(Reason::new(
                "policy.zone_elsewhere",
                "The work asks for a zone in another country than the one that its service is registered in.",
                "Leave the zone out, or send the work to a service in that country.",
            ));
        }
    }

    /// Data go to no place that may not hold them, also those that the work's session could reach from there.
    fn place(&mut self) {
        let Some(may_hold) = &self.intent.may_hold else { return };
        for dataset in self.work.datasets.iter().filter(|id| !may_hold.covers(id)) {
            let mut reason = Reason::new(
                NOT_HELD,
                "The place where this would run may not hold this dataset, and no other place of this node may hold all \
                 that it reads.",
                "Send work that reads this dataset alone, or ask the node's operator where it may be computed on.",
            );
            reason.dataset = Some(dataset.clone());
            self.draft.deny(reason);
        }
    }

    /// A project counts only for its members: a name alone opens no wall.
    fn project(&mut self) {
        let named = self.reader.map_or(&self.intent.project, |work| &work.group);
        let Some(project) = named else { return };
        if self.engine.is_member(self.facts, project) {
            self.work.project = Some(project.clone());
        } else {
            let mut reason = Reason::new(
                "policy.not_in_project",
                "You are not a member of the project that this work is for.",
                "Ask the project's lead, or name another project.",
            );
            reason.about = Some(project.clone());
            self.draft.deny(reason);
        }
    }

    /// Finds the purpose and asks consent, where data are used.
    fn consent(&mut self, parts: &[Part<'_>], datasets: &[&Dataset]) -> Option<Consented> {
        let action = self.data_action()?;
        let operation = if action.computes() {
            Operation::Compute
        } else if action.exports() {
            Operation::Export
        } else {
            Operation::Download
        };
        let operation = Some(operation).filter(|_| action.uses_data() && !datasets.is_empty());
        let purpose = match purpose(self.engine, self.facts, self.intent, datasets, self.now) {
            Ok(purpose) => purpose,
            Err(error) => {
                self.draft.deny(Reason::new(
                    error.code(),
                    format!("{error}."),
                    "Correct the header, or leave it out.",
                ));
                return None;
            }
        };
        self.house = self.acting_for(Some(&purpose));
        self.draft.purpose = (!datasets.is_empty()).then(|| purpose.clone());
        let operation = operation?;
        let place = if operation == Operation::Compute {
            self.service.clone()
        } else {
            self.engine.snapshot.node.clone()
        };
        let question = ConsentQuestion {
            stage: Stage::Use,
            operation,
            purpose: &purpose,
            place: self.engine.service(&place).map(|service| service.country.as_str()),
            now: self.now,
        };
        let Some(consented) = self.engine.consent(self.facts, parts, &question) else {
            self.draft.deny(Reason::new(
                "policy.too_much_at_once",
                "The request names more datasets, or you hold more grants, than can be judged together.",
                "Split the request.",
            ));
            return None;
        };
        for reason in consented.reasons(self.engine, self.facts, self.now) {
            self.draft.deny(reason);
        }
        if let Some(end) = consented.valid_until() {
            self.draft.ends(end);
        }
        Some(consented)
    }

    /// The action that each dataset is asked with.
    const fn data_action(&self) -> Option<Action> {
        let action = self.intent.action;
        if matches!(action, Action::TesCreate) {
            Some(Action::TesUseInput)
        } else if matches!(action, Action::WesCreate) {
            Some(Action::WesUseInput)
        } else if matches!(action, Action::TesUseInput | Action::WesUseInput) {
            // Inputs are asked as parts of a task or run, never by themselves.
            None
        } else if action.uses_data() || matches!(action, Action::DrsDescribe) {
            Some(action)
        } else {
            None
        }
    }

    /// The house that the person acts for: the purpose's if they belong to it, else the one proven longest.
    fn acting_for(&self, purpose: Option<&ResearchPurpose>) -> Option<House> {
        let stated = purpose
            .and_then(|purpose| purpose.institution.as_ref())
            .map(Name::as_str);
        let of_purpose = self
            .facts
            .houses(self.now)
            .find(|house| Some(house.institution.as_str()) == stated);
        of_purpose.or_else(|| self.facts.houses(self.now).next()).cloned()
    }
}
