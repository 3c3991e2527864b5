//! `visum change withdraw`: a change taken back by its author, or refused by who could approve it.

use serde_json::json;

use super::path;
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Take back a change that is not in force, or refuse it as the one who could approve it
#[derive(Debug, clap::Args)]
pub(crate) struct Withdraw {
    /// The change's id
    change: String,
    /// Why, for the record; the log keeps its digest
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    session: As,
}

/// Takes it back.
pub(crate) async fn run(args: Withdraw, context: &Context) -> Result<Exit, CommandError> {
    let path = path(&args.change)?;
    let session = Session::open(&args.session)?;
    let answer = session
        .post(&format!("{path}/withdraw"), &json!({ "reason": args.reason }))
        .await?;
    context.show(&answer, |_| {
        format!("Change {} was taken back. Nothing has changed.", args.change)
    });
    Ok(Exit::Yes)
}
