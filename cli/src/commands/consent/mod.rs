//! `visum consent …`

pub(crate) mod diff;
pub(crate) mod evaluate;
pub(crate) mod explain;
pub(crate) mod import;
mod labels;
pub(crate) mod lint;
pub(crate) mod rules;
pub(crate) mod tables;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Consent: may data be used for a purpose
#[derive(Debug, Subcommand)]
pub(crate) enum Consent {
    Diff(diff::Diff),
    Evaluate(evaluate::Evaluate),
    Explain(explain::Explain),
    Import(import::Import),
    Lint(lint::Lint),
    Rules(rules::Rules),
}

/// Runs one of them.
pub(crate) async fn run(command: Consent, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Consent::Diff(args) => diff::run(&args, context),
        Consent::Explain(args) => explain::run(args, context).await,
        Consent::Lint(args) => lint::run(&args, context).await,
        Consent::Rules(args) => rules::run(&args, context),
        Consent::Evaluate(args) => evaluate::run(args, context).await,
        Consent::Import(args) => import::run(args, context).await,
    }
}
