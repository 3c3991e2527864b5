//! `visum change approve`: the second person's yes, for one digest.

use serde_json::{Value, json};

use super::{path, screen, send};
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Approve a change that somebody else wrote
///
/// The approval is for one digest. Without --digest the change is shown, and you are asked; a script names the digest
/// that it looked at. Nobody approves what they wrote or gain by. A second factor of the last 15 minutes is needed.
#[derive(Debug, clap::Args)]
pub(crate) struct Approve {
    /// The change's id
    change: String,
    /// The digest that you looked at, as `visum change show` prints it
    #[arg(long, value_name = "SHA-256")]
    digest: Option<String>,
    #[command(flatten)]
    session: As,
}

/// Shows and asks, or takes the digest given; approves.
pub(crate) async fn run(args: Approve, context: &Context) -> Result<Exit, CommandError> {
    let path = path(&args.change)?;
    let session = Session::open(&args.session)?;
    let digest = match args.digest {
        Some(digest) => digest,
        None => {
            let shown = session.get(&path).await?;
            context.words(screen::shown(&shown).trim_end());
            if !send::agreed(context, "Approve exactly this? Type yes:")? {
                return Err(CommandError::denied("change.not_approved", "nothing was changed"));
            }
            shown
                .pointer("/change/digest")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        }
    };
    let answer = session
        .post(&format!("{path}/approve"), &json!({ "digest": digest }))
        .await?;
    context.show(&answer, |answer| {
        let next = screen::text(answer, "message").unwrap_or_default();
        format!("Change {} is approved. {next}", args.change)
    });
    Ok(Exit::Yes)
}
