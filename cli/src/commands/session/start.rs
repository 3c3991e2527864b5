//! `visum session start`

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::{
    client::session::{As, Session},
    commands::{grant::issue::purpose, judged},
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
};

/// Start a workflow session: permitted as a whole, then good for every task that stays inside of it
///
/// It gives a token for TES and WES and an S3 key pair for the storage door, both good until the session ends. Tasks sent
/// with the token are judged for all of its datasets, or for those that their tag `visum.datasets` names. The keys are
/// shown once. With `--dry-run` nothing is started, and all that is missing is told at once.
#[derive(Debug, clap::Args)]
pub(crate) struct Start {
    /// A dataset (URL or short name) that its tasks will use; can be given again
    #[arg(long = "dataset", value_name = "DATASET", required = true)]
    datasets: Vec<String>,
    /// What for: a JSON file as in docs/researchers.md, or `-`; absent: the purpose that your grant is bound to
    #[arg(long, value_name = "FILE")]
    purpose: Option<Input>,
    /// A folder that its tasks may write to, as s3://bucket/folder/; can be given again
    #[arg(long = "out", value_name = "URL")]
    out: Vec<String>,
    /// An image that its tasks may run, by digest; can be given again
    #[arg(long = "image", value_name = "IMAGE")]
    images: Vec<String>,
    /// The group that the work is done for
    #[arg(long, value_name = "GROUP")]
    project: Option<String>,
    /// Its life in hours; absent: as long as it may be, at most 7 days
    #[arg(long, value_name = "HOURS")]
    hours: Option<u32>,
    /// Start nothing: tell whether it would be permitted, and all that is missing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    session: As,
}

/// Starts it; exit 0 started (or would be), 1 denied.
pub(crate) async fn run(args: Start, context: &Context) -> Result<Exit, CommandError> {
    let mut body = Map::new();
    body.insert("datasets".to_owned(), json!(args.datasets));
    let (file, out, images) = (args.purpose.as_ref(), &args.out, &args.images);
    declare(&mut body, file, out, images, args.project, args.hours)?;
    if args.dry_run {
        body.insert("dry_run".to_owned(), true.into());
    }
    let session = Session::open(&args.session)?;
    let answer = send(&session, body).await?;
    if args.dry_run {
        context.show(&answer, judged::people);
        return Ok(if judged::allowed(&answer) { Exit::Yes } else { Exit::No });
    }
    context.show(&answer, people);
    Ok(Exit::Yes)
}

/// Puts what a session is for into its request.
///
/// # Errors
/// A purpose that can't be read.
pub(crate) fn declare(
    body: &mut Map<String, Value>,
    file: Option<&Input>,
    out: &[String],
    images: &[String],
    project: Option<String>,
    hours: Option<u32>,
) -> Result<(), CommandError> {
    body.insert("out".to_owned(), json!(out));
    body.insert("images".to_owned(), json!(images));
    if let Some(file) = file {
        body.insert("purpose".to_owned(), purpose(file)?);
    }
    if let Some(project) = project {
        body.insert("project".to_owned(), project.into());
    }
    if let Some(hours) = hours {
        body.insert("hours".to_owned(), hours.into());
    }
    Ok(())
}

/// Asks the node for it.
///
/// # Errors
/// What the node says.
pub(crate) async fn send(session: &Session, body: Map<String, Value>) -> Result<Value, CommandError> {
    let url = session.proxy("visum/v1/sessions")?;
    session
        .client
        .post(&url, Some(&session.profile.access_token), &Value::Object(body))
        .await?
        .ok()
}

fn people(answer: &Value) -> String {
    let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let mut out = format!(
        "Session {} until {}.\nIts keys are shown this once. For a workflow tool, set:\n",
        text("/id"),
        text("/until")
    );
    for (name, pointer) in [
        ("VISUM_SESSION", "/id"),
        ("TES_ENDPOINT", "/tes"),
        ("TES_TOKEN", "/token"),
        ("AWS_ENDPOINT_URL_S3", "/s3/endpoint"),
        ("AWS_REGION", "/s3/region"),
        ("AWS_ACCESS_KEY_ID", "/s3/access_key_id"),
        ("AWS_SECRET_ACCESS_KEY", "/s3/secret_access_key"),
    ] {
        let _ = writeln!(out, "export {name}='{}'", text(pointer));
    }
    for input in answer
        .pointer("/s3/inputs")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let of = |name: &str| input.get(name).and_then(Value::as_str).unwrap_or_default();
        let _ = writeln!(out, "inputs of {}: {}", of("dataset"), of("url"));
    }
    let _ = writeln!(out, "scratch: {}", text("/s3/scratch"));
    let _ = write!(out, "End it: visum session end {}", text("/id"));
    out
}
