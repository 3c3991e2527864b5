//! `visum`: one binary for operators, policy administrators, data access committees and researchers.
//!
//! Parses the command line, builds what the command needs, and turns its answer into an exit code.

use std::process::ExitCode;

use clap::Parser as _;

mod agent;
mod args;
mod client;
mod commands;
mod config;
mod demo;
mod error;
mod exit;
mod input;
mod listener;
mod node;
mod output;
mod page;
mod strict;
mod telemetry;

use crate::{args::Arguments, exit::Exit, output::Context};

fn main() -> ExitCode {
    visa_verifier::keys::provider::install();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(wrong) => {
            // clap prints help and versions through the same door; those are no misuse.
            let code = if wrong.use_stderr() { Exit::Refused } else { Exit::Yes };
            let _ = wrong.print();
            return code.into();
        }
    };
    let context = Context::new(arguments.json);
    telemetry::start(arguments.json);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(source) => {
            context.words(&format!("error: the program could not start its threads: {source}"));
            return Exit::Unknown.into();
        }
    };
    let outcome = runtime.block_on(commands::run(arguments.command, &context));
    let exit = outcome.unwrap_or_else(|wrong| {
        context.failed(&wrong);
        wrong.exit()
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    exit.into()
}
