//! `visum policy validate`: a bundle against the schema, strictly; annotations, links, observe mode, lints.

use std::path::PathBuf;

use policy_engine::policy::{Severity, validate};
use serde_json::json;

use super::bundle;
use crate::{error::CommandError, exit::Exit, output::Context};

/// Validate policies: syntax, the schema (strictly), annotations, links, lints
///
/// Exit status 0 if sound (warnings aside), 1 if not.
#[derive(Debug, clap::Args)]
pub(crate) struct Validate {
    /// A bundle's folder, a folder of `.cedar` files, or one such file
    path: PathBuf,
    /// Warnings make it unsound too
    #[arg(long)]
    strict: bool,
}

/// Validates; exit 0 sound, 1 not.
pub(crate) fn run(args: &Validate, context: &Context) -> Result<Exit, CommandError> {
    let (findings, names, links, digest) = match bundle::read(&args.path)? {
        Err(findings) => (findings, Vec::new(), 0, None),
        Ok(loaded) => {
            let bundle = &loaded.bundle;
            let mut findings = validate(bundle, bundle::now());
            for file in &bundle.tests {
                findings.extend(
                    policy_engine::review::Suite::parse(&file.name, &file.text)
                        .err()
                        .map(|finding| *finding),
                );
            }
            let files = bundle.policies.iter().chain(&bundle.tests);
            let names: Vec<String> = files.map(|file| file.name.clone()).collect();
            (findings, names, bundle.links.len(), Some(bundle.digest()))
        }
    };
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let warnings = findings.len().saturating_sub(errors);
    let sound = errors == 0 && (warnings == 0 || !args.strict);
    let document = json!({
        "sound": sound, "digest": digest, "files": names, "links": links, "findings": findings });
    context.show(&document, |_| {
        let mut lines: Vec<String> = findings
            .iter()
            .map(|finding| bundle::pretty(finding, &args.path))
            .collect();
        lines.push(match (sound, warnings) {
            (true, 0) => format!("Sound: {} files, {} links.", names.len(), links),
            (true, many) => format!("Sound, with {many} warnings."),
            (false, many) => format!("NOT sound: {errors} errors, {many} warnings."),
        });
        lines.join("\n")
    });
    Ok(if sound { Exit::Yes } else { Exit::No })
}
