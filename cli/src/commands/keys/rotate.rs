//! `visum keys rotate`: new signing keys, with overlap or at once.

use serde_json::json;

use super::list::shown;
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Turn the signing keys
///
/// The next keys are made and published now, and sign in an hour, when every cache has them; the old ones stay published
/// for a day more, so that nobody notices. With --now the old keys stop counting at once, as for a stolen key: people sign
/// in again, and caches of the key set go on trusting the old key for five minutes. For operators and administrators, with
/// a second factor of the last 15 minutes.
#[derive(Debug, clap::Args)]
pub(crate) struct Rotate {
    /// One use only: what the keys sign
    #[arg(long = "use", value_name = "USE", value_parser = ["token", "id_token", "visa"])]
    purpose: Option<String>,
    /// At once, without overlap
    #[arg(long)]
    now: bool,
    /// A sentence for the record; the log keeps its digest
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    session: As,
}

/// Turns them.
pub(super) async fn run(args: Rotate, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let body = json!({ "use": args.purpose, "now": args.now, "reason": args.reason });
    let answer = session.post("admin/keys/rotate", &body).await?;
    context.show(&answer, shown);
    Ok(Exit::Yes)
}
