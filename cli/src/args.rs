//! The command line, as types.

use clap::{Parser, Subcommand};

use crate::commands;

/// Compliance and trust-framework toolkit for nodes that share sensitive human genomic data.
///
/// Exit status: 0 yes or done, 1 no, denied or unsound, 2 used wrongly or input refused,
/// 3 could not find out.
#[derive(Debug, Parser)]
#[command(name = "visum", version, arg_required_else_help = true, infer_subcommands = false)]
pub(crate) struct Arguments {
    /// Print one JSON document instead of text for people
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands; each is a file in `commands/`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(commands::demo::Demo),
    Init(commands::init::Init),
    Up(commands::up::Up),
    #[command(subcommand)]
    Replica(commands::replica::Replica),
    Restore(commands::restore::Restore),
    Check(commands::check::Check),
    Login(commands::login::Login),
    #[command(subcommand)]
    Passport(commands::passport::Passport),
    #[command(subcommand)]
    Visa(commands::visa::Visa),
    #[command(subcommand)]
    Webhook(commands::webhook::Webhook),
    #[command(subcommand)]
    Registration(commands::registration::Registration),
    #[command(subcommand)]
    Terms(commands::terms::Terms),
    #[command(subcommand)]
    Upstream(commands::upstream::Upstream),
    #[command(subcommand)]
    Trust(commands::trust::Trust),
    #[command(subcommand)]
    Drs(commands::drs::Drs),
    #[command(subcommand)]
    Tes(commands::tes::Tes),
    #[command(subcommand)]
    Wes(commands::wes::Wes),
    #[command(subcommand)]
    Dataset(commands::dataset::Dataset),
    #[command(subcommand)]
    Application(commands::application::Application),
    #[command(subcommand)]
    Grant(commands::grant::Grant),
    #[command(subcommand)]
    Purpose(commands::purpose::Purpose),
    #[command(subcommand)]
    Account(commands::account::Account),
    #[command(subcommand)]
    Hold(commands::hold::Hold),
    Lockdown(commands::lockdown::Lockdown),
    #[command(subcommand)]
    Keys(commands::keys::Keys),
    #[command(subcommand)]
    Change(commands::change::Change),
    #[command(subcommand)]
    Role(commands::role::Role),
    #[command(subcommand)]
    Output(commands::output::Output),
    #[command(subcommand)]
    Session(commands::session::Session),
    Agent(commands::agent::Agent),
    #[command(subcommand)]
    Access(commands::access::Access),
    Explain(commands::explain::Explain),
    CanI(commands::can_i::CanI),
    #[command(subcommand)]
    Consent(commands::consent::Consent),
    #[command(subcommand)]
    Catalogue(commands::catalogue::Catalogue),
    #[command(subcommand)]
    Ontology(commands::ontology::Ontology),
    #[command(subcommand)]
    Register(commands::register::Register),
    #[command(subcommand)]
    Policy(commands::policy::Policy),
    #[command(subcommand)]
    Audit(commands::audit::Audit),
}
