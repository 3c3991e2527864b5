//! One question a dataset: consent's verdict, the grant, the purpose and the person's standing in its context.

use visa_verifier::VisaType;

use super::{Inquiry, circumstances::Shared};
use crate::{
    consent::{Access, Dataset, HoldKind, PurposeBasis, Verdict, VouchedBy, code::Code},
    decide::{
        DutyKind,
        ask::{Asked, Question},
        consented::Consented,
        facts::REGISTERED,
    },
    entity::{ConsentPart, DataContext, Person, uid},
    error::EngineError,
    intent::Action,
    snapshot::DatasetMode,
};

impl Inquiry<'_> {
    /// Asks about one dataset. Returns whether it permits.
    pub(super) fn dataset(&mut self, dataset: &Dataset, consented: Option<&Consented>) -> bool {
        let id = dataset.id.as_str();
        let asked = match self.data_action() {
            Some(action) => self.data_question(action, dataset, consented),
            // A draft about a dataset is no use of it.
            None if self.intent.action == Action::DrsRegister => {
                let resource = uid(&self.engine.schema.types.dataset, id);
                self.call(Action::DrsRegister, resource, Vec::new(), false)
            }
            None => return false,
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
                code: "not_asked",
            },
        };
        let basis = consented.map_or(PurposeBasis::None, |consented| consented.basis(id));
        let shared = self.shared(action)?;
        let context = DataContext {
            shared: &shared.context,
            consent,
            grant: held.map(|grant| grant.part(self.facts)),
            purpose: shared.purpose.as_ref().map(|purpose| (purpose, basis)),
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
            now: self.now,
        })
    }

    /// What the questions about all datasets share.
    fn shared(&self, action: Action) -> Result<&Shared, EngineError> {
        if let Some(ready) = self.ready.data.get() {
            return Ok(ready);
        }
        let types = &self.engine.schema.types;
        let person = Person {
            researcher_status: self.is_registered_researcher(),
            terms: self.terms(),
            service: action.computes().then_some(self.service.as_str()),
        };
        let purpose = self.draft.purpose.as_ref();
        let purpose = purpose.filter(|purpose| !purpose.categories.is_unstated());
        let made = Shared {
            context: person.build(types, self.call_context()?)?,
            purpose: purpose.map(|purpose| self.facts.purpose_part(purpose, types)),
        };
        Ok(self.ready.data.get_or_init(|| made))
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
        // Further sets of sources have to agree as well; what they said is what it rests on too.
        for beside in &self.facts.derived.grants {
            let agrees = dataset
                .approval_sets
                .iter()
                .any(|set| set.contains(&beside.approval.source));
            if agrees && beside.approval.dataset == dataset.id {
                self.draft.rests_on.sources.insert(beside.approval.source.to_string());
                for at in &beside.visas {
                    self.draft.uses(self.facts, *at);
                }
            }
        }
        // A veto wins over every approval; both are evidence.
        let vetoed = consented.is_some_and(|consented| consented.says(dataset.id.as_str(), Code::HoldVeto));
        if vetoed {
            let vetoes = dataset.holds.iter().filter(|hold| hold.kind() == HoldKind::Veto);
            self.draft
                .rests_on
                .vetoes
                .extend(vetoes.map(|hold| hold.id().to_string()));
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
