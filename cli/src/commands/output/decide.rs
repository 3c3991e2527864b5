//! `visum output release`, `visum output refuse`

use serde_json::json;

use super::{plain, screen::people};
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Release the outputs that somebody asked for, for the datasets whose committee you sit in
///
/// Look at the files first: visum output get ID. Nobody releases what they asked for themselves. If the outputs come from
/// datasets of several committees, each of them has to release them.
#[derive(Debug, clap::Args)]
pub(crate) struct Release {
    /// The request's id
    id: String,
    /// What the requester is told
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    #[command(flatten)]
    session: As,
}

/// Refuse the release of outputs, or take your own request back
#[derive(Debug, clap::Args)]
pub(crate) struct Refuse {
    /// The request's id
    id: String,
    /// Why; the requester reads it
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    #[command(flatten)]
    session: As,
}

async fn say(id: &str, step: &str, reason: &str, session: &As, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(session)?;
    let url = session.proxy(&format!("visum/v1/outputs/releases/{}/{step}", plain(id)?))?;
    let answer = session
        .client
        .post(&url, Some(&session.profile.access_token), &json!({ "reason": reason }))
        .await?
        .ok()?;
    context.show(&answer, people);
    Ok(Exit::Yes)
}

/// Releases; exit 0, also while another committee's yes is missing; 1 denied.
pub(super) async fn release(args: Release, context: &Context) -> Result<Exit, CommandError> {
    say(&args.id, "release", &args.reason, &args.session, context).await
}

/// Refuses; exit 0.
pub(super) async fn refuse(args: Refuse, context: &Context) -> Result<Exit, CommandError> {
    say(&args.id, "refuse", &args.reason, &args.session, context).await
}
