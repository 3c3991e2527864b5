//! Workflow parameters and attachments to data (`apis.md` 3.3, 3.4): every string at every depth, and every key.

use std::collections::BTreeSet;

use policy_engine::{
    intent::{Action, DataRef, Intent, ToolRef},
    snapshot::Snapshot,
};
use ring::digest;
use serde_json::Value;

use crate::{
    capability::{Capabilities, object_of},
    config::{Reading, WesMount},
    limits,
    understand::{
        NotUnderstood,
        reference::{Class, classify, is_storage},
        scan::Scan,
    },
};

use super::{
    attached,
    form::{Attachment, Form},
    imports, tasks_json,
};

/// What a run would read, run and write.
///
/// # Errors
/// [`NotUnderstood`] names the part.
pub(crate) fn intent(form: &Form<'_>, mount: &WesMount, scan: &mut Scan<'_>) -> Result<Intent, NotUnderstood> {
    let mut intent = mount.compute.at(Intent::new(Action::WesCreate));
    let alone = form.origin.as_ref().and_then(|origin| origin.alone.clone());
    let digest = alone.unwrap_or_else(|| pin(&form.attachments));
    intent.tool = Some(ToolRef {
        id: format!("sha256:{digest}"),
        pinned: true,
        public: false,
        within: form.origin.iter().flat_map(|origin| origin.within.clone()).collect(),
    });
    let mut walk = Walk {
        intent: &mut intent,
        scan,
        strings: 0,
    };
    walk.value("workflow_params", &form.request.workflow_params)?;
    for (key, value) in &form.request.tags {
        walk.inside("tags", key)?;
        walk.inside("tags", value)?;
    }
    match form.kind.reading {
        Reading::Tasks => {
            intent.command_matches = true;
            for (at, task) in tasks_json::tasks(form)?.iter().enumerate() {
                crate::understand::tes::create::add(task, &mount.compute, scan, &mut intent)
                    .map_err(|fault| fault.inside(&format!("tasks[{at}].")))?;
            }
        }
        Reading::Text => {
            for attachment in form.attachments.iter().filter(|file| !file.approved) {
                let part = format!("workflow_attachment {}", attachment.name);
                attached::refuse(&part, &attachment.bytes)?;
                let text = str::from_utf8(&attachment.bytes).map_err(|_| {
                    NotUnderstood::at(&part, "run.attachment_binary", "it is not text, so it cannot be judged")
                })?;
                imports::refuse(&part, text)?;
                Walk {
                    intent: &mut intent,
                    scan,
                    strings: 0,
                }
                .inside(&part, text)?;
            }
        }
    }
    once(&mut intent);
    Ok(intent)
}

/// The same thing named twice is one read.
fn once(intent: &mut Intent) {
    let mut seen: BTreeSet<DataRef> = BTreeSet::new();
    intent.reads.retain(|read| seen.insert(read.data.clone()));
}

