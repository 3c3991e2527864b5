//! `visum policy show`: the text of the shipped parts, or of one policy, with its digest.

use std::path::PathBuf;

use policy_engine::policy::{BASELINE, Origin, SCHEMA, STANDARD, TEMPLATES, statements};
use ring::digest::{SHA256, digest};
use serde_json::json;

use super::bundle;
use crate::{error::CommandError, exit::Exit, output::Context};

/// Show the baseline, the standard set, the templates, the schema, or one policy by its id
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// `baseline`, `standard`, `templates`, `schema`, or a policy's id
    what: String,
    /// The bundle that has the policy; without one, the shipped policies
    #[arg(default_value = bundle::SHIPPED)]
    path: PathBuf,
}

/// Shows it.
pub(crate) fn run(args: &Show, context: &Context) -> Result<Exit, CommandError> {
    let text = match args.what.as_str() {
        "baseline" => BASELINE.to_owned(),
        "standard" => STANDARD.to_owned(),
        "templates" => TEMPLATES.to_owned(),
        "schema" => SCHEMA.to_owned(),
        id => return one(id, args, context),
    };
    show(context, &args.what, &text, json!({}))
}

fn one(id: &str, args: &Show, context: &Context) -> Result<Exit, CommandError> {
    let (loaded, policies) = bundle::sound(&args.path)?;
    let note = policies.note(id).ok_or_else(|| {
        CommandError::denied("policy.unknown", format!("there is no policy `{id}`"))
            .hint(format!("visum policy list {}", args.path.display()))
    })?;
    let text = match &note.origin {
        Origin::Baseline => find(BASELINE, id),
        Origin::Standard => find(STANDARD, id),
        Origin::Template => find(TEMPLATES, id),
        Origin::Link(template) => {
            let row = loaded.bundle.links.iter().find(|link| link.id == id);
            let row = serde_json::to_string_pretty(&row).unwrap_or_default();
            find(TEMPLATES, template).map(|text| {
                format!("// linked by {row}\n{text}")
                    .replace("\n}", "\n// }")
                    .replace("\n  \"", "\n//   \"")
            })
        }
        Origin::File(name) => {
            let file = loaded.bundle.policies.iter().find(|file| file.name == *name);
            file.and_then(|file| find(&file.text, id))
        }
    };
    show(context, id, &text.unwrap_or_default(), json!({ "note": note }))
}

/// The policy of a text with this `@id`.
fn find(text: &str, id: &str) -> Option<String> {
    let named = format!("@id(\"{id}\")");
    statements(text)
        .into_iter()
        .filter_map(|(start, end)| text.get(start..end))
        .find(|policy| policy.contains(&named))
        .map(|policy| format!("{policy}\n"))
}

fn show(context: &Context, name: &str, text: &str, more: serde_json::Value) -> Result<Exit, CommandError> {
    let hash = digest(&SHA256, text.as_bytes());
    let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut document = json!({ "name": name, "sha256": hash, "text": text });
    if let (Some(members), Some(more)) = (document.as_object_mut(), more.as_object()) {
        members.extend(more.clone());
    }
    context.show(&document, |_| text.to_owned());
    if !context.json {
        context.words(&format!("sha256 {hash}  {name}"));
    }
    Ok(Exit::Yes)
}
