//! Questions of administration: committees, holds, changes, policies, the log (policy.md 6).

use std::time::Duration;

use cedar_policy::EntityUid;
use visa_verifier::{VisaIdentity, seam::Timestamp};

use super::{
    Application, Bundle, Change, Decision, Engine, Facts, GovernQuestion, Reason,
    answer::Draft,
    ask::{Asked, Question},
    resolve::UNMAPPED,
};
use crate::{
    entity::{GovernContext, Thing, ThingBuilder, uid},
    error::EngineError,
    intent::Action,
    snapshot::{HoldOrigin, HoldRecord},
};

/// How long after a login administration may write, and read (baseline `govern-…-login`).
const WRITES: Duration = Duration::from_secs(15 * 60);
const READS: Duration = Duration::from_secs(8 * 3600);

/// Judges one question.
pub(crate) fn decide(engine: &Engine, facts: &Facts, question: &GovernQuestion, now: Timestamp) -> Decision {
    let text = serde_json::to_string(question).unwrap_or_default();
    let Some(action) = question.action() else {
        let mut draft = Draft::new(Action::ChangeApply, facts, now);
        draft.deny(Reason::new(
            "policy.change_kind",
            "This kind of change has no such step.",
            "Open the change on its own page.",
        ));
        return draft.finish(engine, facts, &text);
    };
    let mut draft = Draft::new(action, facts, now);
    if let Some(login) = facts.session().authenticated {
        draft.ends(login.plus(if action == Action::AuditRead { READS } else { WRITES }));
    }
    let dataset = dataset_of(question);
    let governor = Governor { engine, facts, now };
    let asked = match dataset.filter(|id| engine.dataset(id).is_none()) {
        Some(_) => {
            // What is not there takes the time of what nobody may know of: the same is asked about another dataset, and
            // the answer thrown away.
            if let Some(other) = engine.snapshot.datasets.first() {
                drop(governor.ask(action, &about(question, other.id())));
            }
            None
        }
        None => Some(governor.ask(action, question)),
    };
    let permitted = match asked {
        Some(asked) => draft.take(engine, asked, dataset, None),
        None => false,
    };
    if let Some(id) = dataset.filter(|id| !permitted && !engine.may_know(facts, id, now)) {
        // Neither the dataset nor the reasons show to whoever may not know of it.
        draft = Draft::new(action, facts, now);
        draft.hidden = true;
        draft.deny(Reason::new(
            UNMAPPED,
            format!("`{id}` is not known here."),
            "Check the reference, or ask whoever gave it to you.",
        ));
    }
    draft.rests_on.datasets.extend(dataset.map(str::to_owned));
    draft.finish(engine, facts, &text)
}

fn dataset_of(question: &GovernQuestion) -> Option<&str> {
    match question {
        GovernQuestion::GrantDecide(application)
        | GovernQuestion::GrantIssue(application)
        | GovernQuestion::GrantRevoke(application)
        | GovernQuestion::OutputRelease(application) => Some(&application.dataset),
        GovernQuestion::HoldPlace { dataset } | GovernQuestion::CatalogueEdit { dataset } => Some(dataset),
        GovernQuestion::HoldRelease(hold) => Some(&hold.dataset),
        GovernQuestion::AuditRead { dataset } => dataset.as_deref(),
        GovernQuestion::Change(_, change) => change.dataset.as_deref(),
        GovernQuestion::LockdownPlace
        | GovernQuestion::PolicyDraft(_)
        | GovernQuestion::PolicyApprove(_)
        | GovernQuestion::PolicyPublish(_) => None,
    }
}

/// The same question about another dataset.
fn about(question: &GovernQuestion, dataset: &str) -> GovernQuestion {
    let mut other = question.clone();
    match &mut other {
        GovernQuestion::GrantDecide(application)
        | GovernQuestion::GrantIssue(application)
        | GovernQuestion::GrantRevoke(application)
        | GovernQuestion::OutputRelease(application) => dataset.clone_into(&mut application.dataset),
        GovernQuestion::HoldPlace { dataset: id } | GovernQuestion::CatalogueEdit { dataset: id } => {
            dataset.clone_into(id);
        }
        GovernQuestion::HoldRelease(hold) => dataset.clone_into(&mut hold.dataset),
        GovernQuestion::AuditRead { dataset: id } => *id = Some(dataset.to_owned()),
        GovernQuestion::Change(_, change) => change.dataset = Some(dataset.to_owned()),
        GovernQuestion::LockdownPlace
        | GovernQuestion::PolicyDraft(_)
        | GovernQuestion::PolicyApprove(_)
        | GovernQuestion::PolicyPublish(_) => {}
    }
    other
}

struct Governor<'a> {
    engine: &'a Engine,
    facts: &'a Facts,
    now: Timestamp,
}

