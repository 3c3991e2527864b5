//! `visum webhook …`

pub(crate) mod add;
pub(crate) mod end;
pub(crate) mod list;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Webhooks: addresses of yours that are told what happens here, signed and without personal data
#[derive(Debug, Subcommand)]
pub(crate) enum Webhook {
    List(list::List),
    Add(add::Add),
    End(end::End),
}

/// Runs one of them.
pub(crate) async fn run(command: Webhook, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Webhook::List(args) => list::run(args, context).await,
        Webhook::Add(args) => add::run(args, context).await,
        Webhook::End(args) => end::run(args, context).await,
    }
}
