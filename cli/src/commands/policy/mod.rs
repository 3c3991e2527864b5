//! `visum policy …`: policies written, checked, tested, compared, proven, and published at a node.

mod bundle;
pub(crate) mod diff;
pub(crate) mod fmt;
pub(crate) mod list;
pub(crate) mod prove;
pub(crate) mod publish;
pub(crate) mod recorded;
pub(crate) mod show;
pub(crate) mod test;
pub(crate) mod validate;
pub(crate) mod watch;
pub(crate) mod why_could;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Policies: write, check, test, compare, prove and publish them
#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    Validate(validate::Validate),
    Fmt(fmt::Fmt),
    Test(test::Test),
    List(list::List),
    Show(show::Show),
    Diff(diff::Diff),
    Prove(prove::Prove),
    Publish(publish::Publish),
    Approve(publish::Approve),
    Withdraw(publish::Withdraw),
    Rollback(publish::Rollback),
    Observe(watch::Observe),
    Enforce(watch::Enforce),
    WhyCould(why_could::WhyCould),
}

/// Runs one of them.
pub(crate) async fn run(command: Policy, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Policy::Validate(args) => validate::run(&args, context),
        Policy::Fmt(args) => fmt::run(&args, context),
        Policy::Test(args) => test::run(&args, context),
        Policy::List(args) => list::run(&args, context).await,
        Policy::Show(args) => show::run(&args, context),
        Policy::Diff(args) => diff::run(&args, context),
        Policy::Prove(args) => prove::run(&args, context),
        Policy::Publish(args) => publish::publish(args, context).await,
        Policy::Approve(args) => publish::approve(args, context).await,
        Policy::Withdraw(args) => publish::withdraw(args, context).await,
        Policy::Rollback(args) => publish::roll_back(args, context).await,
        Policy::Observe(args) => watch::observe(args, context).await,
        Policy::Enforce(args) => watch::enforce(args, context).await,
        Policy::WhyCould(args) => why_could::run(&args, context),
    }
}