/// The digest that pins the workflow: over all attachments, by name.
pub(crate) fn pin(attachments: &[Attachment]) -> String {
    let mut sorted: Vec<&Attachment> = attachments.iter().collect();
    sorted.sort_by(|one, other| one.name.cmp(&other.name));
    let mut context = digest::Context::new(&digest::SHA256);
    for attachment in sorted {
        for part in [attachment.name.as_bytes(), &attachment.bytes] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
    }
    context
        .finish()
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

struct Walk<'i, 'c> {
    intent: &'i mut Intent,
    scan: &'i mut Scan<'c>,
    strings: usize,
}

impl Walk<'_, '_> {
    fn value(&mut self, part: &str, value: &Value) -> Result<(), NotUnderstood> {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
            Value::String(text) => self.text(part, text),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .try_for_each(|(at, item)| self.value(&format!("{part}[{at}]"), item)),
            Value::Object(members) => members.iter().try_for_each(|(key, value)| {
                self.key(part, key)?;
                let shown: String = key
                    .chars()
                    .filter(|letter| letter.is_ascii_graphic())
                    .take(60)
                    .collect();
                self.value(&format!("{part}.{shown}"), value)
            }),
        }
    }

    fn text(&mut self, part: &str, text: &str) -> Result<(), NotUnderstood> {
        self.strings = self.strings.saturating_add(1);
        if self.strings > limits::PARAM_STRINGS {
            return Err(NotUnderstood::at(
                part,
                "run.params_many",
                format!("there are more than {} strings", limits::PARAM_STRINGS),
            ));
        }
        let many = |_| NotUnderstood::at(part, "task.too_many", "it names too much");
        match classify(text) {
            Class::Text => self.inside(part, text),
            Class::Data(data) => self.intent.read(data, part).map_err(many),
            Class::HostFile => Err(NotUnderstood::at(part, "run.host_file", "it names a file of some host")),
            Class::Foreign => Err(NotUnderstood::at(
                part,
                "run.scheme",
                "it is a URL of a scheme that is not taken here",
            )),
            Class::Broken(refused) => Err(NotUnderstood::reference(part, refused)),
        }
    }

    /// A text that may name data inside. Storage that it names must belong to a dataset; of a web address nobody can say
    /// whether it is data.
    fn inside(&mut self, part: &str, text: &str) -> Result<(), NotUnderstood> {
        let seen = self.scan.text(part, text)?;
        self.intent.opaque |= seen.opaque;
        seen.references.into_iter().try_for_each(|data| {
            let known = is_storage(&data);
            self.intent
                .mention(data, part, known)
                .map_err(|_| NotUnderstood::at(part, "task.too_many", "it names too much"))
        })
    }

    /// Keys that engines act on are refused; a reference in a key is judged as one.
    fn key(&mut self, part: &str, key: &str) -> Result<(), NotUnderstood> {
        let lower = key.to_ascii_lowercase();
        let acts = ["$import", "$include", "$graph", "$namespaces", "$schemas"].contains(&lower.as_str())
            || lower.starts_with("cwl:")
            || lower.contains("w3id.org/cwl");
        if acts {
            return Err(NotUnderstood::at(
                part,
                "run.param_directive",
                "it holds a member that workflow engines act on",
            ));
        }
        self.text(part, key)
    }
}

/// What stands behind a capability in its URL: engines call the file that they fetch after the last part, and tools look
/// at its end (`.vcf`, `.bam`).
fn named(object: &str) -> String {
    let last = object.rsplit(['/', ':']).next().unwrap_or_default();
    let plain = last
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if plain && last.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
        format!("/{last}")
    } else {
        String::new()
    }
}

/// The parameters with capabilities in the place of references.
///
/// # Errors
/// [`NotUnderstood`] where a reference has no capability, which the permit's own objects rule out.
pub(crate) fn replaced(
    value: &Value,
    snapshot: &Snapshot,
    capabilities: &Capabilities,
) -> Result<Value, NotUnderstood> {
    Ok(match value {
        Value::String(text) => match classify(text) {
            Class::Data(data) => {
                let url = object_of(snapshot, &data)
                    .and_then(|object| capabilities.url(&object).map(|url| format!("{url}{}", named(&object))));
                Value::String(url.ok_or_else(|| {
                    NotUnderstood::at(
                        "workflow_params",
                        "task.input_unserved",
                        "a reference has no capability",
                    )
                })?)
            }
            Class::HostFile | Class::Foreign | Class::Broken(_) | Class::Text => value.clone(),
        },
        Value::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| replaced(item, snapshot, capabilities))
                .collect::<Result<_, _>>()?,
        ),
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(key, value)| Ok((key.clone(), replaced(value, snapshot, capabilities)?)));
            Value::Object(members.collect::<Result<_, NotUnderstood>>()?)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    })
}

#[cfg(test)]
#[path = "workflow_tests.rs"]
mod tests;
