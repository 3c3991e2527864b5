//! `visum application submit|answer|withdraw|extend|report`: the applicant's steps.

use serde_json::json;

use super::{instant, path, step};
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Hand an application in: its committee sees it from now on
#[derive(Debug, clap::Args)]
pub(crate) struct Submit {
    /// The application's id
    application: String,
    #[command(flatten)]
    session: As,
}

/// Answer the committee's questions
#[derive(Debug, clap::Args)]
pub(crate) struct Answer {
    /// The application's id
    application: String,
    /// What you say
    #[arg(long, value_name = "TEXT")]
    text: String,
    #[command(flatten)]
    session: As,
}

/// Take an application or an amendment back, before it is decided
#[derive(Debug, clap::Args)]
pub(crate) struct Withdraw {
    /// The application's id
    application: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    session: As,
}

/// Ask for a later end, and nothing else
#[derive(Debug, clap::Args)]
pub(crate) struct Extend {
    /// The application's id
    application: String,
    /// The new end: a day `YYYY-MM-DD`, or an instant
    #[arg(long, value_name = "DATE")]
    until: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    session: As,
}

/// Hand in the final report: it closes the application, and everybody's access under it
#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    /// The application's id
    application: String,
    /// What came of it, in plain words
    #[arg(long, value_name = "TEXT")]
    text: String,
    /// A publication, accession or deposit; may be given several times
    #[arg(long = "reference", value_name = "TEXT")]
    references: Vec<String>,
    #[command(flatten)]
    session: As,
}

pub(super) async fn submit(args: Submit, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    step(&session, context, &path(&args.application, "/submit")?, &json!({})).await?;
    Ok(Exit::Yes)
}

pub(super) async fn answer(args: Answer, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let body = json!({ "text": args.text });
    step(&session, context, &path(&args.application, "/answer")?, &body).await?;
    Ok(Exit::Yes)
}

pub(super) async fn withdraw(args: Withdraw, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let body = json!({ "reason": args.reason });
    step(&session, context, &path(&args.application, "/withdraw")?, &body).await?;
    Ok(Exit::Yes)
}

pub(super) async fn extend(args: Extend, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let body = json!({ "until": instant(&args.until), "reason": args.reason });
    step(&session, context, &path(&args.application, "/extend")?, &body).await?;
    Ok(Exit::Yes)
}

pub(super) async fn report(args: Report, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let body = json!({ "text": args.text, "references": args.references });
    step(&session, context, &path(&args.application, "/report")?, &body).await?;
    Ok(Exit::Yes)
}
