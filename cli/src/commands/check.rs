//! `visum check`: is the configuration sound, and are its files and ports there?

use std::path::PathBuf;

use serde_json::json;

use super::up;
use crate::{config::file::File, error::CommandError, exit::Exit, listener, node::folder::Folder, output::Context};

/// Check a node's configuration: keys, values, secret files, folder, ports
///
/// Changes nothing. Backends, providers and the compute network are not asked by this version.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The node's configuration
    #[arg(long, value_name = "FILE", env = "VISUM_CONFIG")]
    config: PathBuf,
}

/// Checks; exit 0 sound, 1 something is wrong, 2 the file itself is refused.
pub(crate) async fn run(args: Check, context: &Context) -> Result<Exit, CommandError> {
    let file = File::read(&args.config)?;
    let mut findings: Vec<(String, String)> = Vec::new();
    let mut found = |wrong: &CommandError| {
        findings.push((
            wrong.code().to_owned(),
            format!(
                "{wrong}{}",
                wrong.next().map(|hint| format!(" ({hint})")).unwrap_or_default()
            ),
        ));
    };
    match up::data_folder(&args.config).and_then(|path| Folder::open(&path)) {
        Err(wrong) => found(&wrong),
        Ok(folder) => {
            if let Err(wrong) = folder.log_key() {
                found(&wrong);
            }
            match up::plan(&file, folder) {
                Err(wrong) => found(&wrong),
                Ok(plan) => {
                    if let Err(fault) = plan.proxy.check() {
                        found(&CommandError::refused(fault.code(), fault.to_string()));
                    }
                }
            }
        }
    }
    for (name, address) in [
        ("broker", file.broker.listen),
        ("proxy", file.proxy.listen),
        ("storage_door", file.storage_door.listen),
    ] {
        if listener::answers(address).await {
            found(&CommandError::unknown(
                "node.port",
                format!("{name}.listen: somebody listens on {address} already"),
            ));
        }
    }
    let document = json!({ "sound": findings.is_empty(),
        "findings": findings.iter().map(|(code, what)| json!({ "code": code, "what": what })).collect::<Vec<_>>() });
    context.show(&document, |_| {
        if findings.is_empty() {
            "The configuration is sound.".to_owned()
        } else {
            findings
                .iter()
                .map(|(code, what)| format!("- {what} ({code})"))
                .collect::<Vec<_>>()
                .join("\n")
        }
    });
    Ok(if findings.is_empty() { Exit::Yes } else { Exit::No })
}
