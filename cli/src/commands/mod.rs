//! One file a command.

use crate::{args::Command, error::CommandError, exit::Exit, output::Context};

/// Runs the command that was asked for.
pub(crate) async fn run(command: Command, _context: &Context) -> Result<Exit, CommandError> {
    match command {}
}
