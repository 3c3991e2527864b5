//! `visum audit verify`: a whole log, every byte of its folder, offline.

use std::path::{Path, PathBuf};

use audit_log::{Report, VKey};
use serde_json::json;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Verify an audit log: every entry, every checkpoint, every byte of its folder
///
/// Takes no lock and needs no server: works on a running node's folder, on a copy and on a backup.
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// The log's folder
    #[arg(value_name = "DIR", required_unless_present = "data")]
    folder: Option<PathBuf>,
    /// A node's or demo's data folder: its log is DIR/audit
    #[arg(long, value_name = "DIR", conflicts_with = "folder")]
    data: Option<PathBuf>,
    /// The log's public key, from somewhere else than the log (`name+id+key`)
    #[arg(long, value_name = "VKEY")]
    key: Option<String>,
}

/// Verifies it; exit 0 sound, 1 unsound, 2 used wrongly, 3 could not find out.
pub(crate) fn run(args: &Verify, context: &Context) -> Result<Exit, CommandError> {
    let folder = args
        .folder
        .clone()
        .or_else(|| args.data.as_ref().map(|data| data.join("audit")))
        .unwrap_or_default();
    let text = folder.display().to_string();
    if text.starts_with("http://") || text.starts_with("https://") {
        return Err(
            CommandError::refused("audit.url", "a log behind a URL can't be verified by this version")
                .hint("copy the log's folder and verify the copy"),
        );
    }
    let report = check(&folder, args.key.as_deref())?;
    let document = json!({
        "sound": report.sound(),
        "origin": report.origin,
        "entries": report.entries,
        "checkpoint": report.checkpoint.as_ref().map(|checkpoint| checkpoint.size),
        "uncovered": report.uncovered,
        "findings": report.findings.iter().map(|finding| json!({
            "file": finding.file, "offset": finding.offset, "index": finding.index, "what": finding.what })).collect::<Vec<_>>(),
        "warnings": report.warnings,
    });
    context.show(&document, |_| people(&report));
    Ok(if report.sound() { Exit::Yes } else { Exit::No })
}

/// Reads and checks a folder.
pub(crate) fn check(folder: &Path, key: Option<&str>) -> Result<Report, CommandError> {
    let key: Option<VKey> = key
        .map(|text| {
            text.parse().map_err(|source| {
                CommandError::refused("audit.key", format!("that is no log key: {source}"))
                    .hint("a key reads name+id+base64, as `visum init` and demo.json print it")
            })
        })
        .transpose()?;
    if !folder.is_dir() {
        return Err(
            CommandError::unknown("audit.missing", format!("there is no folder {}", folder.display()))
                .hint("a node's log is DIR/audit of its data folder"),
        );
    }
    audit_log::verify_dir(folder, key.as_ref())
        .map_err(|source| CommandError::unknown(source.code(), source.to_string()))
}

fn people(report: &Report) -> String {
    let mut lines = Vec::new();
    let origin = report.origin.as_deref().unwrap_or("unknown origin");
    if report.sound() {
        lines.push(format!("The log {origin} is sound: {} entries.", report.entries));
    } else {
        lines.push(format!("The log {origin} is NOT sound."));
        for finding in &report.findings {
            let place = match (finding.index, finding.offset) {
                (Some(index), Some(offset)) => format!(" (entry {index}, byte {offset})"),
                (Some(index), None) => format!(" (entry {index})"),
                (None, Some(offset)) => format!(" (byte {offset})"),
                (None, None) => String::new(),
            };
            lines.push(format!("- {}{place}: {}", finding.file, finding.what));
        }
    }
    if report.uncovered > 0 {
        lines.push(format!(
            "{} entries are not yet under a checkpoint; they were checked by their checksums.",
            report.uncovered
        ));
    }
    lines.extend(report.warnings.iter().map(|warning| format!("warning: {warning}")));
    lines.join("\n")
}
