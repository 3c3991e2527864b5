//! A solver's example as a request in words: who asks, for what, and the facts that the policies at hand read.

use std::collections::BTreeSet;

use cedar_policy::{Entities, EntityUid, EvalResult};
use cedar_policy_symcc::Env;
use serde_json::Value;

use super::{
    parts::{One, plain},
    report::{Counterexample, EnvironmentName},
};

/// An example, told. `reads`: the policies whose facts matter. `by`: the permits that let it.
pub(super) fn counterexample<'a>(
    environment: EnvironmentName,
    example: &Env,
    store: &Entities,
    reads: impl IntoIterator<Item = &'a One>,
    by: &[String],
) -> Counterexample {
    let mut wanted = BTreeSet::new();
    for one in reads {
        if let Some(conditions) = one.meaning.get("conditions") {
            paths(conditions, &mut wanted);
        }
    }
    let scene = Scene { example, store };
    let who = scene.thing(example.request.principal(), "principal");
    let what = scene.thing(example.request.resource(), "resource");
    let mut facts: Vec<String> = wanted.iter().filter_map(|path| scene.fact(path)).collect();
    for (end, name) in [(example.request.principal(), &who), (example.request.resource(), &what)] {
        facts.extend(scene.membership(end, name));
    }
    facts.dedup();
    let asks = format!("{} ({})", purpose(&environment.action), environment.action);
    let list = if facts.is_empty() {
        ", whatever the facts".to_owned()
    } else {
        format!(", when {}", facts.join("; "))
    };
    let by_words = by.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
    let words = format!("{} may {asks} on {what}{list}. Let by {by_words}.", capital(&who));
    Counterexample {
        environment,
        who,
        asks,
        what,
        facts,
        by: by.to_vec(),
        words,
    }
}

/// A path of names: `context`, `grant`, `expires`.
type Path = Vec<String>;

