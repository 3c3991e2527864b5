//! `FactsRecord`: what a decision's policies were asked about, kept beside the audit log so that others can be asked.
//!
//! It names people and data in clear: whoever stores it seals it under the person's key (audit.md 4). It holds what Cedar
//! was asked, not the request: consent's verdict is in it as a fact, and what denied before any policy was asked stays.

use std::collections::{BTreeMap, btree_map::Entry};

use cedar_policy::{Context, Entities, Request};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use visa_verifier::{seam::Timestamp, token::json};

use super::Outcome;
use crate::{
    EntityName,
    consent::{Categories, Category, Name, ResearchPurpose},
    decide::{Decision, KeptQuestions},
    entity::{SchemaParts, chain},
    intent::Action,
    policy::{DEPTH, Policies, entity_uid},
};

/// A larger record is not kept: some hundred datasets asked for at once.
pub const RECORD_BYTES: usize = 256 << 10;
/// The form's version.
const VERSION: u8 = 1;

/// What the policies of one decision were asked about.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FactsRecord {
    /// The form, 1.
    v: u8,
    /// When it was decided.
    at: Timestamp,
    /// The snapshot's version.
    snapshot: u64,
    /// What was decided.
    allow: bool,
    /// Codes of reasons that no policy gave: consent's, the catalogue's. With any of them it stays denied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    others: Vec<String>,
    questions: Vec<KeptQuestion>,
    /// The store of all questions, in Cedar's JSON; actions are the schema's.
    entities: Vec<Value>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct KeptQuestion {
    principal: EntityName,
    action: String,
    resource: EntityName,
    context: Value,
}

/// A dataset that a recorded decision was about.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct RecordedUse {
    /// The dataset.
    pub dataset: String,
    /// The action asked for.
    pub action: String,
    /// The purpose that was judged: categories, diseases, and whether it was said not to be commercial.
    pub purpose: ResearchPurpose,
}

/// A decision made again.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Again {
    /// Permitted.
    pub allow: bool,
    /// Each question's answer: action, resource, outcome.
    pub answers: Vec<(String, EntityName, Outcome)>,
}

impl FactsRecord {
    /// The record of a decision; `None` if no policy was asked.
    pub(crate) fn of(decision: &Decision, questions: &KeptQuestions) -> Option<Self> {
        let mut entities: BTreeMap<String, Value> = BTreeMap::new();
        let mut kept = Vec::new();
        for put in questions.iter() {
            let (request, store) = (&put.request, &put.entities);
            for entity in store.iter() {
                let name = entity.uid();
                if name.type_name().to_string() != "Visum::Action"
                    && let Entry::Vacant(free) = entities.entry(name.to_string())
                {
                    free.insert(entity.to_json_value().ok()?);
                }
            }
            kept.push(KeptQuestion {
                principal: name_of(request.principal()?),
                action: request.action()?.id().unescaped().to_owned(),
                resource: name_of(request.resource()?),
                context: request.context()?.to_json_value().ok()?,
            });
        }
        // A question that could not be asked is not among those kept, so its failure has to be.
        let others = decision.reasons().iter().filter(|reason| match reason.code.as_str() {
            "policy.no_rule_permits" => false,
            "policy.engine_error" => true,
            _ => reason.policy.is_none(),
        });
        (!kept.is_empty()).then(|| Self {
            v: VERSION,
            at: decision.decided(),
            snapshot: decision.snapshot(),
            allow: decision.allow(),
            others: others.map(|reason| reason.code.clone()).collect(),
            questions: kept,
            entities: entities.into_values().collect(),
        })
    }

    /// As bytes; `None` if it is larger than [`RECORD_BYTES`].
    pub fn encode(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self)
            .ok()
            .filter(|bytes| bytes.len() <= RECORD_BYTES)
    }

    /// Reads one, strictly.
    ///
    /// # Errors
    /// Why it is none.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let record: Self = json::parse(bytes, RECORD_BYTES, DEPTH).map_err(|error| error.to_string())?;
        if record.v == VERSION {
            Ok(record)
        } else {
            Err(format!("version {} is not known", record.v))
        }
    }

    /// When it was decided.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// What was decided.
    pub const fn allow(&self) -> bool {
        self.allow
    }

    /// The version of the snapshot that it was decided on.
    pub const fn snapshot(&self) -> u64 {
        self.snapshot
    }

    /// The datasets that were asked about, each with the operation and the purpose that was judged. What has none, or
    /// one that cannot be read, is left out.
    #[must_use]
    pub fn uses(&self) -> Vec<RecordedUse> {
        let read = |question: &KeptQuestion| {
            let purpose = question.context.get("purpose")?;
            let words: Vec<Category> = serde_json::from_value(purpose.get("uses")?.clone()).ok()?;
            let mut said = ResearchPurpose::of(Categories::new(&words).ok()?);
            for disease in purpose.get("diseases")?.as_array()? {
                let id = disease.pointer("/__entity/id").and_then(Value::as_str)?;
                said.diseases.insert(Name::try_from(id).ok()?);
            }
            let commercial = purpose.get("commercial")?.as_bool()?;
            said.commercial = (!commercial).then_some(false);
            Some(RecordedUse {
                dataset: question.resource.id.clone(),
                action: question.action.clone(),
                purpose: said,
            })
        };
        let datasets = self
            .questions
            .iter()
            .filter(|one| one.resource.kind.ends_with("Dataset"));
        datasets.filter_map(read).collect()
    }

    /// Decides again, with other policies.
    ///
    /// # Errors
    /// What of the record does not fit this build's schema.
    pub fn ask(&self, policies: &Policies) -> Result<Again, String> {
        let schema = SchemaParts::shared().map_err(|error| error.to_string())?;
        let parts = &schema.schema;
        let store = Value::Array(self.entities.clone());
        let entities = Entities::from_json_value(store, Some(parts)).map_err(|error| chain(&error))?;
        let mut answers = Vec::with_capacity(self.questions.len());
        for question in &self.questions {
            let action = Action::from_name(&question.action).ok_or("an action that is not known")?;
            let action = schema.types.action(action);
            let context = Context::from_json_value(question.context.clone(), Some((parts, &action)))
                .map_err(|error| chain(&error))?;
            let (principal, resource) = (entity_uid(&question.principal)?, entity_uid(&question.resource)?);
            let request =
                Request::new(principal, action, resource, context, Some(parts)).map_err(|error| chain(&error))?;
            let outcome = Outcome::of(policies, &request, &entities, self.at);
            answers.push((question.action.clone(), question.resource.clone(), outcome));
        }
        Ok(Again {
            allow: self.others.is_empty() && !answers.is_empty() && answers.iter().all(|(.., outcome)| outcome.allow),
            answers,
        })
    }
}

fn name_of(id: &cedar_policy::EntityUid) -> EntityName {
    EntityName::new(id.type_name().to_string(), id.id().unescaped())
}
