//! `visum application return|vote|approve|deny|admit|reassign`: the committee's steps, for exactly what was read.

use serde_json::{Value, json};

use super::{instant, path, step};
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Send an application back with questions
#[derive(Debug, clap::Args)]
pub(crate) struct Return {
    /// The application's id
    application: String,
    /// What you ask
    #[arg(long, value_name = "TEXT")]
    questions: String,
    #[command(flatten)]
    session: As,
}

/// Vote on an application, with a reason
///
/// The vote is for one version of what is asked for, by the digest that `visum application show` prints: without
/// `--digest` it is for the one that is there now.
#[derive(Debug, clap::Args)]
pub(crate) struct Vote {
    /// The application's id
    application: String,
    /// `yes` or `no`
    #[arg(value_parser = ["yes", "no"])]
    vote: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The digest of what you read
    #[arg(long, value_name = "SHA-256")]
    digest: Option<String>,
    #[command(flatten)]
    session: As,
}

/// Approve an application: your yes, and the grants of everybody who takes part if the votes suffice
///
/// Exit status 1 if the vote counts and others are missing.
#[derive(Debug, clap::Args)]
pub(crate) struct Approve {
    /// The application's id
    application: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// What the people have to keep to; may be given several times
    #[arg(long = "condition", value_name = "TEXT")]
    conditions: Vec<String>,
    /// An earlier end than was asked for
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// The digest of what you read
    #[arg(long, value_name = "SHA-256")]
    digest: Option<String>,
    #[command(flatten)]
    session: As,
}

/// Deny an application, with the reason that the applicant reads
///
/// It takes as many votes as a yes would; exit status 1 if others are missing.
#[derive(Debug, clap::Args)]
pub(crate) struct Deny {
    /// The application's id
    application: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The digest of what you read
    #[arg(long, value_name = "SHA-256")]
    digest: Option<String>,
    #[command(flatten)]
    session: As,
}

/// Give those who accepted after the approval the access that it names them for
#[derive(Debug, clap::Args)]
pub(crate) struct Admit {
    /// The application's id
    application: String,
    #[command(flatten)]
    session: As,
}

/// Hand an application to another member of the committee
#[derive(Debug, clap::Args)]
pub(crate) struct Reassign {
    /// The application's id
    application: String,
    /// The member, `SUB,ISS`; nobody in particular if left out
    #[arg(long, value_name = "SUB,ISS")]
    to: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    session: As,
}

/// Tell the administrators of a fact that is lacking
///
/// `visum application show` lists what would still be refused after an approval, and who records it. What the register, a
/// dataset's custodian or the node has to record, its administrators are told of at their next sign-in, once.
#[derive(Debug, clap::Args)]
pub(crate) struct Tell {
    /// The application's id
    application: String,
    /// The code of what is lacking
    code: String,
    #[command(flatten)]
    session: As,
}

pub(super) async fn tell(args: Tell, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let body = json!({ "code": args.code });
    step(&session, context, &path(&args.application, "/tell")?, &body).await?;
    Ok(Exit::Yes)
}

pub(super) async fn send_back(args: Return, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let body = json!({ "text": args.questions });
    step(&session, context, &path(&args.application, "/return")?, &body).await?;
    Ok(Exit::Yes)
}

pub(super) async fn vote(args: Vote, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let digest = digest(&session, &args.application, args.digest).await?;
    let body = json!({ "yes": args.vote == "yes", "reason": args.reason, "digest": digest });
    step(&session, context, &path(&args.application, "/vote")?, &body).await?;
    Ok(Exit::Yes)
}

pub(super) async fn approve(args: Approve, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let digest = digest(&session, &args.application, args.digest).await?;
    let until = args.until.as_deref().map(instant);
    let body = json!({ "reason": args.reason, "conditions": args.conditions, "until": until, "digest": digest });
    let answer = step(&session, context, &path(&args.application, "/approve")?, &body).await?;
    Ok(decided(&answer, "approved"))
}

pub(super) async fn deny(args: Deny, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let digest = digest(&session, &args.application, args.digest).await?;
    let body = json!({ "reason": args.reason, "digest": digest });
    let answer = step(&session, context, &path(&args.application, "/deny")?, &body).await?;
    let open = stage(&answer) == "in_review";
    Ok(if open { Exit::No } else { Exit::Yes })
}

pub(super) async fn admit(args: Admit, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    step(&session, context, &path(&args.application, "/admit")?, &json!({})).await?;
    Ok(Exit::Yes)
}

pub(super) async fn reassign(args: Reassign, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let body = json!({ "to": args.to, "reason": args.reason });
    step(&session, context, &path(&args.application, "/reassign")?, &body).await?;
    Ok(Exit::Yes)
}

/// The digest that was named, or the one of what is asked for now.
async fn digest(session: &Session, application: &str, named: Option<String>) -> Result<String, CommandError> {
    if let Some(named) = named {
        return Ok(named);
    }
    let now = session.get(&path(application, "")?).await?;
    Ok(now.get("digest").and_then(Value::as_str).unwrap_or_default().to_owned())
}

fn stage(answer: &Value) -> &str {
    answer.get("stage").and_then(Value::as_str).unwrap_or_default()
}

fn decided(answer: &Value, word: &str) -> Exit {
    if stage(answer) == word { Exit::Yes } else { Exit::No }
}
