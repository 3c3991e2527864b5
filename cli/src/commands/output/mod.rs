//! `visum output …`

mod decide;
mod get;
mod list;
mod request;
mod screen;
mod show;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Outputs: ask for their release, release them for others, and fetch what was released
///
/// What a workflow session writes at the storage door stays there. It leaves by a request: it is checked, a person of the
/// committee of each dataset that it comes from releases it, and whoever asked fetches it.
#[derive(Debug, Subcommand)]
pub(crate) enum Output {
    List(list::List),
    Request(request::Request),
    Show(show::Show),
    Release(decide::Release),
    Refuse(decide::Refuse),
    Get(get::Get),
    Receipt(show::Receipt),
}

/// Runs one of them.
pub(crate) async fn run(command: Output, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Output::List(args) => list::run(args, context).await,
        Output::Request(args) => request::run(args, context).await,
        Output::Show(args) => show::run(args, context).await,
        Output::Release(args) => decide::release(args, context).await,
        Output::Refuse(args) => decide::refuse(args, context).await,
        Output::Get(args) => get::run(args, context).await,
        Output::Receipt(args) => show::receipt(args, context).await,
    }
}

/// An id as the node makes them; anything else would be another address.
fn plain(id: &str) -> Result<&str, CommandError> {
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        Ok(id)
    } else {
        Err(
            CommandError::refused("output.id", format!("`{id}` is no id of a request or of a session"))
                .hint("visum output list names them"),
        )
    }
}
