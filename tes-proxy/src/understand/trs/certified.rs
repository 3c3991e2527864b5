//! Tools whose command comes from the registry: fetched once, taken only if the text has the digest that the node's
//! settings name (`apis.md` E77).

use std::time::Duration;

use crate::{
    api::trs::{FileWrapper, Kind, Language},
    config::{RegisteredTool, TrsMount},
    proxy::Parts,
    rules::CertifiedTool,
};

use super::{JSON, cwl, mounted, pin::sha256, place::Place};

/// What fetching them may take while somebody waits.
const TIME: Duration = Duration::from_secs(5);
/// Seconds until it is tried again after a failure.
const AGAIN: i64 = 30;

/// Sees to it that the tools of the settings are known. One that is not, matches no command: nothing is let by.
pub(crate) async fn ready(parts: &Parts) {
    let Some(mount) = parts.config.trs.as_ref().filter(|mount| !mount.tools.is_empty()) else {
        return;
    };
    let missing: Vec<&RegisteredTool> = mount
        .tools
        .iter()
        .filter(|tool| !mount.shelf.holds(&name(mount, tool)))
        .collect();
    if missing.is_empty() || !mount.shelf.may_try(parts.gate.now().unix(), AGAIN) {
        return;
    }
    let fetching = futures::future::join_all(missing.into_iter().map(|tool| one(parts, mount, tool)));
    if tokio::time::timeout(TIME, fetching).await.is_err() {
        tracing::warn!("the tool registry did not tell the certified tools in time");
    }
}

fn place(tool: &RegisteredTool) -> Place {
    Place {
        tool: tool.id.clone(),
        version: Some(tool.version.clone()),
        ..Place::default()
    }
}

fn name(mount: &TrsMount, tool: &RegisteredTool) -> String {
    place(tool).name(&mount.uri_host)
}

async fn one(parts: &Parts, mount: &TrsMount, tool: &RegisteredTool) {
    let id = name(mount, tool);
    match fetched(parts, &id, tool).await {
        Ok(found) => {
            tracing::info!(tool = %id, "a certified tool's command was read from its descriptor");
            mount.shelf.put(found);
        }
        Err(why) => tracing::warn!(tool = %id, why, "a certified tool matches no command"),
    }
}

async fn fetched(parts: &Parts, id: &str, tool: &RegisteredTool) -> Result<CertifiedTool, &'static str> {
    let (backend, _) = mounted(parts).map_err(|_| "there is no TRS")?;
    let kind = Kind {
        language: Language::Cwl,
        plain: false,
    };
    let told = backend.told(&place(tool).below(kind, "descriptor"), &[], JSON).await;
    let told = told.map_err(|error| error.code())?;
    let file: FileWrapper = backend.json(&told).map_err(|error| error.code())?;
    let text = file.content.ok_or("its descriptor is not told as text")?;
    if !sha256(text.as_bytes()).eq_ignore_ascii_case(&tool.sha256) {
        return Err("its descriptor has another SHA-256 than the settings name");
    }
    let own = cwl::tool(id, &text)?;
    own.check().map_err(|_| "its image or command is none")?;
    Ok(own)
}
