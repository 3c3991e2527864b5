//! `visum replica`: a further server of a node, on the same database, with an audit log of its own.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::{
    commands::up,
    config::file::File,
    error::CommandError,
    exit::Exit,
    input::Input,
    node::{folder::Folder, parts::log_origin},
    output::Context,
};

/// Longest name.
const NAME_BYTES: usize = 32;

/// A further server of a node
///
/// Replicas share the node's keys and database; each writes an audit log of its own and follows those of the others, so
/// that a grant or a hold made at one counts at all, and only with its event (docs/operators/replicas.md).
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Replica {
    Init(Init),
}

/// Make the folder of a further replica from the folder of one
///
/// The node's key and the proxy's are copied, the log's key is new; the configuration is that of --of with the name, and
/// with the other's log to follow. Addresses to listen on are the same: change them where both run on one machine.
#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// The new replica's data folder
    folder: PathBuf,
    /// The data folder of a replica that is there; it may run
    #[arg(long, value_name = "FOLDER")]
    of: PathBuf,
    /// The replica's name, in its log's name: small letters, digits, `-`
    #[arg(long)]
    name: String,
    /// A configuration to start from, instead of the one in --of
    #[arg(long, value_name = "FILE")]
    config: Option<Input>,
}

/// Runs it.
pub(crate) async fn run(command: Replica, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Replica::Init(args) => init(&args, context),
    }
}

fn init(args: &Init, context: &Context) -> Result<Exit, CommandError> {
    let refuse = |what: String| CommandError::refused("config.invalid", what);
    if args.name.is_empty()
        || args.name.len() > NAME_BYTES
        || !args
            .name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    {
        return Err(refuse(format!("--name: `{}` is no name of a replica", args.name))
            .hint("at most 32 small letters, digits and `-`"));
    }
    let of = std::path::absolute(&args.of)
        .map_err(|source| CommandError::unknown("node.folder", format!("{}: {source}", args.of.display())))?;
    let before = File::read(&of.join("visum.toml"))?;
    let text = match &args.config {
        Some(input) => {
            String::from_utf8(input.read(256 << 10)?).map_err(|_| refuse(format!("{input} is not UTF-8 text")))?
        }
        None => std::fs::read_to_string(of.join("visum.toml"))
            .map_err(|source| CommandError::unknown("node.folder", format!("{}: {source}", of.display())))?,
    };
    if before.broker.database.is_none() || before.proxy.database.is_none() {
        return Err(refuse(format!(
            "{}: replicas share a database, and this node has one in its folder",
            of.display()
        ))
        .hint(
            "set `database` of [broker] and of [proxy]: PostgreSQL, or one SQLite file for replicas on one machine",
        ));
    }
    let other_key = Folder::read_log_key(&of)?;
    let followed = key_of(&other_key, &before)?;
    let text = named(&text, &args.name, &of.join("audit"), &followed)?;
    let path = std::path::absolute(&args.folder)
        .map_err(|source| CommandError::unknown("node.folder", format!("{}: {source}", args.folder.display())))?;
    let file = path.join("visum.toml");
    // What is written is read before anything is made.
    let config = File::parse(&text, &file.display().to_string())?;
    if config.node.log_name() == before.node.log_name() {
        return Err(refuse(format!(
            "`{}` is the name of the replica in {}",
            args.name,
            of.display()
        )));
    }
    let folder = Folder::replica(&path, &of)?;
    std::fs::write(&file, text)
        .map_err(|source| CommandError::unknown("node.folder", format!("{}: {source}", file.display())))?;
    let key = key_of(&folder.log_key()?, &config)?;
    let lines = format!(
        "[[replicas]]\nlog = \"{}\"\nkey = \"{key}\"",
        path.join("audit").display()
    );
    let document = json!({ "folder": path.display().to_string(), "config": file.display().to_string(), "log": key.clone(), "follows": followed });
    context.show(&document, |_| {
        format!(
            "A replica in {}.\nIts configuration: {} (look at the addresses to listen on)\nIts log's key: {key}\nBefore it starts, each other replica has to follow its log. Put this into their visum.toml, with the folder as\nthey reach it, and start them again:\n\n{lines}\n",
            path.display(),
            file.display()
        )
    });
    Ok(Exit::Yes)
}

/// The verifier key of a replica's log.
fn key_of(key: &audit_log::LogKey, file: &File) -> Result<String, CommandError> {
    key.vkey(&log_origin(&up::host(file), &file.node.log_name()))
        .map(|key| key.to_string())
        .map_err(|source| CommandError::refused("config.invalid", format!("node.name: {source}")))
}

/// The configuration with the replica's name, and the log of another to follow.
fn named(text: &str, name: &str, log: &Path, key: &str) -> Result<String, CommandError> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let is_replica = |line: &String| {
        line.trim_start()
            .strip_prefix("replica")
            .is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    lines.retain(|line| !is_replica(line));
    let Some(node) = lines.iter().position(|line| line.trim_start().starts_with("[node]")) else {
        return Err(CommandError::refused(
            "config.invalid",
            "the configuration has no line `[node]`",
        ));
    };
    lines.insert(node + 1, format!("replica = \"{name}\""));
    lines.push(format!(
        "\n[[replicas]]\nlog = \"{}\"\nkey = \"{key}\"\n",
        log.display()
    ));
    Ok(lines.join("\n"))
}
