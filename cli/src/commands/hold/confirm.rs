//! `visum hold confirm`: a second person's word that a service's many holds are meant.

use serde_json::{Value, json};

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Confirm the many holds of a consent service, so that it may go on
///
/// Holds on over 1 % of a dataset's participants, or on more than 5 datasets, within an hour ask for a member of the
/// dataset's committee. What is there stays in force, confirmed or not.
#[derive(Debug, clap::Args)]
pub(crate) struct Confirm {
    /// The service's id
    #[arg(long, value_name = "ID")]
    service: String,
    /// The dataset's id (a URL)
    #[arg(long, value_name = "URL")]
    dataset: String,
    /// How you know that they are meant; the log keeps the digest
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    session: As,
}

/// Confirms them.
pub(crate) async fn run(args: Confirm, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let body = json!({ "service": args.service, "dataset": args.dataset, "reason": args.reason });
    let answer = session.post("admin/holds/confirm", &body).await?;
    context.show(&answer, |answer| {
        let count = answer.get("confirmed").and_then(Value::as_u64).unwrap_or_default();
        format!("{count} holds of {} are confirmed; it may go on.", args.service)
    });
    Ok(Exit::Yes)
}
