//! `visum tes cancel`

use serde_json::json;

use super::task;
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Stop a task
#[derive(Debug, clap::Args)]
pub(crate) struct Cancel {
    /// The task's id
    id: String,
    #[command(flatten)]
    session: As,
}

/// Stops it.
pub(crate) async fn run(args: Cancel, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let url = session.proxy(&format!("{}:cancel", task(&args.id)))?;
    let token = &session.profile.access_token;
    session.client.post(&url, Some(token), &json!({})).await?.ok()?;
    context.show(&json!({ "id": args.id, "cancelled": true }), |_| {
        format!("{} is being stopped", args.id)
    });
    Ok(Exit::Yes)
}
