//! Case files: `visum-policy-test/1` (policy.md 6, step 3), read strictly and made ready to be asked.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Context, Entity, EntityUid, Request};
use serde::Deserialize;
use serde_json::{Map, Value};
use visa_verifier::{seam::Timestamp, token::json as strict};

use super::json::{merge, now, refs};
use crate::{
    EntityName,
    entity::{Register, SchemaParts, Thing, chain},
    intent::Action,
    policy::{DEPTH, FILE_BYTES, Finding, entity_uid},
    snapshot::TemplateLink,
};

/// The shipped cases.
pub(crate) const SHIPPED: &str = include_str!("../../policies/cases.json");
/// The form's name.
const FORMAT: &str = "visum-policy-test/1";
/// A file may hold so many cases, and so many entities.
const CASES: usize = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    /// `shipped`: the shipped entities and contexts are there too.
    #[serde(default)]
    extends: Option<String>,
    #[serde(default)]
    entities: Vec<Value>,
    #[serde(default)]
    contexts: Map<String, Value>,
    #[serde(default)]
    cases: Vec<FileCase>,
    /// Shipped cases whose decision this bundle changes on purpose: id to new decision.
    #[serde(default)]
    shipped: BTreeMap<String, Word>,
    /// Stores with a hole.
    #[serde(default)]
    missing_entity: Option<FileHoles>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileHoles {
    #[serde(default)]
    #[expect(dead_code, reason = "for who reads the file")]
    why: String,
    cases: Vec<FileHole>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileHole {
    case: String,
    drop: EntityName,
    engine: Word,
    #[serde(default)]
    cedar_alone: Option<Word>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileCase {
    id: String,
    #[serde(default)]
    why: String,
    principal: EntityName,
    action: String,
    resource: EntityName,
    context: String,
    #[serde(default)]
    patch: Value,
    #[serde(default)]
    links: Vec<TemplateLink>,
    expect: Expect,
}

/// A decision in a case file.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Word {
    /// Permitted.
    Allow,
    /// Denied.
    Deny,
}

/// What a case expects.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The decision.
    pub decision: Word,
    /// The exact determining policies, if they are to be checked.
    #[serde(default)]
    pub policies: Option<BTreeSet<String>>,
    /// The exact `@code`s of the forbids that determine it, if they are to be checked.
    #[serde(default)]
    pub codes: Option<BTreeSet<String>>,
}

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its id, once in its file.
    pub id: String,
    /// What it shows, in words.
    pub why: String,
    /// Who asks.
    pub principal: EntityName,
    /// What for.
    pub action: Action,
    /// What about.
    pub resource: EntityName,
    /// Links for this case only.
    pub links: Vec<TemplateLink>,
    /// What it expects.
    pub expect: Expect,
    pub(crate) now: Timestamp,
    pub(crate) request: Request,
    pub(crate) seeds: Vec<EntityUid>,
}

/// A case file, made ready.
#[derive(Debug)]
pub struct Suite {
    /// The file's name.
    pub name: String,
    /// Its cases, in its order.
    pub cases: Vec<Case>,
    /// Shipped cases whose decision changes on purpose.
    pub shipped: BTreeMap<String, Word>,
    pub(crate) register: Register,
    pub(crate) holes: Vec<Hole>,
}

/// A case asked once more, of a store that lacks one entity.
#[derive(Clone, Debug)]
pub(crate) struct Hole {
    /// The case, by its position.
    pub(crate) case: usize,
    /// The entity that is gone.
    pub(crate) drop: EntityUid,
    /// What the engine answers.
    pub(crate) engine: Word,
    /// What Cedar answers without the engine's guard, if that is to be checked: why the guard is there.
    pub(crate) cedar_alone: Option<Word>,
}

impl Word {
    /// As a truth value.
    pub const fn allows(self) -> bool {
        matches!(self, Self::Allow)
    }
}

impl Suite {
    /// The cases that come with the build.
    ///
    /// # Errors
    /// None, unless the build is broken.
    pub fn shipped() -> Result<Self, Box<Finding>> {
        Self::parse("shipped cases", SHIPPED)
    }

