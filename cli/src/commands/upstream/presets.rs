//! `visum upstream presets`: the ready-made login providers.

use passport_broker::preset::Preset;
use serde_json::{Value, json};

use crate::{error::CommandError, exit::Exit, output::Context};

/// Show the ready-made login providers: issuer, scopes, and what each asserts of people
///
/// Needs no server.
#[derive(Debug, clap::Args)]
pub(crate) struct Presets {}

/// Shows them.
pub(crate) fn run(_: Presets, context: &Context) -> Result<Exit, CommandError> {
    let presets: Vec<Value> = Preset::ALL
        .iter()
        .map(|preset| {
            let row = preset.row(preset.word(), "", preset.issuer().unwrap_or_default());
            json!({ "preset": preset.word(), "name": row.name, "issuer": preset.issuer(), "scopes": row.scopes,
                "claims": row.claims, "asserts": preset.words() })
        })
        .collect();
    context.show(&json!({ "presets": presets }), |_| {
        let mut out = String::new();
        for preset in Preset::ALL {
            let issuer = preset.issuer().unwrap_or("given with --issuer");
            let scopes = preset.row("", "", "").scopes.join(" ");
            out.push_str(&format!("{}\n  issuer  {issuer}\n  scopes  {scopes}\n", preset.word()));
            for sentence in preset.words() {
                out.push_str(&format!("  - {sentence}\n"));
            }
        }
        out
    });
    Ok(Exit::Yes)
}
