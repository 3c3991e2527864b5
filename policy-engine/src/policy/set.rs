//! A compiled policy set: parsed, renamed to its `@id`s, linked, validated strictly, asked.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, OnceLock},
};

use cedar_policy::{
    Entities, EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet, Request, SlotId, ValidationMode,
    ValidationResult, Validator,
};
use serde_json::Value;
use visa_verifier::seam::Timestamp;

use super::{
    BASELINE, RESERVED, STANDARD, TEMPLATES,
    annotation::{Origin, PolicyNote},
    observe::{Watched, put},
    slice::Slices,
    sum::Sum,
};
use crate::{
    entity::{EntityName, SchemaParts, chain},
    error::BundleError,
    snapshot::{ObserveRow, PolicyText, Snapshot, TemplateLink},
};

/// Policies in force: the baseline always, then standard ones, a node's own, and links of templates.
#[derive(Clone)]
pub struct Policies {
    /// All but those in observe mode.
    pub(super) set: PolicySet,
    notes: BTreeMap<String, PolicyNote>,
    watched: Vec<Watched>,
    /// Made at load; `None`: the whole set is asked.
    slices: Option<Arc<Slices>>,
    /// A condition names an action, so that questions need all action entities.
    reads_actions: bool,
}

/// Cedar's answer to one question.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct CedarAnswer {
    pub(crate) allow: bool,
    /// Ids of the determining policies, sorted.
    pub(crate) policies: Vec<String>,
    /// Errors of policies: any of them makes the answer a denial, since a forbid that errs is skipped.
    pub(crate) errors: Vec<PolicyError>,
    /// Forbids in observe mode that would have denied, sorted.
    pub(crate) observed: Vec<String>,
}

/// A policy that erred.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct PolicyError {
    /// Its id.
    pub(crate) policy: String,
    /// Cedar's message.
    pub(crate) message: String,
}

impl Policies {
    /// The policies of a snapshot over the compiled-in baseline, sliced.
    pub(crate) fn of(snapshot: &Snapshot, schema: &SchemaParts) -> Result<Self, BundleError> {
        let mut policies = Self::with(
            snapshot.standard.as_deref(),
            &snapshot.policies,
            &snapshot.links,
            &snapshot.observe,
            snapshot.published,
        )?;
        policies.slices = Some(Arc::new(Slices::of(&policies.set, schema)?));
        let watched = policies.watched.iter().flat_map(|watched| watched.set().policies());
        policies.reads_actions = policies.set.policies().chain(watched).any(reads_actions);
        Ok(policies)
    }

    /// Whether [`Policies::of`] makes the same of both. Whether something may be watched depends on the moment too.
    pub(crate) fn are_those_of(one: &Snapshot, other: &Snapshot) -> bool {
        let moment = one.published == other.published || one.observe.is_empty();
        moment
            && one.standard == other.standard
            && one.policies == other.policies
            && one.links == other.links
            && one.observe == other.observe
    }

    /// Baseline, standard policies (`None`: the shipped ones), further ones, links; and which of them are only watched
    /// as of `now`.
    ///
    /// # Errors
    /// [`BundleError`], the first that is met.
    pub fn with(
        standard: Option<&[PolicyText]>,
        files: &[PolicyText],
        links: &[TemplateLink],
        observe: &[ObserveRow],
        now: Timestamp,
    ) -> Result<Self, BundleError> {
        let mut policies = match standard {
            None => Self::shipped()?,
            Some(files) => {
                let mut policies = Self::baseline()?;
                policies.add_files(files)?;
                policies
            }
        };
        policies.add_files(files)?;
        for link in links {
            policies.link(link)?;
        }
        // Nothing but what came with the build: a test of this crate holds it to the schema.
        if standard.is_some() || !files.is_empty() || !links.is_empty() {
            let faults = policies.own()?.faults(SchemaParts::shared()?).into_iter();
            let faults: Vec<String> = faults.map(|(policy, what)| format!("`{policy}`: {what}")).collect();
            if !faults.is_empty() {
                return Err(BundleError::Invalid {
                    message: faults.join("; "),
                });
            }
        }
        for row in observe {
            policies.observe(row, now)?;
        }
        Ok(policies)
    }

