//! A compiled policy set: parsed, renamed to its `@id`s, linked, validated strictly, asked.

use std::{
    collections::{BTreeMap, HashMap},
    sync::OnceLock,
};

use cedar_policy::{
    Authorizer, Decision as CedarDecision, Entities, EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet,
    Request, SlotId, ValidationMode, Validator,
};

use super::{BASELINE, RESERVED, STANDARD, TEMPLATES, annotation::PolicyNote};
use crate::{
    entity::{EntityName, SchemaParts, chain},
    error::BundleError,
    snapshot::{PolicyText, Snapshot, TemplateLink},
};

/// Policies in force: the baseline always, then standard ones, a node's own, and links of templates.
#[derive(Clone)]
pub struct Policies {
    set: PolicySet,
    notes: BTreeMap<String, PolicyNote>,
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
        let mut policies = match &snapshot.standard {
            None => Self::shipped()?,
            Some(files) => {
                let mut policies = Self::baseline()?;
                policies.add_files(files)?;
                policies
            }
        };
        policies.add_files(&snapshot.policies)?;
        for link in &snapshot.links {
            policies.link(link)?;
        }
        if snapshot.standard.is_none() && snapshot.policies.is_empty() && snapshot.links.is_empty() {
            // Nothing but what came with the build: a test of this crate holds it to the schema.
            return Ok(policies);
        }
        match policies
            .faults(schema)
            .into_iter()
            .map(|(policy, what)| format!("`{policy}`: {what}"))
            .collect()
        {
            faults if Vec::is_empty(&faults) => Ok(policies),
            faults => Err(BundleError::Invalid {
                message: faults.join("; "),
            }),
        }
    }

    /// Baseline, standard policies and templates, as they come with the build; parsed once.
    pub(crate) fn shipped() -> Result<Self, BundleError> {
        static SHIPPED: OnceLock<Policies> = OnceLock::new();
        if let Some(policies) = SHIPPED.get() {
            return Ok(policies.clone());
        }
        let mut policies = Self::baseline()?;
        policies.add("standard.cedar", STANDARD, true)?;
        Ok(SHIPPED.get_or_init(|| policies).clone())
    }

    /// What is in force whatever an administrator does: the baseline, and templates, which do nothing by themselves.
    fn baseline() -> Result<Self, BundleError> {
        let mut policies = Self {
            set: PolicySet::new(),
            notes: BTreeMap::new(),
        };
        policies.add("baseline.cedar", BASELINE, true)?;
        policies.add("templates.cedar", TEMPLATES, true)?;
        Ok(policies)
    }

    fn add_files(&mut self, files: &[PolicyText]) -> Result<(), BundleError> {
        files
            .iter()
            .try_for_each(|file| self.add(&file.name, &file.text, false))
    }

    pub(super) fn add(&mut self, file: &str, text: &str, shipped: bool) -> Result<(), BundleError> {
        let parse = |message: String| BundleError::Parse {
            file: file.to_owned(),
            message,
        };
        let parsed: PolicySet = text
            .parse()
            .map_err(|error: cedar_policy::ParseErrors| parse(chain(&error)))?;
        for policy in parsed.policies() {
            let note = PolicyNote::read(file, policy.id().as_ref(), policy.effect(), |name| {
                policy.annotation(name)
            })?;
            let id = self.claim(file, note, shipped)?;
            self.set.add(policy.new_id(id)).map_err(|error| parse(chain(&error)))?;
        }
        for template in parsed.templates() {
            let note = PolicyNote::read(file, template.id().as_ref(), template.effect(), |name| {
                template.annotation(name)
            })?;
            let id = self.claim(file, note, shipped)?;
            self.set
                .add_template(template.new_id(id))
                .map_err(|error| parse(chain(&error)))?;
        }
        Ok(())
    }

    /// Takes an id: not reserved, not used before.
    fn claim(&mut self, file: &str, note: PolicyNote, shipped: bool) -> Result<PolicyId, BundleError> {
        let fault = |fault| BundleError::Id {
            file: file.to_owned(),
            policy: note.id.clone(),
            fault,
        };
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

    pub(crate) fn link(&mut self, link: &TemplateLink) -> Result<(), BundleError> {
        let fault = |message: String| BundleError::Link {
            link: link.id.clone(),
            template: link.template.clone(),
            message,
        };
        let note = self
            .notes
            .get(&link.template)
            .cloned()
            .ok_or_else(|| fault("there is no such template".into()))?;
        let mut values = HashMap::new();
        for (slot, name) in [
            (SlotId::principal(), &link.principal),
            (SlotId::resource(), &link.resource),
        ] {
            if let Some(name) = name {
                values.insert(slot, entity_uid(name).map_err(fault)?);
            }
        }
        let id = self.claim(
            "links",
            PolicyNote {
                id: link.id.clone(),
                ..note
            },
            false,
        )?;
        let template = PolicyId::new(&link.template);
        self.set
            .link(template, id, values)
            .map_err(|error| fault(chain(&error)))
    }

    /// Where policies don't fit the schema, strictly: id and message. A warning is a fault too.
    pub(crate) fn faults(&self, schema: &SchemaParts) -> Vec<(String, String)> {
        let result = Validator::new(schema.schema.clone()).validate(&self.set, ValidationMode::Strict);
        let errors = result
            .validation_errors()
            .map(|error| (error.policy_id().to_string(), chain(error)));
        let warnings = result
            .validation_warnings()
            .map(|warning| (warning.policy_id().to_string(), chain(warning)));
        errors.chain(warnings).collect()
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
        let mut notes: Vec<_> = self
            .set
            .policies()
            .filter(fits)
            .filter_map(|policy| self.note(policy.id().as_ref()))
            .collect();
        notes.sort_by(|a, b| a.id.cmp(&b.id));
        notes
    }

    /// Asks Cedar.
    pub(crate) fn ask(&self, request: &Request, entities: &Entities) -> CedarAnswer {
        let response = Authorizer::new().is_authorized(request, &self.set, entities);
        let mut policies: Vec<String> = response
            .diagnostics()
            .reason()
            .map(|id| AsRef::<str>::as_ref(id).to_owned())
            .collect();
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
        f.debug_struct("Policies")
            .field("count", &self.notes.len())
            .finish_non_exhaustive()
    }
}

/// The Cedar form of a name.
fn entity_uid(name: &EntityName) -> Result<EntityUid, String> {
    let kind: EntityTypeName = name
        .kind
        .parse()
        .map_err(|error: cedar_policy::ParseErrors| chain(&error))?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(&name.id)))
}
