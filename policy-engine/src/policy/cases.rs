//! The shipped cases (`policies/cases.json`): decision, exact determining policies, no error; and stores with a hole.

use std::collections::{BTreeSet, HashMap};

use cedar_policy::{Context, Entity, EntityUid, Request};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Policies;
use crate::{
    entity::{Register, SchemaParts, Thing},
    intent::Action,
    snapshot::TemplateLink,
};

const CASES: &str = include_str!("../../policies/cases.json");

#[derive(Deserialize)]
struct File {
    entities: Vec<Value>,
    contexts: Map<String, Value>,
    cases: Vec<Case>,
    missing_entity: Missing,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    principal: Value,
    action: String,
    resource: Value,
    context: String,
    patch: Value,
    #[serde(default)]
    links: Vec<TemplateLink>,
    expect: Expect,
}

#[derive(Deserialize)]
struct Expect {
    decision: String,
    policies: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Missing {
    cases: Vec<Hole>,
}

#[derive(Deserialize)]
struct Hole {
    case: String,
    drop: Value,
    cedar_alone: String,
}

/// What the engine makes of a question: an answer, or an error, which is a denial.
struct Outcome {
    allow: bool,
    policies: BTreeSet<String>,
    error: Option<String>,
}

struct Bench {
    file: File,
    schema: SchemaParts,
    policies: Policies,
    register: Register,
}

impl Bench {
    fn new() -> Self {
        let file: File = serde_json::from_str(CASES).unwrap();
        let schema = SchemaParts::embedded().unwrap();
        let things = file.entities.iter().map(|json| Thing {
            entity: Entity::from_json_value(json.clone(), Some(&schema.schema)).unwrap(),
            refs: [&json["attrs"], &json["parents"]].into_iter().flat_map(refs).collect(),
        });
        let register = Register::new(things.collect(), schema.actions.clone(), &schema.schema).unwrap();
        Self {
            file,
            schema,
            policies: Policies::shipped().unwrap(),
            register,
        }
    }

    fn uid(value: &Value) -> EntityUid {
        EntityUid::from_json(value.clone()).unwrap()
    }

    fn request(&self, case: &Case) -> (Request, Vec<EntityUid>) {
        let mut context = self.file.contexts[&case.context].clone();
        merge(&mut context, &case.patch);
        let mut seeds = vec![Self::uid(&case.principal), Self::uid(&case.resource)];
        seeds.extend(refs(&context));
        let action = self.schema.types.action(Action::from_name(&case.action).unwrap());
        let schema = &self.schema.schema;
        let context = Context::from_json_value(context, Some((schema, &action))).unwrap();
        let (principal, resource) = (seeds[0].clone(), seeds[1].clone());
        (
            Request::new(principal, action, resource, context, Some(schema)).unwrap(),
            seeds,
        )
    }

    /// Asks as the engine does: a whole store or none, and any error of a policy is one of the question.
    fn ask(&self, case: &Case) -> Outcome {
        let mut policies = self.policies.clone();
        for link in &case.links {
            policies.link(link).unwrap();
        }
        self.ask_with(case, &policies, &self.register)
    }

    fn ask_with(&self, case: &Case, policies: &Policies, register: &Register) -> Outcome {
        let (request, seeds) = self.request(case);
        outcome(&request, &seeds, policies, register)
    }

