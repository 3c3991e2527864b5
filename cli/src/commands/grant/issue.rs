//! `visum grant issue`: a committee member files the application, votes and issues, each decided and logged.

use serde_json::{Value, json};

use super::foreseen;
use crate::{
    client::session::{As, Session},
    commands::{agree, visa::condition::Conditions},
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
};

/// A purpose file is a small JSON object.
const PURPOSE_BYTES: u64 = 8 << 10;

/// Grant a dataset to a person, for a purpose and until a date
///
/// As a member of the dataset's committee, with a second factor of the last 15 minutes. Shows first which facts would
/// still deny the use, and who can record them, and asks. Then files the application, casts your vote, and issues the
/// grant if the votes suffice: three decisions, three events in the audit log.
#[derive(Debug, clap::Args)]
pub(crate) struct Issue {
    /// The dataset's id (a URL)
    #[arg(long, value_name = "URL")]
    dataset: String,
    /// The person: `SUB,ISS`, both percent-encoded, as `visum passport show` prints it
    #[arg(long, value_name = "SUB,ISS")]
    to: String,
    /// The approved purpose: a JSON file as in docs/researchers.md, or `-`
    #[arg(long, value_name = "FILE")]
    purpose: Input,
    /// The last day, `YYYY-MM-DD`, or an instant `YYYY-MM-DDThh:mm:ssZ`
    #[arg(long, value_name = "DATE")]
    until: String,
    #[command(flatten)]
    conditions: Conditions,
    /// Show what the grant would be worth, and do nothing; exit 1 if it would not work
    #[arg(long, conflicts_with = "yes")]
    preview: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    session: As,
}

/// Shows, asks, files, votes, issues.
pub(crate) async fn run(args: Issue, context: &Context) -> Result<Exit, CommandError> {
    let purpose = purpose(&args.purpose)?;
    let session = Session::open(&args.session)?;
    let mut body = body(&args.dataset, &args.to, purpose, &args.until)?;
    if let (Some(conditions), Some(members)) = (args.conditions.value()?, body.as_object_mut()) {
        members.insert("conditions".to_owned(), conditions);
    }
    let seen = session.post("admin/grants?preview=true", &body).await?;
    if args.preview {
        context.show(&seen, foreseen::screen);
        let works = seen.pointer("/foresight/works").and_then(Value::as_bool) == Some(true);
        return Ok(if works { Exit::Yes } else { Exit::No });
    }
    context.words(&foreseen::screen(&seen));
    if !args.yes {
        match agree::answered(context, "Grant it?") {
            Some(true) => {}
            Some(false) => return Err(CommandError::denied("grant.not_issued", "nothing was granted")),
            None => {
                let nobody = CommandError::refused("grant.unasked", "there is nobody to ask");
                return Err(nobody.hint("add --yes if you are sure"));
            }
        }
    }
    let answer = session.post("admin/grants", &body).await?;
    context.show(&answer, |answer| {
        let grant = answer.get("grant").unwrap_or(answer);
        let text = |name: &str| grant.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        format!(
            "Granted {} to {} until {} (grant {}).",
            args.dataset,
            args.to,
            text("until"),
            text("id")
        )
    });
    Ok(Exit::Yes)
}

/// The request: `project` and `institution` stand beside the purpose, as a grant holds them.
pub(crate) fn body(dataset: &str, to: &str, mut purpose: Value, until: &str) -> Result<Value, CommandError> {
    let until = if until.len() == 10 {
        format!("{until}T00:00:00Z")
    } else {
        until.to_owned()
    };
    let Some(members) = purpose.as_object_mut() else {
        return Err(CommandError::refused("purpose.shape", "a purpose is a JSON object")
            .hint("see docs/researchers.md, \"Purposes\""));
    };
    let (project, institution) = (members.remove("project"), members.remove("institution"));
    let mut body = json!({ "dataset": dataset, "to": to, "purpose": purpose, "until": until });
    for (name, value) in [("project", project), ("institution", institution)] {
        if let (Some(value), Some(members)) = (value, body.as_object_mut()) {
            members.insert(name.to_owned(), value);
        }
    }
    Ok(body)
}

/// A purpose from a file, as JSON.
pub(crate) fn purpose(input: &Input) -> Result<Value, CommandError> {
    let bytes = input.read(PURPOSE_BYTES)?;
    serde_json::from_slice(&bytes).map_err(|source| {
        CommandError::refused("purpose.shape", format!("{input} is no JSON object: {source}"))
            .hint("see docs/researchers.md, \"Purposes\"")
    })
}