    /// Reads a case file and makes its questions.
    ///
    /// # Errors
    /// What is wrong with it: a member that is not known or twice, entities or contexts that do not fit the schema.
    pub fn parse(name: &str, text: &str) -> Result<Self, Box<Finding>> {
        let wrong = |what: String| Box::new(Finding::error(name, "bundle.test", what));
        let mut file: File =
            strict::parse(text.as_bytes(), FILE_BYTES, DEPTH).map_err(|error| wrong(error.to_string()))?;
        if file.format != FORMAT {
            return Err(wrong(format!("`format` is `{}`, not `{FORMAT}`", file.format)));
        }
        match file.extends.as_deref() {
            None => {}
            Some("shipped") => {
                let base: File = serde_json::from_str(SHIPPED).map_err(|error| wrong(error.to_string()))?;
                extend(&mut file, base);
            }
            Some(other) => return Err(wrong(format!("`extends` can be `shipped` only, not `{other}`"))),
        }
        if file.cases.len() > CASES || file.entities.len() > CASES {
            return Err(wrong(format!("more than {CASES} cases or entities")));
        }
        let schema = SchemaParts::shared().map_err(|error| wrong(error.to_string()))?;
        let mut things = Vec::with_capacity(file.entities.len());
        for json in &file.entities {
            let entity = Entity::from_json_value(json.clone(), Some(&schema.schema))
                .map_err(|error| wrong(format!("entity {}: {}", text_of(json.get("uid")), chain(&error))))?;
            let named = [json.get("attrs"), json.get("parents")];
            things.push(Thing::of(&entity, named.into_iter().flatten().flat_map(refs).collect()));
        }
        let register =
            Register::new(things, schema.actions.clone(), &schema.schema).map_err(|error| wrong(error.to_string()))?;
        let mut seen = BTreeSet::new();
        let mut cases = Vec::with_capacity(file.cases.len());
        for case in file.cases {
            if !seen.insert(case.id.clone()) {
                return Err(wrong(format!("the case `{}` is there twice", case.id)));
            }
            let id = case.id.clone();
            cases.push(ready(case, &file.contexts, schema).map_err(|what| wrong(format!("case `{id}`: {what}")))?);
        }
        let holes = file.missing_entity.map(|holes| holes.cases).unwrap_or_default();
        if holes.len() > CASES {
            return Err(wrong(format!("more than {CASES} stores with a hole")));
        }
        let holes = holes
            .into_iter()
            .enumerate()
            .map(|(at, hole)| {
                hole_of(hole, &cases, &register).map_err(|what| wrong(format!("`missing_entity.cases[{at}]`: {what}")))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name: name.to_owned(),
            cases,
            shipped: file.shipped,
            register,
            holes,
        })
    }

    /// The whole store of a case, as the engine would make it.
    #[cfg(test)]
    pub(crate) fn store(&self, case: &Case) -> Result<cedar_policy::Entities, crate::error::EngineError> {
        self.register.store(Vec::new(), &case.seeds)
    }
}

/// Adds what `base` has and the file has not.
fn extend(file: &mut File, base: File) {
    let own: BTreeSet<String> = file.entities.iter().map(|json| text_of(json.get("uid"))).collect();
    let further = base.entities.into_iter();
    file.entities
        .extend(further.filter(|json| !own.contains(&text_of(json.get("uid")))));
    for (name, context) in base.contexts {
        file.contexts.entry(name).or_insert(context);
    }
}

fn ready(case: FileCase, contexts: &Map<String, Value>, schema: &SchemaParts) -> Result<Case, String> {
    let mut context = contexts
        .get(&case.context)
        .cloned()
        .ok_or_else(|| format!("there is no context `{}`", case.context))?;
    if !case.patch.is_null() {
        merge(&mut context, &case.patch);
    }
    let action = Action::from_name(&case.action).ok_or_else(|| format!("there is no action `{}`", case.action))?;
    let (principal, resource) = (entity_uid(&case.principal)?, entity_uid(&case.resource)?);
    let mut seeds = vec![principal.clone(), resource.clone()];
    seeds.extend(refs(&context));
    let now = now(&context).ok_or("the context has no `now`")?;
    let of = schema.types.action(action);
    let context = Context::from_json_value(context, Some((&schema.schema, &of)))
        .map_err(|error| format!("context: {}", chain(&error)))?;
    let request =
        Request::new(principal, of, resource, context, Some(&schema.schema)).map_err(|error| chain(&error))?;
    Ok(Case {
        id: case.id,
        why: case.why,
        principal: case.principal,
        action,
        resource: case.resource,
        links: case.links,
        expect: case.expect,
        now: Timestamp::from_unix(now),
        request,
        seeds,
    })
}

/// A hole of a case that is in the file, where an entity is that is there.
fn hole_of(hole: FileHole, cases: &[Case], register: &Register) -> Result<Hole, String> {
    let case = cases
        .iter()
        .position(|case| case.id == hole.case)
        .ok_or_else(|| format!("there is no case `{}` in this file", hole.case))?;
    let drop = entity_uid(&hole.drop)?;
    if !register.has(&drop) {
        return Err(format!("there is no entity `{drop}` to be missing"));
    }
    Ok(Hole {
        case,
        drop,
        engine: hole.engine,
        cedar_alone: hole.cedar_alone,
    })
}

fn text_of(value: Option<&Value>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}