/// The paths that expressions read, each as long as it goes.
fn paths(json: &Value, found: &mut BTreeSet<Path>) {
    if let Some(path) = path(json) {
        if path.len() > 1 {
            found.insert(path);
        }
        return;
    }
    match json {
        Value::Object(members) => members.values().for_each(|value| paths(value, found)),
        Value::Array(items) => items.iter().for_each(|value| paths(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn path(json: &Value) -> Option<Path> {
    let members = json.as_object()?;
    if let Some(variable) = members.get("Var").and_then(Value::as_str) {
        return Some(vec![variable.to_owned()]);
    }
    let step = members.get(".").or_else(|| members.get("has"))?;
    let mut path = path(step.get("left")?)?;
    path.push(step.get("attr")?.as_str()?.to_owned());
    Some(path)
}

struct Scene<'e> {
    example: &'e Env,
    store: &'e Entities,
}

impl Scene<'_> {
    /// The value at a path; `None` if something on it is not there.
    fn value(&self, path: &[String]) -> Option<EvalResult> {
        let (variable, rest) = path.split_first()?;
        let (mut value, rest) = match variable.as_str() {
            "principal" => (EvalResult::EntityUid(self.example.request.principal()?.clone()), rest),
            "resource" => (EvalResult::EntityUid(self.example.request.resource()?.clone()), rest),
            "context" => {
                let (first, rest) = rest.split_first()?;
                (self.example.request.context()?.get(first)?, rest)
            }
            _ => return None,
        };
        for name in rest {
            value = match &value {
                EvalResult::EntityUid(id) => self.store.get(id)?.attr(name)?.ok()?,
                EvalResult::Record(record) => record.get(name)?.clone(),
                EvalResult::Bool(_)
                | EvalResult::Long(_)
                | EvalResult::String(_)
                | EvalResult::Set(_)
                | EvalResult::ExtensionValue(_) => return None,
            };
        }
        Some(value)
    }

    fn fact(&self, path: &[String]) -> Option<String> {
        let of = match path.first()?.as_str() {
            "principal" => plain(self.example.request.principal()?.type_name()),
            "resource" => plain(self.example.request.resource()?.type_name()),
            "context" => "context".to_owned(),
            _ => return None,
        };
        let key = format!("{of}.{}", path.get(1..)?.join("."));
        let known = PHRASES.iter().find(|(name, _)| *name == key).map(|(_, phrase)| *phrase);
        let phrase = known.map_or_else(|| format!("`{}` is", path.join(".")), str::to_owned);
        let parent = path.get(..path.len().saturating_sub(1))?;
        match self.value(path) {
            Some(EvalResult::Record(_)) => Some(format!("{phrase} there")),
            Some(value) => Some(format!("{phrase} {}", self.said(&value))),
            // Of another type the path means nothing; below what is not there, nothing more is to be said.
            None if known.is_none() || (path.len() > 2 && self.value(parent).is_none()) => None,
            None => Some(
                match phrase.strip_prefix("a ").and_then(|rest| rest.strip_suffix(" is")) {
                    Some(thing) => format!("there is no {thing}"),
                    None => format!("{phrase} not given"),
                },
            ),
        }
    }

    /// A value in words.
    fn said(&self, value: &EvalResult) -> String {
        match value {
            EvalResult::Bool(true) => "yes".to_owned(),
            EvalResult::Bool(false) => "no".to_owned(),
            EvalResult::Long(number) => number.to_string(),
            EvalResult::String(text) => format!("{text:?}"),
            EvalResult::EntityUid(id) => self.named(id),
            EvalResult::Set(set) if set.is_empty() => "none".to_owned(),
            EvalResult::Set(set) => set.iter().map(|value| self.said(value)).collect::<Vec<_>>().join(", "),
            EvalResult::Record(_) => "there".to_owned(),
            EvalResult::ExtensionValue(text) => text.clone(),
        }
    }

    /// An entity by what it is to the request, by its id if that means something, else by its type.
    fn named(&self, id: &EntityUid) -> String {
        let kind = plain(id.type_name());
        let name: &str = id.id().unescaped();
        if self.example.request.principal() == Some(id) {
            return "the one who asks".to_owned();
        }
        if self.example.request.resource() == Some(id) {
            return format!("this {}", spaced(&kind));
        }
        if VOCABULARIES.contains(&kind.as_str()) {
            return name.to_owned();
        }
        if name.is_empty() {
            return format!("another {}", spaced(&kind));
        }
        format!("{} {name:?}", spaced(&kind))
    }

    fn thing(&self, id: Option<&EntityUid>, otherwise: &str) -> String {
        let Some(id) = id else { return otherwise.to_owned() };
        let kind = spaced(&plain(id.type_name()));
        let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) {
            "an"
        } else {
            "a"
        };
        format!("{article} {kind}")
    }

    /// Roles, committees and groups of the one who asks.
    fn membership(&self, id: Option<&EntityUid>, name: &str) -> Option<String> {
        let above: BTreeSet<String> = self
            .store
            .ancestors(id?)?
            .filter(|above| plain(above.type_name()) != "Action")
            .map(|above| self.named(above))
            .collect();
        if above.is_empty() {
            return None;
        }
        let above: Vec<String> = above.into_iter().collect();
        Some(format!("{name} belongs to {}", above.join(", ")))
    }
}

/// `PolicyBundle` as `policy bundle`.
fn spaced(kind: &str) -> String {
    let mut text = String::with_capacity(kind.len());
    for letter in kind.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What an action is, as what somebody may do.
fn purpose(action: &str) -> &'static str {
    match action {
        "drs:describe" => "see the description",
        "drs:access-url" => "get a link to the data",
        "drs:stream" => "download the data",
        "drs:task-stream" => "read the data in a task",
        "output:export" => "take results out",
        "output:release" => "release the outputs",
        "drs:register" => "register objects",
        "tes:create" => "send a task",
        "wes:create" => "send a workflow run",
        "tes:use-input" | "wes:use-input" => "use the data as an input",
        "tes:run-image" => "run the image",
        "wes:run-workflow" => "run the workflow",
        "compute:write-output" => "write outputs",
        "tes:read" | "wes:read" => "see the work",
        "tes:read-logs" | "wes:read-logs" => "read the logs",
        "tes:cancel" | "wes:cancel" => "cancel the work",
        "service:info" => "see what the service is",
        "trs:read" => "read the tool",
        "grant:decide" => "vote",
        "grant:issue" => "issue the visa",
        "grant:revoke" => "revoke the visa",
        "hold:place" => "place a hold",
        "hold:release" => "release the hold",
        "catalogue:edit" | "trust:draft" | "role:draft" | "policy:draft" => "write a draft",
        "catalogue:approve" | "trust:approve" | "role:approve" | "hold:approve" | "lockdown:approve"
        | "policy:approve" => "approve",
        "change:apply" | "policy:publish" => "put in force",
        "lockdown:place" => "stop everything",
        "audit:read" => "read the log",
        _ => "act",
    }
}

const VOCABULARIES: [&str; 11] = [
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

/// Facts by type and path, so that the value can follow.
const PHRASES: [(&str, &str); 73] = [
    ("context.now", "the time is"),
    ("context.stopped", "a stop is in force:"),
    ("context.consent.verdict", "what consent says is"),
    ("context.consent.code", "the reason of consent is"),
    ("context.grant", "a grant is"),
    ("context.grant.dataset", "the grant's dataset is"),
    ("context.grant.expires", "the grant's end is"),
    ("context.grant.asserted", "the grant's date is"),
    ("context.grant.source", "the grant's source is"),
    ("context.grant.issuer", "the grant's issuer is"),
    ("context.grant.by", "who granted is"),
    ("context.registered.researcherStatus", "registered researcher:"),
    ("context.registered.terms", "accepted terms:"),
    ("context.purpose", "a purpose is"),
    ("context.purpose.basis", "the purpose's basis is"),
    ("context.purpose.commercial", "commercial purpose:"),
    ("context.purpose.uses", "uses in the purpose:"),
    ("context.purpose.diseases", "diseases in the purpose:"),
    ("context.assurance.identity", "the identity's assurance (0 to 3) is"),
    ("context.assurance.authn", "login factors (0 to 2):"),
    ("context.assurance.authenticated", "the login's time is"),
    ("context.assurance.sinceLogin", "the time since the login is"),
    ("context.assurance.affiliationFresh", "fresh affiliation:"),
    ("context.client.id", "the client is"),
    ("context.client.kind", "the client's kind is"),
    ("context.client.senderConstrained", "token bound to the client's key:"),
    ("context.network.address", "the address is"),
    ("context.network.country", "the caller's country is"),
    ("context.network.internal", "internal network:"),
    ("context.work.datasets", "datasets of the work:"),
    ("context.work.controlled", "work on controlled data:"),
    ("context.work.computeOnly", "work on compute-only data:"),
    ("context.work.bodySeen", "the request's body was seen:"),
    ("context.work.opaque", "what it would fetch can't be told:"),
    ("context.work.inlineCode", "code in the request:"),
    ("context.work.commandMatches", "the command is the tool's:"),
    ("context.work.sessionDatasets", "datasets declared by a session:"),
    ("context.work.project", "the work's project is"),
    ("context.service", "the place of use is"),
    ("context.service.certified", "the place of use is certified for:"),
    ("context.service.secureEnvironment", "secure environment:"),
    ("context.service.country", "the country of the place of use is"),
    ("context.service.suspended", "the place of use is suspended:"),
    ("context.governance", "the node's governance is"),
    ("Researcher.suspended", "the person is suspended:"),
    ("Researcher.institution", "the person's institution is"),
    ("Service.suspended", "the service is suspended:"),
    ("Dataset.dataClass", "the data's class is"),
    ("Dataset.mode", "the data's mode is"),
    ("Dataset.state", "the dataset's state is"),
    ("Dataset.discoverable", "discoverable:"),
    ("Dataset.boundPurpose", "only a purpose of the committee counts:"),
    ("Dataset.project", "the dataset's project is"),
    ("Dataset.dac", "the dataset's committee is"),
    ("Dataset.allowedRegions", "regions of the dataset:"),
    ("Task.owner", "the task's owner is"),
    ("Task.datasets", "the task's inputs:"),
    ("Task.expires", "the task's end is"),
    ("Task.state", "the task's state is"),
    ("Run.owner", "the run's owner is"),
    ("Run.datasets", "the run's inputs:"),
    ("Run.state", "the run's state is"),
    ("Image.pinned", "image named by digest:"),
    ("StorageLocation.secure", "secure storage:"),
    ("PolicyBundle.author", "the bundle's author is"),
    ("ChangeSet.kind", "the change's kind is"),
    ("ChangeSet.author", "the change's author is"),
    ("ChangeSet.approver", "the change's approver is"),
    ("ChangeSet.subject", "who gains by the change is"),
    ("ChangeSet.widens", "the change widens:"),
    ("ChangeSet.consentEvent", "the change has a consent event:"),
    ("Hold.kind", "the hold's kind is"),
    ("Hold.service", "the hold's service is"),
];
