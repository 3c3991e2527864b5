//! `visum hold place`: a stop; shows first what it will affect, and asks.

use serde_json::{Value, json};

use crate::{
    client::session::{As, Session},
    commands::agree,
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Stop the use of a dataset, an object or a participant's data
///
/// New access is denied at once, streams end, and running tasks that rest on it are cancelled within seconds.
/// A hold is ended by its origin only: place it as the one who may end it.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// The dataset's id (a URL)
    #[arg(long, value_name = "URL")]
    dataset: String,
    /// Why: withdrawn, disputed, expired, reconsent, opt_out or veto
    #[arg(long, value_name = "KIND")]
    kind: String,
    /// A participant's pseudonym
    #[arg(long, value_name = "PSEUDONYM", conflicts_with_all = ["object", "group"])]
    participant: Option<String>,
    /// An object's DRS id
    #[arg(long, value_name = "ID", conflicts_with = "group")]
    object: Option<String>,
    /// A consent group
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// A person, `SUB,ISS`: a veto only
    #[arg(long, value_name = "SUB,ISS", conflicts_with_all = ["participant", "object", "group"])]
    person: Option<String>,
    /// A project: a veto only
    #[arg(long, value_name = "NAME", conflicts_with_all = ["participant", "object", "group", "person"])]
    project: Option<String>,
    /// A sentence for the record; the log keeps its digest
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    session: As,
}

/// Shows, asks, places.
pub(crate) async fn run(args: Place, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let targets = [
        ("participant", &args.participant),
        ("object", &args.object),
        ("group", &args.group),
        ("user", &args.person),
        ("project", &args.project),
    ];
    let named = targets
        .iter()
        .find_map(|(scope, target)| Some((*scope, target.as_deref()?)));
    let body = body(&args.dataset, &args.kind, named, &args.reason);
    let affected = session.post("admin/holds?preview=true", &body).await?;
    context.words(&format!("This hold affects: {}", agree::effect(&affected)));
    if !args.yes {
        agree::agreed(context, "Place it?")?;
    }
    let answer = session.post("admin/holds", &body).await?;
    context.show(&answer, |answer| {
        let id = answer.pointer("/hold/id").and_then(Value::as_str).unwrap_or_default();
        format!("Hold {id} is in force. Only its origin can release it.")
    });
    Ok(Exit::Yes)
}

/// The request: `named` is what the hold reaches within the dataset, by scope and target.
pub(crate) fn body(dataset: &str, kind: &str, named: Option<(&str, &str)>, reason: &str) -> Value {
    let (scope, target) = named.map_or(("dataset", None), |(scope, target)| (scope, Some(target)));
    let mut body = json!({ "dataset": dataset, "kind": kind, "scope": scope, "reason": reason });
    if let (Some(target), Some(members)) = (target, body.as_object_mut()) {
        members.insert("target".to_owned(), target.into());
    }
    body
}
