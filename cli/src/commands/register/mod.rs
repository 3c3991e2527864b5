//! `visum register …`

pub(crate) mod import;
pub(crate) mod set;

use clap::Subcommand;
use serde_json::{Map, Value};

use crate::{client::session::Session, error::CommandError, exit::Exit, input::Input, output::Context};

/// The register of institutions: country, and whether they work for profit
#[derive(Debug, Subcommand)]
pub(crate) enum Register {
    Import(import::Import),
    Set(set::Set),
}

/// Runs one of them.
pub(crate) async fn run(command: Register, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Register::Import(args) => import::run(args, context).await,
        Register::Set(args) => set::run(args, context).await,
    }
}

/// Bytes that a copy of the register may have.
const REGISTER_BYTES: u64 = 64 * 1024 * 1024;

/// The institutions of the node, or of a copy of its register (`{"institutions": [...]}`); none without either.
async fn institutions(
    session: Option<&Session>,
    copy: Option<&Input>,
    dry: bool,
) -> Result<Vec<Map<String, Value>>, CommandError> {
    let answer: Value = match (copy, session) {
        (Some(file), _) => serde_json::from_slice(&file.read(REGISTER_BYTES)?).map_err(|why| {
            CommandError::refused("register.unreadable", format!("{file} is no copy of a register: {why}"))
        })?,
        (None, Some(session)) => match session.get("admin/institutions").await {
            Ok(answer) => answer,
            Err(_) if dry => Value::Null,
            Err(wrong) => return Err(wrong),
        },
        (None, None) => Value::Null,
    };
    let list = answer.get("institutions").and_then(Value::as_array).cloned();
    Ok(list
        .unwrap_or_default()
        .into_iter()
        .filter_map(|one| match one {
            Value::Object(members) => Some(members),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
        })
        .collect())
}

fn id(row: &Map<String, Value>) -> &str {
    row.get("id").and_then(Value::as_str).unwrap_or_default()
}
