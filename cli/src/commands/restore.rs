//! `visum restore`: after a backup was put back.

use std::path::PathBuf;

use passport_broker::restored;

use crate::{error::CommandError, exit::Exit, node::still::Still, output::Context};

/// After a backup was put back: end all that was ended since it was made
///
/// A backup does not know of sign-ins, tokens and keys that were ended after it: they would be alive again. This ends every
/// sign-in, token, command-line key and visa, and forgets remembered consents, so that everybody signs in once more. The
/// server must not run. That log and database fit each other is checked first: a database beside a log of another moment
/// is refused. See docs/operators/backup.md.
#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    /// The node's data folder
    folder: PathBuf,
}

/// Ends them.
pub(crate) async fn run(args: Restore, context: &Context) -> Result<Exit, CommandError> {
    let still = Still::open(&args.folder).await?;
    let ended = restored::restored(&still.broker)
        .await
        .map_err(|wrong| CommandError::unknown(wrong.code(), wrong.to_string()));
    still.close().await;
    context.show(&ended?, |ended| {
        format!(
            "Ended: {} sign-ins, tokens of {} sign-ins, {} command-line keys, {} visas; {} consents are asked for again.\nNext: visum up",
            ended.sessions, ended.tokens, ended.keys, ended.visas, ended.consents
        )
    });
    Ok(Exit::Yes)
}
