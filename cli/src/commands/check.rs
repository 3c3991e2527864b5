//! `visum check`: is the configuration sound, and are its files and ports there?

use std::path::PathBuf;

use passport_broker::store::{
    Db, StoreError,
    governed::{self, Governed, RowKind},
};
use policy_engine::snapshot::{DatasetMode, DatasetRecord};
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
                    match compute_only(&plan.broker.database).await {
                        Ok(datasets) => {
                            if let Err(fault) = plan.proxy.check_compute_only(datasets.iter().map(String::as_str)) {
                                found(&CommandError::refused(fault.code(), fault.to_string()));
                            }
                        }
                        Err(wrong) => found(&wrong),
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

/// The compute-only datasets that the node's database names; none before its first start.
async fn compute_only(database: &str) -> Result<Vec<String>, CommandError> {
    let file = database
        .strip_prefix("sqlite://")
        .map(|rest| rest.split('?').next().unwrap_or_default());
    if file.is_some_and(|path| !std::path::Path::new(path).exists()) {
        return Ok(Vec::new());
    }
    let unread = |source: StoreError| CommandError::unknown(source.code(), source.to_string());
    let mut db = Db::open(database).await.map_err(unread)?;
    let mut found = Vec::new();
    for row in governed::all_newest(&mut db, RowKind::Dataset).await.map_err(unread)? {
        let dataset: DatasetRecord = row.read().map_err(unread)?;
        if row.live && dataset.mode == DatasetMode::ComputeOnly {
            found.push(Governed::id(&dataset));
        }
    }
    Ok(found)
}
