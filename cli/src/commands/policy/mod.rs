//! `visum policy …`

pub(crate) mod validate;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Policies
#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    Validate(validate::Validate),
}

/// Runs one of them.
pub(crate) fn run(command: Policy, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Policy::Validate(args) => validate::run(&args, context),
    }
}
