//! `[proxy.tes]`, `[proxy.wes]`, `[proxy.trs]` and `[proxy.code]`: where work runs, and what is laid down about the code that runs.

use policy_engine::intent::MayHold;
use tes_proxy::{
    ComputeMount, RegisteredTool, TrsMount,
    rules::{ApprovedWorkflow, CertifiedTool, ComputeRules, RuleFault, Shelf},
};

use super::backend;
use crate::{
    config::proxy::{BackendTable, CodeTable, TesTable, TesVersion, TrsTable, WesTable},
    error::CommandError,
    input::Input,
};

/// Bytes of a workflow's text.
const WORKFLOW_BYTES: u64 = 1 << 20;

fn refused(fault: &RuleFault) -> CommandError {
    CommandError::refused(fault.code(), fault.to_string())
}

fn rules(code: &CodeTable, tes_1_0: bool) -> Result<ComputeRules, CommandError> {
    let rules = ComputeRules {
        tes_1_0,
        images: code.images.clone(),
        tools: code
            .tools
            .iter()
            .map(|tool| CertifiedTool {
                id: tool.id.clone(),
                image: tool.image.clone(),
                command: tool.command.clone(),
                env: tool.env.clone(),
            })
            .collect(),
        shelf: Shelf::default(),
    };
    rules.check().map_err(|fault| refused(&fault))?;
    Ok(rules)
}

/// The datasets that a backend may hold.
fn may_hold(entries: Option<&Vec<String>>) -> Result<Option<MayHold>, CommandError> {
    let list = entries.map(|entries| MayHold::try_from(entries.clone()));
    list.transpose()
        .map_err(|wrong| CommandError::refused("config.invalid", format!("holds: {wrong}")))
}

/// The TES of a configuration.
///
/// # Errors
/// If a secret can't be read or a rule is not sound.
pub(super) fn tes(table: &TesTable, code: &CodeTable, service: &str, id: String) -> Result<ComputeMount, CommandError> {
    let plain = BackendTable {
        base: table.base.clone(),
        credential_file: table.credential_file.clone(),
    };
    Ok(ComputeMount {
        name: table.name.clone().unwrap_or_default(),
        backend: backend(&plain)?,
        service: table.service.as_deref().unwrap_or(service).to_owned(),
        may_hold: may_hold(table.holds.as_ref())?,
        id,
        backend_parameters: table
            .backend_parameters
            .iter()
            .map(|key| key.to_ascii_lowercase())
            .collect(),
        zones: table
            .zones
            .iter()
            .map(|(zone, country)| (zone.clone(), country.clone()))
            .collect(),
        rules: rules(code, table.version == TesVersion::V1_0)?,
    })
}

/// The same of a WES.
///
/// # Errors
/// As [`tes`].
pub(super) fn wes(table: &WesTable, code: &CodeTable, service: &str, id: String) -> Result<ComputeMount, CommandError> {
    let plain = BackendTable {
        base: table.base.clone(),
        credential_file: table.credential_file.clone(),
    };
    Ok(ComputeMount {
        name: table.name.clone().unwrap_or_default(),
        backend: backend(&plain)?,
        service: table.service.as_deref().unwrap_or(service).to_owned(),
        may_hold: may_hold(table.holds.as_ref())?,
        id,
        backend_parameters: Vec::new(),
        zones: Vec::new(),
        rules: rules(code, false)?,
    })
}

/// The tool registry of a configuration.
///
/// # Errors
/// If a secret can't be read.
pub(super) fn trs(table: &TrsTable, host: &str, id: String) -> Result<TrsMount, CommandError> {
    let plain = BackendTable {
        base: table.base.clone(),
        credential_file: table.credential_file.clone(),
    };
    let tools = table.tools.iter().map(|tool| RegisteredTool {
        id: tool.id.clone(),
        version: tool.version.clone(),
        sha256: tool.sha256.clone(),
    });
    Ok(TrsMount {
        backend: backend(&plain)?,
        id,
        uri_host: host.to_owned(),
        uri_aliases: table.hosts.clone(),
        public: table.public,
        approved: table.approved.clone(),
        tools: tools.collect(),
        shelf: Shelf::default(),
    })
}

/// The workflows that requests may name by address, read and compared with their approval.
///
/// # Errors
/// If a file can't be read, or is not what was approved.
pub(super) fn workflows(code: &CodeTable) -> Result<Vec<ApprovedWorkflow>, CommandError> {
    code.workflows
        .iter()
        .map(|table| {
            let bytes = Input::File(table.file.clone()).read(WORKFLOW_BYTES)?;
            let name = table
                .file
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            ApprovedWorkflow::new(table.url.clone(), name.to_owned(), bytes, &table.sha256)
                .map_err(|fault| refused(&fault))
        })
        .collect()
}
