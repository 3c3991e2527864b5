//! `visum passport decode`: what a token says, unverified, and said to be so.

use visa_verifier::{report, token::limits};

use super::shown;
use crate::{error::CommandError, exit::Exit, input::Input, output::Context};

/// What a Passport, visa or token says, unverified
#[derive(Debug, clap::Args)]
pub(crate) struct Decode {
    /// A compact Passport, visa or other signed token, or `-` for standard input
    input: Input,
}

pub(crate) fn run(args: &Decode, context: &Context) -> Result<Exit, CommandError> {
    let bytes = args.input.read(limits::PASSPORT_BYTES as u64 + 1)?;
    let text = String::from_utf8_lossy(&bytes);
    let decoded =
        report::decode(text.trim()).map_err(|wrong| CommandError::refused(wrong.code(), wrong.to_string()))?;
    if !context.json {
        context.words("NOT VERIFIED: anyone can write such a token. Use `visum passport verify` to find out.");
    }
    context.show(&decoded, |decoded| {
        // JSON escapes control characters but those beyond ASCII; line breaks of the layout stay
        let text = serde_json::to_string_pretty(decoded).unwrap_or_default();
        text.lines().map(|line| shown(line) + "\n").collect()
    });
    Ok(Exit::Yes)
}
