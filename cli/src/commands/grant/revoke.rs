//! `visum grant revoke`: a grant ended before its time; one person can always stop.

use serde_json::json;

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// End a grant now: new access stops, streams end, running tasks that rest on it are cancelled
#[derive(Debug, clap::Args)]
pub(crate) struct Revoke {
    /// The grant's id, as `visum grant list` prints it
    grant: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    session: As,
}

/// Ends it.
pub(crate) async fn run(args: Revoke, context: &Context) -> Result<Exit, CommandError> {
    let plain = !args.grant.is_empty()
        && args
            .grant
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if !plain {
        return Err(
            CommandError::refused("grant.id", format!("`{}` is no grant's id", args.grant)).hint("visum grant list"),
        );
    }
    let session = Session::open(&args.session)?;
    let answer = session
        .post(
            &format!("admin/grants/{}/revoke", args.grant),
            &json!({ "reason": args.reason }),
        )
        .await?;
    context.show(&answer, |_| format!("Grant {} is revoked.", args.grant));
    Ok(Exit::Yes)
}
