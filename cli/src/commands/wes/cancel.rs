//! `visum wes cancel`

use serde_json::json;

use super::route;
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Stop a run and its tasks
#[derive(Debug, clap::Args)]
pub(crate) struct Cancel {
    /// The run's id
    id: String,
    #[command(flatten)]
    session: As,
}

/// Stops it.
pub(crate) async fn run(args: Cancel, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let url = session.proxy(&format!("{}/cancel", route(&args.id)))?;
    let token = &session.profile.access_token;
    session.client.post(&url, Some(token), &json!({})).await?.ok()?;
    context.show(&json!({ "run_id": args.id, "cancelled": true }), |_| {
        format!("{} is being stopped", args.id)
    });
    Ok(Exit::Yes)
}
