//! `visum policy …`: policies written, checked, tested and compared. None of these changes what is in force.

mod bundle;
pub(crate) mod diff;
pub(crate) mod fmt;
pub(crate) mod list;
pub(crate) mod recorded;
pub(crate) mod show;
pub(crate) mod test;
pub(crate) mod validate;
pub(crate) mod why_could;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Policies: write, check, test and compare them
#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    Validate(validate::Validate),
    Fmt(fmt::Fmt),
    Test(test::Test),
    List(list::List),
    Show(show::Show),
    Diff(diff::Diff),
    WhyCould(why_could::WhyCould),
}

/// Runs one of them.
pub(crate) fn run(command: Policy, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Policy::Validate(args) => validate::run(&args, context),
        Policy::Fmt(args) => fmt::run(&args, context),
        Policy::Test(args) => test::run(&args, context),
        Policy::List(args) => list::run(&args, context),
        Policy::Show(args) => show::run(&args, context),
        Policy::Diff(args) => diff::run(&args, context),
        Policy::WhyCould(args) => why_could::run(&args, context),
    }
}