    /// Only what did not come with the build.
    fn own(&self) -> Result<Self, BundleError> {
        let mut set = PolicySet::new();
        let shipped = |id: &str| {
            let origin = self.notes.get(id).map(|note| &note.origin);
            matches!(origin, Some(Origin::Baseline | Origin::Standard | Origin::Template))
        };
        for policy in self.set.policies().filter(|policy| !shipped(policy.id().as_ref())) {
            put(&mut set, &self.set, policy.id())?;
        }
        // Templates of a node's own: there are none yet, and one that came would be validated here too.
        for template in self.set.templates().filter(|template| !shipped(template.id().as_ref())) {
            if set.template(template.id()).is_none() {
                set.add_template(template.clone())
                    .map_err(|error| BundleError::Invalid { message: chain(&error) })?;
            }
        }
        Ok(Self {
            set,
            notes: BTreeMap::new(),
            watched: Vec::new(),
            slices: None,
            reads_actions: true,
        })
    }

    /// Baseline, standard policies and templates, as they come with the build; parsed once.
    pub fn shipped() -> Result<Self, BundleError> {
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
            watched: Vec::new(),
            slices: None,
            reads_actions: true,
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
            let note = PolicyNote::read(file, policy.id().as_ref(), policy.effect(), shipped, |name| {
                policy.annotation(name)
            })?;
            let id = self.claim(file, note, shipped)?;
            self.set.add(policy.new_id(id)).map_err(|error| parse(chain(&error)))?;
        }
        for template in parsed.templates() {
            let note = PolicyNote::read(file, template.id().as_ref(), template.effect(), shipped, |name| {
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
                origin: Origin::Link(link.template.clone()),
                ..note
            },
            false,
        )?;
        let template = PolicyId::new(&link.template);
        self.slices = None;
        self.set
            .link(template, id, values)
            .map_err(|error| fault(chain(&error)))
    }

    /// Puts a policy into observe mode, as of `now`.
    fn observe(&mut self, row: &ObserveRow, now: Timestamp) -> Result<(), BundleError> {
        let watched = Watched::take(&mut self.set, self.notes.get(&row.policy), row, now)?;
        if let Some(note) = self.notes.get_mut(&row.policy) {
            note.observed_until = Some(row.until);
        }
        self.watched.push(watched);
        Ok(())
    }

    /// Validates strictly. A warning is a fault too.
    pub(super) fn check(&self, schema: &SchemaParts) -> ValidationResult {
        Validator::new(schema.schema.clone()).validate(&self.set, ValidationMode::Strict)
    }

    /// Where policies don't fit the schema, strictly: id and message. A warning is a fault too.
    pub(crate) fn faults(&self, schema: &SchemaParts) -> Vec<(String, String)> {
        let result = self.check(schema);
        let errors = result
            .validation_errors()
            .map(|error| (error.policy_id().to_string(), chain(error)));
        let warnings = result
            .validation_warnings()
            .map(|warning| (warning.policy_id().to_string(), chain(warning)));
        errors.chain(warnings).collect()
    }

    /// The Cedar set in force: all but those in observe mode.
    pub(crate) const fn set_in_force(&self) -> &PolicySet {
        &self.set
    }

    /// The policies in observe mode, and until when.
    pub(crate) fn watching(&self) -> impl Iterator<Item = (&Policy, Timestamp)> {
        let each = |watched: &'_ Watched| watched.until();
        self.watched
            .iter()
            .flat_map(move |watched| watched.set().policies().map(move |policy| (policy, each(watched))))
    }

    /// What a policy says of itself.
    pub fn note(&self, id: &str) -> Option<&PolicyNote> {
        self.notes.get(id)
    }

    /// All policies and templates by id.
    pub fn notes(&self) -> impl Iterator<Item = &PolicyNote> {
        self.notes.values()
    }

    /// The policies whose scope fits an action, of these types if given, with their notes, sorted by id.
    pub(crate) fn fitting(
        &self,
        schema: &SchemaParts,
        action: &EntityUid,
        principal: Option<&EntityTypeName>,
        resource: Option<&EntityTypeName>,
    ) -> Vec<(&Policy, &PolicyNote)> {
        let fits = |policy: &Policy| {
            policy.get_valid_request_envs(&schema.schema).any(|environment| {
                environment.action() == action
                    && principal.is_none_or(|kind| environment.principal() == kind)
                    && resource.is_none_or(|kind| environment.resource() == kind)
            })
        };
        let watched = self.watched.iter().flat_map(|watched| watched.set().policies());
        let mut found: Vec<_> = self
            .set
            .policies()
            .chain(watched)
            .filter(|policy| fits(policy))
            .filter_map(|policy| Some((policy, self.note(policy.id().as_ref())?)))
            .collect();
        found.sort_by(|a, b| a.1.id.cmp(&b.1.id));
        found
    }

