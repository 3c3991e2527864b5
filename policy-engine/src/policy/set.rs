//! A compiled policy set: parsed, renamed to its `@id`s, linked, validated strictly, asked.

use std::collections::{BTreeMap, HashMap};

use cedar_policy::{
    Authorizer, Decision as CedarDecision, Entities, EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet,
    Request, SlotId, ValidationMode, Validator,
};

use super::{
    BASELINE, RESERVED, STANDARD, TEMPLATES,
    annotation::PolicyNote,
};
use crate::{
    entity::{EntityName, SchemaParts, chain},
    error::BundleError,
    snapshot::{PolicyText, Snapshot, TemplateLink},
};

/// Policies in force: the baseline always, then standard ones, a node's own, and links of templates.
pub struct Policies {
    set: PolicySet,
    notes: BTreeMap<String, PolicyNote>,
    authorizer: Authorizer,
}

/// Cedar's answer to one question.
#[derive(Clone, Debug)]
pub(crate) struct CedarAnswer {
    pub(crate) allow: bool,
    /// Ids of the determining policies, sorted.
    pub(crate) policies: Vec<String>,
    /// Errors of policies: any of them makes the answer a denial, since a forbid that errs is skipped.
    pub(crate) errors: Vec<String>,
}

impl Policies {
    /// The policies of a snapshot over the compiled-in baseline.
    pub(crate) fn of(snapshot: &Snapshot, schema: &SchemaParts) -> Result<Self, BundleError> {
        let mut policies = Self { set: PolicySet::new(), notes: BTreeMap::new(), authorizer: Authorizer::new() };
        policies.add("baseline.cedar", BASELINE, true)?;
        match &snapshot.standard {
            None => policies.add("standard.cedar", STANDARD, true)?,
            Some(files) => policies.add_files(files)?,
        }
        policies.add("templates.cedar", TEMPLATES, true)?;
        policies.add_files(&snapshot.policies)?;
        for link in &snapshot.links {
            policies.link(link)?;
        }
        policies.validate(schema)?;
        Ok(policies)
    }

    fn add_files(&mut self, files: &[PolicyText]) -> Result<(), BundleError> {
        files.iter().try_for_each(|file| self.add(&file.name, &file.text, false))
    }

    fn add(&mut self, file: &str, text: &str, shipped: bool) -> Result<(), BundleError> {
        let parse = |message: String| BundleError::Parse { file: file.to_owned(), message };
        let parsed: PolicySet = text.parse().map_err(|error: cedar_policy::ParseErrors| parse(chain(&error)))?;
        for policy in parsed.policies() {
            let note =
                PolicyNote::read(file, policy.id().as_ref(), policy.effect(), |name| policy.annotation(name))?;
            let id = self.claim(file, note, shipped)?;
            self.set.add(policy.new_id(id)).map_err(|error| parse(chain(&error)))?;
        }
        for template in parsed.templates() {
            let note =
                PolicyNote::read(file, template.id().as_ref(), template.effect(), |name| template.annotation(name))?;
            let id = self.claim(file, note, shipped)?;
            self.set.add_template(template.new_id(id)).map_err(|error| parse(chain(&error)))?;
        }
        Ok(())
    }

    /// Takes an id: not reserved, not used before.
    fn claim(&mut self, file: &str, note: PolicyNote, shipped: bool) -> Result<PolicyId, BundleError> {
        let fault = |fault| BundleError::Id { file: file.to_owned(), policy: note.id.clone(), fault };
        if !shipped && note.id.starts_with(RESERVED) {
            return Err(fault("reserved for shipped policies"));
        }
        if self.notes.contains_key(&note.id) {
            return Err(fault("used twice"));
        }
        let id = PolicyId::new(&note.id);
        self.notes.insert(note.id.clone(), note);
        Ok(id)
    }

    fn link(&mut self, link: &TemplateLink) -> Result<(), BundleError> {
        let fault = |message: String| BundleError::Link {
            link: link.id.clone(),
            template: link.template.clone(),
            message,
        };
        let note = self.notes.get(&link.template).cloned().ok_or_else(|| fault("there is no such template".into()))?;
        let mut values = HashMap::new();
        for (slot, name) in [(SlotId::principal(), &link.principal), (SlotId::resource(), &link.resource)] {
            if let Some(name) = name {
                values.insert(slot, entity_uid(name).map_err(fault)?);
            }
        }
        let id = self.claim("links", PolicyNote { id: link.id.clone(), ..note }, false)?;
        let template = PolicyId::new(&link.template);
        self.set.link(template, id, values).map_err(|error| fault(chain(&error)))
    }

    fn validate(&self, schema: &SchemaParts) -> Result<(), BundleError> {
        let result = Validator::new(schema.schema.clone()).validate(&self.set, ValidationMode::Strict);
        let messages: Vec<String> = result
            .validation_errors()
            .map(|error| chain(error))
            .chain(result.validation_warnings().map(|warning| chain(warning)))
            .collect();
        if messages.is_empty() { Ok(()) } else { Err(BundleError::Invalid { message: messages.join("; ") }) }
    }

    /// What a policy says of itself.
    pub fn note(&self, id: &str) -> Option<&PolicyNote> {
        self.notes.get(id)
    }

    /// All policies and templates by id.
    pub fn notes(&self) -> impl Iterator<Item = &PolicyNote> {
        self.notes.values()
    }

    /// The permits whose scope fits an action and both types: what would have been needed.
    pub(crate) fn permits_for(&self, schema: &SchemaParts, request: &Request) -> Vec<&PolicyNote> {
        let (Some(principal), Some(action), Some(resource)) =
            (request.principal(), request.action(), request.resource())
        else {
            return Vec::new();
        };
        let fits = |policy: &&Policy| {
            policy.effect() == cedar_policy::Effect::Permit
                && policy.get_valid_request_envs(&schema.schema).any(|environment| {
                    environment.principal() == principal.type_name()
                        && environment.action() == action
                        && environment.resource() == resource.type_name()
                })
        };
        let mut notes: Vec<_> =
            self.set.policies().filter(fits).filter_map(|policy| self.note(policy.id().as_ref())).collect();
        notes.sort_by(|a, b| a.id.cmp(&b.id));
        notes
    }

    /// Asks Cedar.
    pub(crate) fn ask(&self, request: &Request, entities: &Entities) -> CedarAnswer {
        let response = self.authorizer.is_authorized(request, &self.set, entities);
        let mut policies: Vec<String> =
            response.diagnostics().reason().map(|id| AsRef::<str>::as_ref(id).to_owned()).collect();
        policies.sort();
        CedarAnswer {
            allow: response.decision() == CedarDecision::Allow,
            policies,
            errors: response.diagnostics().errors().map(|error| chain(error)).collect(),
        }
    }
}

impl std::fmt::Debug for Policies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policies").field("count", &self.notes.len()).finish_non_exhaustive()
    }
}

/// The Cedar form of a name.
fn entity_uid(name: &EntityName) -> Result<EntityUid, String> {
    let kind: EntityTypeName = name.kind.parse().map_err(|error: cedar_policy::ParseErrors| chain(&error))?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(&name.id)))
}