    fn case(&self, id: &str) -> &Case {
        self.file.cases.iter().find(|case| case.id == id).unwrap()
    }
}

fn outcome(request: &Request, seeds: &[EntityUid], policies: &Policies, register: &Register) -> Outcome {
    match register.store(Vec::new(), seeds) {
        Err(error) => Outcome {
            allow: false,
            policies: BTreeSet::new(),
            error: Some(error.to_string()),
        },
        Ok(store) => {
            let answer = policies.ask(request, &store);
            Outcome {
                allow: answer.allow && answer.errors.is_empty(),
                policies: answer.policies.into_iter().collect(),
                error: answer.errors.into_iter().next(),
            }
        }
    }
}

/// Entities that a JSON value names, but for closed vocabularies and the inputs of tasks, which are only compared.
fn refs(value: &Value) -> Vec<EntityUid> {
    const ENUMS: [&str; 11] = [
        "Verdict",
        "DataClass",
        "AccessMode",
        "DatasetState",
        "ClientKind",
        "TaskState",
        "AppState",
        "PurposeBasis",
        "HoldKind",
        "ChangeKind",
        "Governance",
    ];
    let named = value.get("__entity").or_else(|| value.get("type").map(|_| value));
    if let Some(named) = named {
        let kind = named["type"].as_str().unwrap().trim_start_matches("Visum::");
        return if ENUMS.contains(&kind) {
            Vec::new()
        } else {
            vec![Bench::uid(named)]
        };
    }
    match value {
        Value::Array(list) => list.iter().flat_map(refs).collect(),
        Value::Object(map) => {
            let compared = ["datasets", "diseases"];
            map.iter()
                .filter(|(name, _)| !compared.contains(&name.as_str()))
                .flat_map(|(_, value)| refs(value))
                .collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// RFC 7396, save that entities and extension values are replaced whole.
fn merge(target: &mut Value, patch: &Value) {
    let whole = |value: &Value| value.get("__entity").is_some() || value.get("__extn").is_some();
    match (target, patch) {
        (Value::Object(target), Value::Object(changes)) if !whole(patch) => {
            for (name, change) in changes {
                if change.is_null() {
                    target.remove(name);
                } else {
                    let slot = target.entry(name.clone()).or_insert(Value::Null);
                    if !slot.is_object() || whole(slot) {
                        *slot = Value::Object(Map::new());
                    }
                    merge(slot, change);
                }
            }
        }
        (target, patch) => *target = patch.clone(),
    }
}

#[test]
fn the_shipped_cases_are_answered_by_exactly_their_policies() {
    let bench = Bench::new();
    assert_eq!((bench.file.entities.len(), bench.file.cases.len()), (102, 152));
    let mut decided = BTreeSet::new();
    for case in &bench.file.cases {
        let found = bench.ask(case);
        assert_eq!(found.error, None, "{}", case.id);
        assert_eq!(found.allow, case.expect.decision == "allow", "{}", case.id);
        assert_eq!(found.policies, case.expect.policies, "{}", case.id);
        decided.extend(found.policies);
    }
    let shipped = Policies::shipped().unwrap();
    let idle: Vec<_> = shipped
        .notes()
        .filter(|note| !note.id.starts_with("visum.template.") && !decided.contains(&note.id))
        .map(|note| &note.id)
        .collect();
    assert_eq!(idle, [""; 0], "each shipped policy decides at least one case");
}

#[test]
fn a_store_with_a_hole_denies() {
    let bench = Bench::new();
    let mut opened = 0;
    for hole in &bench.file.missing_entity.cases {
        let case = bench.case(&hole.case);
        let gone = Bench::uid(&hole.drop);
        let register = bench.register.without(&gone);
        let found = bench.ask_with(case, &bench.policies, &register);
        assert!(!found.allow && found.error.is_some(), "{} without {gone}", hole.case);
        // The negative control: Cedar by itself opens where the case says so, so that the guard is no decoration.
        let store = register.everything();
        let (request, _) = bench.request(case);
        let alone = bench.policies.ask(&request, &store);
        assert_eq!(alone.allow, hole.cedar_alone == "allow", "{}", hole.case);
        if alone.allow {
            opened += 1;
            assert!(!alone.errors.is_empty(), "{}: an error shows it", hole.case);
        }
    }
    assert_eq!(opened, 9);
}

#[test]
fn taking_any_entity_away_never_turns_a_denial_into_a_permit() {
    let bench = Bench::new();
    let all = bench.file.entities.iter().map(|json| Bench::uid(&json["uid"]));
    let holed: HashMap<EntityUid, Register> = all.map(|gone| (gone.clone(), bench.register.without(&gone))).collect();
    let mut asked = 0;
    for case in bench
        .file
        .cases
        .iter()
        .filter(|case| case.expect.decision == "deny" && case.links.is_empty())
    {
        let (request, seeds) = bench.request(case);
        // Only what the question can reach may matter.
        let reach = bench.register.store(Vec::new(), &seeds).unwrap();
        for (gone, register) in holed.iter().filter(|(gone, _)| reach.get(gone).is_some()) {
            assert!(
                !outcome(&request, &seeds, &bench.policies, register).allow,
                "{} without {gone}",
                case.id
            );
            asked += 1;
        }
    }
    assert!(asked > 500, "{asked}");
}

#[test]
fn templates_link_and_validate() {
    let schema = SchemaParts::embedded().unwrap();
    let name = |kind: &str, id: &str| Some(crate::EntityName::new(format!("Visum::{kind}"), id));
    let links = [
        ("group-dataset", name("Group", "g"), name("Dataset", "d")),
        ("compute-only-collection", None, name("Collection", "c")),
        ("internal-network-only", None, name("Dac", "d")),
        ("no-commercial", None, name("Collection", "c")),
        ("sender-constrained", None, name("Dataset", "d")),
        ("embargo-person", name("Researcher", "r"), name("Dac", "d")),
        ("fresh-affiliation", None, name("Dataset", "d")),
        ("approved-images", None, name("Image", "i")),
        (
            "storage-for-group",
            name("Group", "g"),
            name("StorageLocation", "s3://x/"),
        ),
        ("certified-tool", None, name("Image", "i")),
    ];
    let mut policies = Policies::shipped().unwrap();
    let count = policies
        .notes()
        .filter(|note| note.id.starts_with("visum.template."))
        .count();
    assert_eq!(count, links.len());
    for (template, principal, resource) in links {
        let link = TemplateLink {
            template: format!("visum.template.{template}"),
            id: format!("link.{template}"),
            principal,
            resource,
        };
        policies.link(&link).unwrap();
        assert!(
            policies.note(&link.id).is_some_and(|note| !note.reason.is_empty()),
            "{template}"
        );
        assert_eq!(
            policies.link(&link).unwrap_err().code(),
            "bundle.policy_id",
            "an id is taken once"
        );
    }
    assert_eq!(policies.faults(&schema), []);
    let missing = TemplateLink {
        template: "visum.template.none".into(),
        id: "x".into(),
        principal: None,
        resource: None,
    };
    assert_eq!(policies.link(&missing).unwrap_err().code(), "bundle.link");
    let short = TemplateLink {
        template: "visum.template.no-commercial".into(),
        id: "x".into(),
        principal: None,
        resource: None,
    };
    assert_eq!(
        policies.link(&short).unwrap_err().code(),
        "bundle.link",
        "an unfilled slot"
    );
}

#[test]
fn the_shipped_policies_fit_the_schema_without_a_warning() {
    let schema = SchemaParts::embedded().unwrap();
    let policies = Policies::shipped().unwrap();
    assert_eq!(policies.faults(&schema), []);
    let baseline = policies.notes().filter(|note| note.id.starts_with("visum.baseline."));
    assert_eq!(baseline.filter(|note| note.forbids).count(), 32);
    assert_eq!(
        policies
            .notes()
            .filter(|note| note.id.starts_with("visum.standard."))
            .count(),
        43
    );
}
