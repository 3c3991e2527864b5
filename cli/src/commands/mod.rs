//! One file a command.

pub(crate) mod access;
pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod agent;
pub(crate) mod agree;
pub(crate) mod application;
pub(crate) mod audit;
pub(crate) mod can_i;
pub(crate) mod catalogue;
pub(crate) mod change;
pub(crate) mod check;
pub(crate) mod consent;
pub(crate) mod dataset;
pub(crate) mod demo;
pub(crate) mod drs;
pub(crate) mod explain;
pub(crate) mod grant;
pub(crate) mod hold;
pub(crate) mod init;
pub(crate) mod judged;
pub(crate) mod keys;
pub(crate) mod lockdown;
pub(crate) mod login;
pub(crate) mod ontology;
pub(crate) mod output;
pub(crate) mod passport;
pub(crate) mod policy;
pub(crate) mod purpose;
pub(crate) mod register;
pub(crate) mod registration;
pub(crate) mod replica;
pub(crate) mod restore;
pub(crate) mod role;
pub(crate) mod session;
pub(crate) mod terms;
pub(crate) mod tes;
pub(crate) mod trust;
pub(crate) mod up;
pub(crate) mod upstream;
pub(crate) mod visa;
pub(crate) mod webhook;
pub(crate) mod wes;
pub(crate) mod work;

use crate::{args::Command, error::CommandError, exit::Exit, output::Context};

/// Runs the command that was asked for.
pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Command::Demo(args) => demo::run(args, context).await,
        Command::Init(args) => Box::pin(init::run(args, context)).await,
        Command::Replica(command) => replica::run(command, context).await,
        Command::Restore(args) => restore::run(args, context).await,
        Command::Up(args) => up::run(args, context).await,
        Command::Check(args) => check::run(args, context).await,
        Command::Login(args) => login::run(args, context).await,
        Command::Passport(command) => passport::run(command, context).await,
        Command::Visa(command) => visa::run(command, context).await,
        Command::Webhook(command) => webhook::run(command, context).await,
        Command::Registration(command) => registration::run(command, context).await,
        Command::Terms(command) => terms::run(command, context).await,
        Command::Upstream(command) => upstream::run(command, context).await,
        Command::Trust(command) => trust::run(command, context).await,
        Command::Drs(command) => drs::run(command, context).await,
        Command::Tes(command) => tes::run(command, context).await,
        Command::Wes(command) => wes::run(command, context).await,
        Command::Dataset(command) => dataset::run(command, context).await,
        Command::Consent(command) => consent::run(command, context).await,
        Command::Catalogue(command) => catalogue::run(command, context).await,
        Command::Ontology(command) => ontology::run(command, context).await,
        Command::Register(command) => register::run(command, context).await,
        Command::Application(command) => application::run(command, context).await,
        Command::Grant(command) => grant::run(command, context).await,
        Command::Purpose(command) => purpose::run(command, context).await,
        Command::Account(command) => account::run(command, context).await,
        Command::Hold(command) => hold::run(command, context).await,
        Command::Keys(command) => keys::run(command, context).await,
        Command::Lockdown(args) => lockdown::run(args, context).await,
        Command::Change(command) => change::run(command, context).await,
        Command::Role(command) => role::run(command, context).await,
        Command::Output(command) => output::run(command, context).await,
        Command::Session(command) => session::run(command, context).await,
        Command::Agent(args) => Box::pin(agent::run(args, context)).await,
        Command::Access(command) => access::run(command, context).await,
        Command::Explain(args) => explain::run(args, context).await,
        Command::CanI(args) => can_i::run(args, context).await,
        Command::Policy(command) => policy::run(command, context).await,
        Command::Audit(command) => audit::run(command, context).await,
    }
}
