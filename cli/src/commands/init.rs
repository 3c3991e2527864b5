//! `visum init`: a folder, its keys, a configuration to fill in, the facts that a node starts with.

use std::path::PathBuf;

use policy_engine::snapshot::Governance;
use serde_json::json;

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
/// events in single governance; without it the catalogue is empty.
#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// The node's data folder; must not hold a node yet
    folder: PathBuf,
    /// Facts to start with (JSON; docs/operators/quickstart.md)
    #[arg(long, value_name = "FILE")]
    facts: Option<Input>,
    /// The configuration to use instead of the commented example
    #[arg(long, value_name = "FILE")]
    config: Option<Input>,
}

/// Makes it.
pub(crate) async fn run(args: Init, context: &Context) -> Result<Exit, CommandError> {
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
        "governance": governance });
    context.show(&document, |_| {
        format!(
            "A node in {}.\nIts configuration: {}\nIts keys: {} (keep node.key apart from backups of the rest)\nNext: edit the configuration, then `visum check --config {}` and `visum up --config {}`",
            path.display(), file.display(), path.join("keys").display(), file.display(), file.display()
        )
    });
    Ok(Exit::Yes)
}
