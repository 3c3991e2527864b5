//! `visum explain`: may I, and if not, why not, and what is the least that would change it.

use serde_json::{Value, json};

use crate::{
    client::session::{As, Session},
    commands::{grant::issue::purpose, judged},
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
};

/// Ask whether you may use a dataset or an object, and why (not)
///
/// With `--dataset` alone it says which of catalogue, issuer, visa, purpose, consent or the node's policies is missing.
/// With `--full` it also says the smallest changes that would turn a denial, each tried by deciding again (at most five
/// times a minute). With a decision's id it shows that decision as it was recorded. Each purpose that you try is
/// counted, and the dataset's committee sees it.
#[derive(Debug, clap::Args)]
#[group(id = "what", required = true, multiple = false, args = ["decision", "dataset", "object"])]
pub(crate) struct Explain {
    /// A decision's id, from a denial or an earlier answer
    decision: Option<String>,
    /// A dataset's id (a URL)
    #[arg(long, value_name = "URL")]
    dataset: Option<String>,
    /// An object's DRS id
    #[arg(long, value_name = "ID")]
    object: Option<String>,
    /// What you would do: describe, download, stream, compute, run, or the word of the policies
    #[arg(long, value_name = "ACTION", conflicts_with = "decision")]
    action: Option<String>,
    /// What for: a JSON file as in docs/researchers.md; absent: your grant's purpose, else your default
    #[arg(long, value_name = "FILE", conflicts_with = "decision")]
    purpose: Option<Input>,
    /// When, as 2027-01-31T12:00:00Z; absent: now
    #[arg(long, value_name = "TIME", conflicts_with = "decision")]
    at: Option<String>,
    /// The smallest changes that would turn a denial, too
    #[arg(long, conflicts_with = "decision")]
    full: bool,
    #[command(flatten)]
    session: As,
}

/// Asks; exit 0 if it would be permitted, 1 if not.
pub(crate) async fn run(args: Explain, context: &Context) -> Result<Exit, CommandError> {
    let stated = args.purpose.as_ref().map(purpose).transpose()?;
    let session = Session::open(&args.session)?;
    let answer = match &args.decision {
        Some(id) => recorded(&session, id).await?,
        None => {
            let members = [
                ("dataset", args.dataset.map(Value::from)),
                ("object", args.object.map(Value::from)),
                ("action", args.action.map(Value::from)),
                ("purpose", stated),
                ("at", args.at.map(Value::from)),
            ];
            let body: serde_json::Map<String, Value> = members
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect();
            judged::ask(&session, "explain", args.full, &json!(body)).await?
        }
    };
    let allowed = judged::allowed(&answer);
    context.show(&answer, judged::people);
    Ok(if allowed { Exit::Yes } else { Exit::No })
}

async fn recorded(session: &Session, id: &str) -> Result<Value, CommandError> {
    let plain = !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !plain {
        return Err(CommandError::refused(
            "explain.decision",
            format!("`{id}` is no decision's id; a dataset or an object is named by --dataset or --object"),
        ));
    }
    let url = session.proxy(&format!("visum/v1/decisions/{id}"))?;
    session
        .client
        .get(&url, Some(&session.profile.access_token))
        .await?
        .ok()
}