    /// The permits whose scope fits an action and both types: what would have been needed.
    pub(crate) fn permits_for(&self, schema: &SchemaParts, request: &Request) -> Vec<&PolicyNote> {
        let (Some(principal), Some(action), Some(resource)) =
            (request.principal(), request.action(), request.resource())
        else {
            return Vec::new();
        };
        self.fitting(schema, action, Some(principal.type_name()), Some(resource.type_name()))
            .into_iter()
            .map(|(_, note)| note)
            .filter(|note| !note.forbids)
            .collect()
    }

    /// Asks Cedar. A policy in observe mode denies nothing before its end.
    pub(crate) fn ask(&self, request: &Request, entities: &Entities, now: Timestamp) -> CedarAnswer {
        let mut sum = Sum::default();
        match &self.slices {
            Some(slices) => slices.ask(request, entities, &self.set, &mut sum),
            None => sum.add(request, &self.set, entities),
        }
        for watched in &self.watched {
            watched.ask(request, entities, now, &mut sum);
        }
        sum.answer()
    }

    /// Whether a condition names an action by its id: scopes do not count, since slices have answered them or the
    /// question's own action, with the groups above it, does.
    pub(crate) const fn reads_actions(&self) -> bool {
        self.reads_actions
    }

    /// Whether a policy that can apply to an action by such a principal reads the clock, beyond a grant's end.
    pub(crate) fn reads_clock(&self, action: &EntityUid, principal: &EntityTypeName) -> bool {
        let sliced = self.slices.as_ref();
        !self.watched.is_empty() || sliced.is_none_or(|slices| slices.reads_clock(action, principal))
    }

    /// Whether the schema knows a question of this action and these types; `true` without slices, which alone know.
    pub(crate) fn knows(&self, request: &Request) -> bool {
        self.slices.as_ref().is_none_or(|slices| slices.knows(request))
    }

    /// The same without slices: what the slices have to equal.
    #[cfg(test)]
    pub(crate) fn whole(&self) -> Self {
        Self {
            slices: None,
            ..self.clone()
        }
    }

    /// Adds policies whether or not they fit the schema.
    #[cfg(test)]
    pub(crate) fn add_unchecked(&mut self, file: &str, text: &str) -> Result<(), BundleError> {
        self.add(file, text, false)
    }

    /// The same with slices.
    #[cfg(test)]
    pub(crate) fn sliced(&self, schema: &SchemaParts) -> Self {
        Self {
            slices: Some(Arc::new(Slices::of(&self.set, schema).unwrap())),
            ..self.clone()
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

/// Whether a policy's conditions look above an action that they name; one that can't be looked through counts as such.
/// The question's own action is always in the store, so that `action in …` is no such thing.
fn reads_actions(policy: &Policy) -> bool {
    fn names_action(json: &Value) -> bool {
        match json {
            Value::String(text) => text == "Visum::Action",
            Value::Array(items) => items.iter().any(names_action),
            Value::Object(members) => members.values().any(names_action),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    fn looks(json: &Value) -> bool {
        match json {
            Value::Array(items) => items.iter().any(looks),
            Value::Object(members) => members.iter().any(|(word, value)| match word.as_str() {
                // what compares or joins looks at no entity's ancestors
                "==" | "!=" | "&&" | "||" | "!" => looks(value),
                "in" => value.get("left").is_none_or(names_action) || looks(value),
                _ => looks(value) || (value.get("left").is_some_and(names_action)),
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
    }
    policy
        .to_json()
        .map_or(true, |json| json.get("conditions").is_none_or(looks))
}

/// The Cedar form of a name.
pub(crate) fn entity_uid(name: &EntityName) -> Result<EntityUid, String> {
    let kind: EntityTypeName = name
        .kind
        .parse()
        .map_err(|error: cedar_policy::ParseErrors| chain(&error))?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(&name.id)))
}