impl Governor<'_> {
    fn ask(&self, action: Action, question: &GovernQuestion) -> Result<Asked, EngineError> {
        let (engine, types) = (self.engine, &self.engine.schema.types);
        // Where a person belongs to several houses, the one that bars them from a vote is the one that counts.
        let mut houses = self.facts.institutions(self.now);
        let (resource, mut own, house) = match question {
            GovernQuestion::GrantDecide(application)
            | GovernQuestion::GrantIssue(application)
            | GovernQuestion::GrantRevoke(application)
            | GovernQuestion::OutputRelease(application) => {
                let (resource, own) = self.application(application)?;
                let same = houses.find(|house| *house == application.institution);
                (resource, own, same.or_else(|| self.facts.institutions(self.now).next()))
            }
            GovernQuestion::HoldPlace { dataset } => (uid(&types.dataset, dataset), Vec::new(), houses.next()),
            GovernQuestion::CatalogueEdit { dataset } => {
                let custodian = engine.dataset(dataset).map(|record| record.custodian.as_str());
                let own = houses.find(|house| Some(*house) == custodian);
                (
                    uid(&types.dataset, dataset),
                    Vec::new(),
                    own.or_else(|| self.facts.institutions(self.now).next()),
                )
            }
            GovernQuestion::HoldRelease(hold) => {
                let (resource, own) = self.hold(hold)?;
                (resource, own, houses.next())
            }
            GovernQuestion::AuditRead { dataset } => {
                let log = || uid(&types.audit_log, "log");
                (
                    dataset.as_ref().map_or_else(log, |id| uid(&types.dataset, id)),
                    Vec::new(),
                    houses.next(),
                )
            }
            GovernQuestion::Change(_, change) => {
                let (resource, own) = self.change(change)?;
                (resource, own, houses.next())
            }
            GovernQuestion::LockdownPlace => (uid(&types.stop_list, "stop-list"), Vec::new(), houses.next()),
            GovernQuestion::PolicyDraft(bundle)
            | GovernQuestion::PolicyApprove(bundle)
            | GovernQuestion::PolicyPublish(bundle) => {
                let (resource, own) = self.bundle(bundle)?;
                (resource, own, houses.next())
            }
        };
        own.extend(engine.caller_things(self.facts, house, self.now)?);
        let context = GovernContext {
            now: self.now,
            facts: self.facts,
            governance: engine.snapshot.governance,
        }
        .build(types)?;
        let seeds = self
            .facts
            .session()
            .country
            .iter()
            .map(|code| uid(&types.country, code))
            .collect();
        engine.ask(Question {
            action,
            principal: engine.caller(self.facts),
            resource,
            own,
            seeds,
            context,
            now: self.now,
        })
    }

    fn people<'p>(&self, people: impl IntoIterator<Item = &'p VisaIdentity>) -> Result<Vec<Thing>, EngineError> {
        let mut things: Vec<Thing> = Vec::new();
        for person in people {
            // A person named twice is one entity.
            if let Some(thing) = self.engine.named_thing(self.facts, person, self.now)? {
                things.push(thing);
            }
        }
        Ok(things)
    }

    fn application(&self, application: &Application) -> Result<(EntityUid, Vec<Thing>), EngineError> {
        let (engine, types) = (self.engine, &self.engine.schema.types);
        let everybody = || application.beneficiaries.iter().chain([&application.applicant]);
        let mut things = self.people(everybody())?;
        let (institution, house) = engine.named_institution(&application.institution)?;
        things.extend(house);
        let id = uid(&types.application, &application.id);
        let thing = ThingBuilder::new(id.clone())
            .link("dataset", uid(&types.dataset, &application.dataset))
            .link("applicant", engine.named(self.facts, &application.applicant))
            .links(
                "beneficiaries",
                everybody().map(|person| engine.named(self.facts, person)).collect(),
            )
            .link("institution", institution)
            .long("votes", application.votes)
            .word("state", &types.app_state, application.state.name())
            .build()?;
        things.push(thing);
        Ok((id, things))
    }

    fn hold(&self, record: &HoldRecord) -> Result<(EntityUid, Vec<Thing>), EngineError> {
        let types = &self.engine.schema.types;
        let id = uid(&types.hold, record.hold.id().as_str());
        let thing = ThingBuilder::new(id.clone())
            .word("kind", &types.hold_kind, record.hold.kind().as_str())
            .link("dataset", uid(&types.dataset, &record.dataset));
        let thing = match &record.origin {
            HoldOrigin::Service(service) => thing.link("service", uid(&types.service, service)),
            HoldOrigin::Committee(dac) => thing.link("dac", uid(&types.dac, dac)),
        };
        Ok((id, vec![thing.build()?]))
    }

    fn change(&self, change: &Change) -> Result<(EntityUid, Vec<Thing>), EngineError> {
        let (engine, types) = (self.engine, &self.engine.schema.types);
        let named = |person: &Option<VisaIdentity>| person.as_ref().map(|person| engine.named(self.facts, person));
        let mut things = self.people(
            [&change.author]
                .into_iter()
                .chain(&change.approver)
                .chain(&change.subject),
        )?;
        let id = uid(&types.change_set, &change.id);
        let thing = ThingBuilder::new(id.clone())
            .word("kind", &types.change_kind, change.kind.name())
            .link("author", engine.named(self.facts, &change.author))
            .link_if("approver", named(&change.approver))
            .link_if("subject", named(&change.subject))
            .link_if(
                "dataset",
                change.dataset.as_ref().map(|dataset| uid(&types.dataset, dataset)),
            )
            .flag("widens", change.widens)
            .flag("consentEvent", change.consent_event)
            .build()?;
        things.push(thing);
        Ok((id, things))
    }

    fn bundle(&self, bundle: &Bundle) -> Result<(EntityUid, Vec<Thing>), EngineError> {
        let (engine, types) = (self.engine, &self.engine.schema.types);
        let mut things = self.people([&bundle.author])?;
        let id = uid(&types.policy_bundle, &bundle.id);
        let thing = ThingBuilder::new(id.clone())
            .link("author", engine.named(self.facts, &bundle.author))
            .link_if(
                "dac",
                bundle.committee.as_ref().map(|committee| uid(&types.dac, committee)),
            )
            .parents(bundle.committee.as_ref().map(|committee| uid(&types.dac, committee)))
            .build()?;
        things.push(thing);
        Ok((id, things))
    }
}
