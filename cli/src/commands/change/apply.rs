//! `visum change apply`: an approved change comes into force.

use serde_json::json;

use super::path;
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Put a change in force: its author, or an administrator; what opens something only once it is approved
#[derive(Debug, clap::Args)]
pub(crate) struct Apply {
    /// The change's id
    change: String,
    #[command(flatten)]
    session: As,
}

/// Puts it in force.
pub(crate) async fn run(args: Apply, context: &Context) -> Result<Exit, CommandError> {
    let path = path(&args.change)?;
    let session = Session::open(&args.session)?;
    let answer = session.post(&format!("{path}/apply"), &json!({})).await?;
    context.show(&answer, |_| format!("Change {} is in force.", args.change));
    Ok(Exit::Yes)
}
