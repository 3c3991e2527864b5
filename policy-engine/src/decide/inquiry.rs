//! The whole intent as Cedar questions: one a dataset, image, sink, workflow and service; all must permit.

use cedar_policy::{Context, EntityUid};
use visa_verifier::{VisaType, seam::Timestamp};

use super::{
    Decision, DutyKind, Engine, Facts, Reason, WorkItem, WorkKind, WorkState,
    answer::Draft,
    ask::{Asked, Question},
    consented::{ConsentQuestion, Consented},
    facts::{House, REGISTERED},
    purpose::purpose,
    resolve::Reads,
};
use crate::{
    consent::{Access, Dataset, Name, Operation, PurposeBasis, ResearchPurpose, Verdict, VouchedBy},
    entity::{CallContext, ConsentPart, DataContext, PurposePart, Thing, ThingBuilder, WorkPart, uid},
    error::EngineError,
    intent::{Action, Image, Intent, ScopeKind, StorageUrl, ToolRef},
    snapshot::DatasetMode,
};

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
        }
    }

    /// Judges it.
    pub(crate) fn run(mut self) -> Decision {
        let reads = Reads::of(self.engine, self.facts, self.intent, self.now);
        let datasets = self.engine.asked_datasets(&reads);
        self.gather(&reads, &datasets);
        let consented = self.consent(&datasets);
        let mut open = Vec::new();
        for dataset in &datasets {
            let permitted = self.dataset(dataset, consented.as_ref());
            if permitted {
                open.push(dataset.id.to_string());
            }
        }
        self.rest();
        for read in &mut self.draft.reads {
            read.allow = !read.hidden && read.datasets.iter().all(|dataset| open.contains(dataset));
        }
        if let Some(consented) = &consented {
            self.draft.consent = consented.verdicts();
            self.draft.obligations = consented.obligations().to_vec();
        }
        let question = serde_json::to_string(&(self.intent, self.reader)).unwrap_or_default();
        self.draft.finish(self.engine, self.facts, &question)
    }

    /// What every question of the request sees of the whole.
    fn gather(&mut self, reads: &Reads, datasets: &[Dataset]) {
        for reason in &reads.reasons {
            self.draft.deny(reason.clone());
        }
        self.draft.hidden = !reads.reads.is_empty() && reads.reads.iter().all(|read| read.hidden);
        self.draft.reads.clone_from(&reads.reads);
        let records: Vec<_> = datasets
            .iter()
            .filter_map(|d| self.engine.dataset(d.id.as_str()))
            .collect();
        let declared = self
            .intent
            .session
            .as_ref()
            .filter(|scope| scope.kind == ScopeKind::Session);
        self.work = WorkPart {
            datasets: datasets.iter().map(|dataset| dataset.id.to_string()).collect(),
            controlled: datasets.iter().any(|dataset| dataset.access == Access::Controlled),
            compute_only: records.iter().any(|record| record.mode == DatasetMode::ComputeOnly),
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
            self.session_bounds(&scope.datasets.clone(), scope.expires);
        }
        self.project();
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
    fn session_bounds(&mut self, declared: &[String], expires: Timestamp) {
        self.draft.ends(expires);
        for dataset in self.work.datasets.clone() {
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
    fn consent(&mut self, datasets: &[Dataset]) -> Option<Consented> {
        let operation = match self.data_action()? {
            Action::DrsDescribe => None,
            action if action.computes() => Some(Operation::Compute),
            _ => Some(Operation::Download),
        };
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
        let operation = operation.filter(|_| !datasets.is_empty())?;
        let place = if operation == Operation::Compute {
            self.service.clone()
        } else {
            self.engine.snapshot.node.clone()
        };
        let question = ConsentQuestion {
            operation,
            purpose: &purpose,
            place: self.engine.service(&place).map(|service| service.country.as_str()),
            now: self.now,
        };
        let Some(consented) = self.engine.consent(self.facts, datasets.to_vec(), &question) else {
            self.draft.deny(Reason::new(
                "policy.too_much_at_once",
                "The request names more datasets, or you hold more grants, than can be judged together.",
                "Split the request.",
            ));
            return None;
        };
        for reason in consented.reasons(self.engine) {
            self.draft.deny(reason);
        }
        if let Some(end) = consented.valid_until() {
            self.draft.ends(end);
        }
        Some(consented)
    }

    /// The action that each dataset is asked with.
    const fn data_action(&self) -> Option<Action> {
        match self.intent.action {
            Action::TesCreate => Some(Action::TesUseInput),
            Action::WesCreate => Some(Action::WesUseInput),
            action if action.uses_data() => Some(action),
            Action::DrsDescribe => Some(Action::DrsDescribe),
            _ => None,
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

    /// Asks about one dataset. Returns whether it permits.
    fn dataset(&mut self, dataset: &Dataset, consented: Option<&Consented>) -> bool {
        let id = dataset.id.as_str();
        let asked = match self.data_action() {
            Some(action) => self.data_question(action, dataset, consented),
            // A draft about a dataset is no use of it.
            None if self.intent.action == Action::DrsRegister => {
                let resource = uid(&self.engine.schema.types.dataset, id);
                self.call(Action::DrsRegister, resource, Vec::new(), false)
            }
            None => return true,
        };
        let permitted = self.draft.take(self.engine, asked, Some(id), None);
        self.rest_on(dataset, consented);
        self.dataset_duties(id);
        permitted
    }

    fn data_question(
        &mut self,
        action: Action,
        dataset: &Dataset,
        consented: Option<&Consented>,
    ) -> Result<Asked, EngineError> {
        let types = &self.engine.schema.types;
        let id = dataset.id.as_str();
        let held = consented.and_then(|consented| consented.grant(self.facts, id));
        // A description asks consent nothing; whether there is a grant at all opens it.
        let held = held.or_else(|| {
            (action == Action::DrsDescribe)
                .then(|| {
                    self.facts.derived.grants.iter().find(|grant| {
                        grant.approval.dataset == dataset.id
                            && dataset.dac.contains(&grant.approval.source)
                            && self.now < grant.approval.expires
                    })
                })
                .flatten()
        });
        let consent = match consented {
            Some(consented) => consented.part(id),
            None => ConsentPart {
                verdict: Verdict::Deny,
                code: "not_asked".to_owned(),
            },
        };
        let basis = consented.map_or(PurposeBasis::None, |consented| consented.basis(id));
        let purpose = self
            .draft
            .purpose
            .as_ref()
            .filter(|purpose| !purpose.categories.is_unstated());
        let context = DataContext {
            call: self.call_context(),
            consent,
            grant: held.map(|grant| grant.part(self.facts)),
            researcher_status: self.is_registered_researcher(),
            terms: self.terms(),
            purpose: purpose.map(|purpose| purpose_part(purpose, basis)),
            service: action.computes().then(|| self.service.clone()),
        }
        .build(types)?;
        let mut seeds = self.seeds();
        if action.computes() {
            seeds.push(uid(&types.service, &self.service));
        }
        let (principal, own) = self.reader(action)?;
        self.engine.ask(Question {
            action,
            principal,
            resource: uid(&types.dataset, id),
            own,
            seeds,
            context,
        })
    }

    /// Images, workflow, sinks and the service itself.
    fn rest(&mut self) {
        if self.house.is_none() {
            self.house = self.acting_for(None);
        }
        if let Some(house) = self.house.clone() {
            self.draft.uses(self.facts, house.visa);
            self.draft.ends(house.until);
        }
        match self.intent.action {
            Action::TesCreate | Action::WesCreate => {
                let resource = uid(&self.engine.schema.types.service, &self.service);
                let asked = self.call(self.intent.action, resource, Vec::new(), false);
                self.draft.take(self.engine, asked, None, None);
                for image in &self.intent.runs {
                    self.image(image);
                }
                if let (Action::WesCreate, Some(tool)) = (self.intent.action, &self.intent.tool) {
                    self.tool(Action::WesRunWorkflow, tool);
                    self.draft.duty(DutyKind::PinWorkflow, None);
                }
                for write in &self.intent.writes {
                    self.sink(&write.url);
                }
                self.draft.duty(DutyKind::StampOwner, None);
                self.draft.duty(DutyKind::TerminateOnRevocation, None);
            }
            Action::TrsRead => {
                if let Some(tool) = &self.intent.tool {
                    self.tool(Action::TrsRead, tool);
                }
            }
            Action::ServiceInfo => {
                let resource = uid(&self.engine.schema.types.service, &self.service);
                let asked = self.call(Action::ServiceInfo, resource, Vec::new(), false);
                self.draft.take(self.engine, asked, None, None);
            }
            _ => {}
        }
    }

    fn image(&mut self, image: &Image) {
        let types = &self.engine.schema.types;
        let (registry, repository) = (
            uid(&types.image, image.registry()),
            uid(&types.image, &image.repository()),
        );
        let parent = |id: &EntityUid, above: Option<&EntityUid>| {
            ThingBuilder::new(id.clone())
                .flag("pinned", false)
                .flag("signed", false)
                .flag("attested", false)
                .parents(above.cloned())
                .build()
        };
        let id = uid(&types.image, &image.to_string());
        let things = || -> Result<Vec<Thing>, EngineError> {
            let own = ThingBuilder::new(id.clone())
                .flag("pinned", image.is_pinned())
                .flag("signed", false)
                .flag("attested", false)
                .parent(repository.clone())
                .build()?;
            Ok(vec![
                own,
                parent(&repository, Some(&registry))?,
                parent(&registry, None)?,
            ])
        };
        let asked = things().and_then(|things| self.call(Action::TesRunImage, id.clone(), things, true));
        self.draft.take(self.engine, asked, None, Some(image.as_given()));
        self.draft.rests_on.images.insert(image.to_string());
    }

    fn tool(&mut self, action: Action, tool: &ToolRef) {
        let id = uid(&self.engine.schema.types.tool, &tool.id);
        let thing = ThingBuilder::new(id.clone())
            .flag("public", tool.public)
            .flag("pinned", tool.pinned)
            .build();
        let asked = thing.and_then(|thing| self.call(action, id, vec![thing], false));
        self.draft.take(self.engine, asked, None, Some(&tool.id));
    }

    fn sink(&mut self, url: &StorageUrl) {
        let about = url.to_string();
        let Some(sink) = self.engine.sink(url) else {
            let mut reason = Reason::new(
                "catalogue.sink_unmapped",
                format!("`{about}` is not a place for outputs on this node."),
                "Write to storage of your institution or of one of your groups.",
            );
            reason.about = Some(about);
            self.draft.deny(reason);
            return;
        };
        let resource = uid(&self.engine.schema.types.storage, &sink);
        let asked = self.call(Action::WriteOutput, resource, Vec::new(), true);
        self.draft.take(self.engine, asked, None, Some(&about));
    }

    /// Asks with a `CallContext`; `as_run` questions are a run's own, if a run sent the request.
    fn call(
        &self,
        action: Action,
        resource: EntityUid,
        mut own: Vec<Thing>,
        as_run: bool,
    ) -> Result<Asked, EngineError> {
        let context: Context = self.call_context().build(&self.engine.schema.types)?;
        let (principal, things) = if as_run { self.reader(action)? } else { self.caller()? };
        own.extend(things);
        self.engine.ask(Question {
            action,
            principal,
            resource,
            own,
            seeds: self.seeds(),
            context,
        })
    }

    fn call_context(&self) -> CallContext<'a> {
        CallContext {
            now: self.now,
            session: self.facts.session(),
            stopped: self.engine.is_stopped(self.facts, &self.work.datasets),
            work: self.work.clone(),
        }
    }

    /// Entities that the contexts name beside the resource.
    fn seeds(&self) -> Vec<EntityUid> {
        let types = &self.engine.schema.types;
        let country = self
            .facts
            .session()
            .country
            .as_ref()
            .map(|code| uid(&types.country, code));
        country
            .into_iter()
            .chain(self.work.project.as_ref().map(|id| uid(&types.group, id)))
            .collect()
    }

    fn caller(&self) -> Result<(EntityUid, Vec<Thing>), EngineError> {
        let house = self.house.as_ref().map(|house| house.institution.as_str());
        Ok((
            self.engine.caller(self.facts),
            self.engine.caller_things(self.facts, house, self.now)?,
        ))
    }

    /// Who reads data, runs images and writes: the task or run if there is one, else the caller.
    fn reader(&self, action: Action) -> Result<(EntityUid, Vec<Thing>), EngineError> {
        let run = self
            .intent
            .session
            .as_ref()
            .filter(|scope| scope.kind == ScopeKind::Run);
        let item = match (self.reader, run, self.facts.holder()) {
            (Some(work), ..) => work.clone(),
            (None, Some(scope), Some(holder)) if action != Action::DrsAccessUrl => WorkItem {
                kind: WorkKind::Run,
                id: scope.id.clone(),
                owner: holder.clone(),
                group: None,
                submitter: None,
                service: self.service.clone(),
                state: if scope.running {
                    WorkState::Running
                } else {
                    WorkState::Paused
                },
                datasets: scope.datasets.clone(),
                expires: scope.expires,
            },
            _ => return self.caller(),
        };
        let (id, mut things) = self.engine.work_things(self.facts, &item, self.now)?;
        things.extend(self.caller()?.1);
        Ok((id, things))
    }

    fn is_registered_researcher(&self) -> bool {
        self.facts.derived.user.researcher_status.iter().any(|status| {
            status.value.as_str() == REGISTERED
                && self.now < status.expires
                && status.by.is_some_and(|by| by != VouchedBy::Own)
        })
    }

    fn terms(&self) -> Vec<String> {
        let terms = self
            .facts
            .derived
            .user
            .accepted_terms
            .iter()
            .filter(|terms| self.now < terms.expires);
        terms.map(|terms| terms.value.to_string()).collect()
    }

    /// The visas that the answer for a dataset rests on.
    fn rest_on(&mut self, dataset: &Dataset, consented: Option<&Consented>) {
        let grant = consented.and_then(|consented| consented.grant(self.facts, dataset.id.as_str()));
        if let Some(grant) = grant {
            self.draft.rests_on.sources.insert(grant.approval.source.to_string());
            for at in &grant.visas {
                self.draft.uses(self.facts, *at);
            }
        }
        for (at, visa) in self.facts.visas().iter().enumerate() {
            let registers = dataset.access == Access::Registered && visa.value == REGISTERED;
            let agrees = visa.kind == VisaType::AcceptedTermsAndPolicies
                && dataset.agreements.iter().any(|terms| terms.as_str() == visa.value);
            if registers || agrees || visa.kind == VisaType::AffiliationAndRole {
                self.draft.uses(self.facts, at);
            }
        }
    }

    /// What the door owes for a use of this dataset.
    fn dataset_duties(&mut self, id: &str) {
        let Some(record) = self.engine.dataset(id) else { return };
        let action = self.intent.action;
        let mut duties = vec![DutyKind::MaxValidUntil];
        if action == Action::DrsDescribe || action.releases() {
            duties.push(DutyKind::FilterResponse);
        }
        if action != Action::DrsDescribe {
            duties.extend([
                DutyKind::CapabilityUrl,
                DutyKind::RecordBytes,
                DutyKind::TerminateOnRevocation,
            ]);
        }
        if record.mode == DatasetMode::ComputeOnly && matches!(action, Action::TesCreate | Action::WesCreate) {
            duties.extend([DutyKind::HoldLogs, DutyKind::MaxView]);
        }
        for kind in duties.into_iter().chain(record.duties.iter().copied()) {
            self.draft.duty(kind, Some(id));
        }
    }
}

fn purpose_part(purpose: &ResearchPurpose, basis: PurposeBasis) -> PurposePart {
    let text = serde_json::to_string(purpose).unwrap_or_default();
    PurposePart {
        basis,
        id: super::hex_digest(text.as_bytes()),
        // Silence is no "no": a policy against commercial use hits.
        commercial: purpose.commercial != Some(false),
        uses: purpose
            .categories
            .iter()
            .map(|category| category.as_str().to_owned())
            .collect(),
        diseases: purpose.diseases.iter().map(ToString::to_string).collect(),
    }
}

impl Engine {
    /// The stop list names everything, the caller, a dataset, or the issuer of an identity.
    pub(crate) fn is_stopped(&self, facts: &Facts, datasets: &[String]) -> bool {
        let stop = &self.snapshot.stop;
        stop.all
            || !stop.persons.is_disjoint(&facts.derived.closure)
            || datasets.iter().any(|dataset| stop.datasets.contains(dataset))
            || facts
                .identities()
                .iter()
                .any(|identity| stop.issuers.contains(identity.iss.as_str()))
    }

    /// Whether the caller belongs to a group, directly or through a group within it.
    pub(crate) fn is_member(&self, facts: &Facts, group: &str) -> bool {
        let mut seen: Vec<&str> = Vec::new();
        let mut wanted: Vec<&str> = facts.derived.groups.iter().map(String::as_str).collect();
        while let Some(id) = wanted.pop() {
            if id == group {
                return true;
            }
            if !seen.contains(&id) {
                seen.push(id);
                let record = self.snapshot.groups.iter().find(|record| record.id == id);
                wanted.extend(record.and_then(|record| record.within.as_deref()));
            }
        }
        false
    }

    /// The longest sink that covers a URL.
    pub(crate) fn sink(&self, url: &StorageUrl) -> Option<String> {
        let sinks = self.snapshot.sinks.iter().filter(|sink| url.is_under(&sink.prefix));
        sinks
            .max_by_key(|sink| sink.prefix.key().len())
            .map(|sink| sink.prefix.to_string())
    }
}
