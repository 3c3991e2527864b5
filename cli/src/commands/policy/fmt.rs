//! `visum policy fmt`: policy files in the one layout.

use std::path::PathBuf;

use policy_engine::policy::format;
use serde_json::json;

use super::bundle;
use crate::{error::CommandError, exit::Exit, output::Context};

/// Write policy files in the one layout (Cedar's formatter)
#[derive(Debug, clap::Args)]
pub(crate) struct Fmt {
    /// A bundle's folder, a folder of `.cedar` files, or one such file
    path: PathBuf,
    /// Change nothing; exit status 1 if a file would change
    #[arg(long)]
    check: bool,
}

/// Formats; exit 0 done, with `--check` 1 if a file is not in the layout.
pub(crate) fn run(args: &Fmt, context: &Context) -> Result<Exit, CommandError> {
    let loaded = bundle::load(&args.path)?;
    let mut other = Vec::new();
    for file in &loaded.bundle.policies {
        let formatted = format(&file.name, &file.text)
            .map_err(|finding| CommandError::refused(finding.code, bundle::pretty(&finding, &loaded.path)))?;
        if formatted != file.text {
            other.push((file.name.clone(), formatted));
        }
    }
    if !args.check {
        // Nothing is written before everything could be formatted.
        for (name, text) in &other {
            let path = if loaded.path.is_dir() {
                loaded.path.join(name)
            } else {
                loaded.path.clone()
            };
            std::fs::write(&path, text)
                .map_err(|source| CommandError::unknown("policy.write", format!("{}: {source}", path.display())))?;
        }
    }
    let names: Vec<&String> = other.iter().map(|(name, _)| name).collect();
    let document = json!({ "files": loaded.bundle.policies.len(), "written": !args.check, "changed": names });
    context.show(&document, |_| match (names.is_empty(), args.check) {
        (true, _) => format!("{} files are in the layout.", loaded.bundle.policies.len()),
        (false, true) => format!("Not in the layout: {}", words(&names)),
        (false, false) => format!("Written: {}", words(&names)),
    });
    Ok(if args.check && !names.is_empty() {
        Exit::No
    } else {
        Exit::Yes
    })
}

fn words(names: &[&String]) -> String {
    names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
}
