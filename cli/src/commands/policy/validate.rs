//! `visum policy validate`: a folder of Cedar policies against the schema, strictly, with the annotations they need.

use std::path::PathBuf;

use serde_json::json;

use crate::{error::CommandError, exit::Exit, output::Context};

/// One policy file may be this large.
const FILE_BYTES: u64 = 1 << 20;
/// A folder may hold this many.
const FILES: usize = 1_000;

/// Validate policies: syntax, the schema (strictly), required annotations
#[derive(Debug, clap::Args)]
pub(crate) struct Validate {
    /// A `.cedar` file, or a folder of them
    path: PathBuf,
}

/// Validates; exit 0 sound, 1 not.
pub(crate) fn run(args: &Validate, context: &Context) -> Result<Exit, CommandError> {
    let mut files = Vec::new();
    if args.path.is_dir() {
        let entries = std::fs::read_dir(&args.path).map_err(|source| {
            CommandError::unknown("input.unreadable", format!("{}: {source}", args.path.display()))
        })?;
        for entry in entries.flatten().take(FILES) {
            if entry.path().extension().is_some_and(|end| end == "cedar") {
                files.push(entry.path());
            }
        }
        files.sort();
    } else {
        files.push(args.path.clone());
    }
    if files.is_empty() {
        return Err(CommandError::refused(
            "policy.none",
            format!("{} holds no .cedar file", args.path.display()),
        ));
    }
    let mut texts = Vec::new();
    for path in files {
        let name = path.display().to_string();
        let bytes = crate::input::Input::File(path).read(FILE_BYTES)?;
        let text = String::from_utf8(bytes)
            .map_err(|_| CommandError::refused("policy.not_text", format!("{name} is not UTF-8 text")))?;
        texts.push((name, text));
    }
    let findings = policy_engine::policy::validate(&texts);
    let document = json!({ "sound": findings.is_empty(), "files": texts.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        "findings": findings.iter().map(|finding| json!({ "file": finding.file, "policy": finding.policy, "what": finding.what })).collect::<Vec<_>>() });
    context.show(&document, |_| {
        if findings.is_empty() {
            return format!("{} files are sound.", texts.len());
        }
        findings
            .iter()
            .map(|finding| {
                format!(
                    "{}: {}{}",
                    finding.file,
                    finding.policy.as_ref().map(|id| format!("{id}: ")).unwrap_or_default(),
                    finding.what
                )
            })
            .collect::<Vec<_>>()
            .join("\n")
    });
    Ok(if findings.is_empty() { Exit::Yes } else { Exit::No })
}
