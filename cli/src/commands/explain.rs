//! `visum explain`: may I, and if not, why not and what would help.

use serde_json::{Value, json};

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Ask whether you may use a dataset or an object, and why (not)
#[derive(Debug, clap::Args)]
#[group(id = "what", required = true, multiple = false, args = ["dataset", "object"])]
pub(crate) struct Explain {
    /// A dataset's id (a URL)
    #[arg(long, value_name = "URL")]
    dataset: Option<String>,
    /// An object's DRS id
    #[arg(long, value_name = "ID")]
    object: Option<String>,
    /// What you would do, in the words of the policies
    #[arg(long, value_name = "ACTION", default_value = "drs:access-url")]
    action: String,
    #[command(flatten)]
    session: As,
}

/// Asks; exit 0 if it would be permitted, 1 if not.
pub(crate) async fn run(args: Explain, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let mut body = json!({ "action": args.action });
    if let Some(members) = body.as_object_mut() {
        for (name, value) in [("dataset", args.dataset), ("object", args.object)] {
            if let Some(value) = value {
                members.insert(name.to_owned(), value.into());
            }
        }
    }
    let url = session.proxy("visum/v1/explain")?;
    let answer = session
        .client
        .post(&url, Some(&session.profile.access_token), &body)
        .await?
        .ok()?;
    let allowed = answer
        .get("allow")
        .or_else(|| answer.get("decision"))
        .is_some_and(|answer| answer.as_bool().unwrap_or_else(|| answer.as_str() == Some("permit")));
    context.show(&answer, |answer| people(answer, allowed));
    Ok(if allowed { Exit::Yes } else { Exit::No })
}

fn people(answer: &Value, allowed: bool) -> String {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut lines = vec![if allowed {
        "Permitted.".to_owned()
    } else {
        "Denied.".to_owned()
    }];
    if allowed && !text(answer, "valid_until").is_empty() {
        lines.push(format!("until {}", text(answer, "valid_until")));
    }
    for reason in answer.get("reasons").and_then(Value::as_array).into_iter().flatten() {
        lines.push(format!("- {} ({})", text(reason, "sentence"), text(reason, "code")));
        let remedy = text(reason, "remedy");
        if !remedy.is_empty() {
            lines.push(format!("  what would help: {remedy}"));
        }
    }
    lines.join("\n")
}
