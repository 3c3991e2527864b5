//! `visum init`: a folder, its keys, a configuration to fill in, the facts that a node starts with.

use std::path::PathBuf;

use passport_broker::{
    enrolment::{self, EnrolmentError},
    limits,
    store::roles::RoleRow,
};
use policy_engine::snapshot::{Governance, RoleGrant};
use serde_json::json;
use visa_verifier::seam::{Clock as _, SystemClock, SystemRandom, Timestamp};

use crate::{
    error::CommandError,
    exit::Exit,
    input::Input,
    node::{facts::Facts, folder::Folder},
    output::Context,
};

/// The configuration that is written, with a comment for each setting.
const TEMPLATE: &str = include_str!("visum.toml");
/// A facts file with a large catalogue.
const FACTS_BYTES: u64 = 256 << 20;

/// Make a node: folder, keys, configuration
///
/// With --facts, the register, datasets, roles, trust, clients and login providers of FILE are entered as break-glass
/// events in single governance; without it the catalogue is empty. If nobody in them administers the node, a one-time
/// enrolment code is printed: who signs in and brings it to the broker's page `/enrol` within an hour becomes the first
/// administrator. `--code` prints a new one for a node that has none yet; the node must not be running.
#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// The node's data folder; must not hold a node yet
    folder: PathBuf,
    /// Print a new enrolment code for the node in FOLDER
    #[arg(long, conflicts_with_all = ["facts", "config"])]
    code: bool,
    /// Facts to start with (JSON; docs/operators/quickstart.md)
    #[arg(long, value_name = "FILE")]
    facts: Option<Input>,
    /// The configuration to use instead of the commented example
    #[arg(long, value_name = "FILE")]
    config: Option<Input>,
}

/// Makes it.
pub(crate) async fn run(args: Init, context: &Context) -> Result<Exit, CommandError> {
    if args.code {
        return Box::pin(new_code(&args.folder, context)).await;
    }
    // Everything that can be refused is read before anything is made.
    let text = match &args.config {
        Some(input) => String::from_utf8(input.read(1 << 20)?)
            .map_err(|_| CommandError::refused("config.invalid", format!("{input} is not UTF-8 text")))?,
        None => TEMPLATE.to_owned(),
    };
    let facts = match &args.facts {
        Some(input) => Some(Facts::read(&input.read(FACTS_BYTES)?, &input.to_string())?),
        None => None,
    };
    let path = std::path::absolute(&args.folder)
        .map_err(|source| CommandError::unknown("node.folder", format!("{}: {source}", args.folder.display())))?;
    let folder = Folder::create(&path)?;
    let file = folder.path().join("visum.toml");
    std::fs::write(&file, text)
        .map_err(|source| CommandError::unknown("node.folder", format!("{}: {source}", file.display())))?;
    let entered = facts.is_some();
    let governed = facts.as_ref().is_some_and(|facts| facts.roles.iter().any(administers));
    let code = if governed { None } else { Some(code(&folder)?) };
    let mut governance: Governance = crate::config::file::File::read(&file)?.node.governance.into();
    if let Some(facts) = facts {
        let config = crate::config::file::File::read(&file)?;
        let mut plan = super::up::plan(&config, folder)?;
        plan.facts = Some(facts);
        let node = crate::node::parts::Node::open(plan).await?;
        // two administrators among the facts make it dual at once
        governance = node.broker.governance();
        let _ = node.writer.checkpoint().await;
        let _ = node.writer.close().await;
    }
    let document = json!({ "folder": path.display().to_string(), "config": file.display().to_string(), "facts": entered,
        "governance": governance, "enrolment_code": code });
    context.show(&document, |_| {
        let first = code.as_deref().map_or(String::new(), |code| {
            format!(
                "\nEnrolment code: {code}\n  Within an hour: start the node, sign in at the broker's page /enrol, type the code. Who does so first administers it."
            )
        });
        format!(
            "A node in {}.\nIts configuration: {}\nIts keys: {} (keep node.key apart from backups of the rest)\nNext: edit the configuration, then `visum check --config {}` and `visum up --config {}`{first}",
            path.display(), file.display(), path.join("keys").display(), file.display(), file.display()
        )
    });
    Ok(Exit::Yes)
}

/// A new code for a node that has nobody who administers it.
async fn new_code(folder: &std::path::Path, context: &Context) -> Result<Exit, CommandError> {
    let path = std::path::absolute(folder)
        .map_err(|source| CommandError::unknown("node.folder", format!("{}: {source}", folder.display())))?;
    let config = crate::config::file::File::read(&path.join("visum.toml"))?;
    let folder = Folder::open(&path)?;
    let node = crate::node::parts::Node::open(super::up::plan(&config, folder)?).await?;
    let failed = |wrong: EnrolmentError| {
        let told = wrong.to_string();
        if matches!(wrong, EnrolmentError::Taken) {
            CommandError::refused(wrong.code(), told).hint("administrators enter others by a change: visum role")
        } else {
            CommandError::unknown(wrong.code(), told)
        }
    };
    let (code, until) = fresh();
    let accepted = enrolment::accept(&node.broker, &enrolment::digest(&code), until).await;
    let _ = node.writer.checkpoint().await;
    let _ = node.writer.close().await;
    accepted.map_err(failed)?;
    context.show(&json!({ "enrolment_code": code, "until": until }), |_| {
        format!("Enrolment code: {code}\nGood once, until {until}: start the node, sign in at the broker's page /enrol, type the code.")
    });
    Ok(Exit::Yes)
}

/// A code whose digest waits in the folder for the node's first start.
fn code(folder: &Folder) -> Result<String, CommandError> {
    let (code, until) = fresh();
    folder.keep_enrolment(&enrolment::digest(&code), until.unix())?;
    Ok(code)
}

fn fresh() -> (String, Timestamp) {
    let until = SystemClock.now().plus(limits::ENROLMENT);
    (enrolment::code(&SystemRandom::new()), until)
}

fn administers(row: &RoleRow) -> bool {
    row.role == RoleGrant::Role("administrator".to_owned())
}
