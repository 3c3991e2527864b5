//! `visum upstream set`: what is believed of a login provider; a change that a second administrator approves.

use super::{known, proposal, says::Says};
use crate::{
    client::session::Session,
    commands::change::send::{self, How},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Change what is believed of a login provider, or how it is asked
///
/// What you do not say stays. Lists (scopes, institutions, groups, visa sources) are replaced whole.
#[derive(Debug, clap::Args)]
pub(crate) struct Set {
    /// Its short name (see `visum upstream list`)
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    says: Says,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    how: How,
}

/// Shows, asks, proposes.
pub(crate) async fn run(args: Set, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.how.session)?;
    let row = known(&session, &args.id).await?.ok_or_else(|| {
        CommandError::refused("upstream.unknown", format!("there is no login provider `{}`", args.id))
            .hint("see `visum upstream list`")
    })?;
    let row = args.says.apply(row)?;
    let proposal = proposal(format!("What is believed of {}", row.name), &args.reason, &row);
    send::propose(&args.how, &proposal, context).await
}
