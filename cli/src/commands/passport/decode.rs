//! `visum passport decode`: what a token says, unverified, and said to be so.

use serde_json::Value;
use visa_verifier::{
    Timestamp, report,
    report::{Decoded, DecodedVisa},
    seam::{Clock as _, SystemClock},
    token::limits,
};

use crate::{
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
    page::{self, Paint, relative, shown},
};

/// What a Passport, visa or other signed token says, unverified: anyone can write such a one
#[derive(Debug, clap::Args)]
pub(crate) struct Decode {
    /// A compact Passport, visa or other signed token, or `-` for standard input
    input: Input,
}

pub(crate) fn run(args: &Decode, context: &Context) -> Result<Exit, CommandError> {
    // as much white space as a careful editor leaves
    let bytes = args.input.read(limits::PASSPORT_BYTES as u64 + 1_024)?;
    let text = String::from_utf8_lossy(&bytes);
    let decoded = report::decode(text.trim()).map_err(|wrong| {
        CommandError::refused(
            wrong.code(),
            format!("{} is no token that can be taken apart: {wrong}", args.input),
        )
        .hint("a compact token is three parts of base64url with dots between them")
    })?;
    context.show(&decoded, |decoded| {
        human(decoded, SystemClock.now(), Paint::of_output())
    });
    Ok(Exit::Yes)
}

fn human(decoded: &Decoded, now: Timestamp, paint: Paint) -> String {
    let mut out =
        paint.warn("NOT VERIFIED") + ": anyone can write this. `visum passport verify` finds out whether it counts.\n";
    out.push_str(&one("It", decoded, now, paint));
    for (number, visa) in (1..).zip(&decoded.visas) {
        match visa {
            DecodedVisa::Token(visa) => out.push_str(&one(&format!("Visa {number}"), visa, now, paint)),
            DecodedVisa::Broken { error } => out.push_str(&format!("\nVisa {number} is no token: {}\n", shown(error))),
        }
    }
    out
}

/// A sentence on what it says it is, then header and claims as they stand.
fn one(name: &str, decoded: &Decoded, now: Timestamp, paint: Paint) -> String {
    let said = |claim: &str| decoded.claims.get(claim).and_then(Value::as_str).map(page::plain);
    let instant = |claim: &str| {
        decoded
            .claims
            .get(claim)
            .and_then(Value::as_i64)
            .map(Timestamp::from_unix)
    };
    let typ = decoded.header.get("typ").and_then(Value::as_str).unwrap_or("no typ");
    let mut facts = vec![format!("is a token of type `{}`", page::plain(typ))];
    facts.extend(said("sub").map(|sub| format!("about {sub}")));
    facts.extend(said("iss").map(|iss| format!("by {iss}")));
    facts.extend(instant("iat").map(|at| format!("made {}", relative(at, now))));
    facts.extend(instant("exp").map(|at| format!("{} {}", if at > now { "ends" } else { "ended" }, relative(at, now))));
    let mut out = format!("\n{} says that it {}\n", paint.strong(name), facts.join(", "));
    for (what, members) in [("header", &decoded.header), ("claims", &decoded.claims)] {
        // JSON escapes control characters but those beyond ASCII; line breaks of the layout stay
        let text = serde_json::to_string_pretty(members).unwrap_or_default();
        let lines: Vec<String> = text.lines().map(shown).collect();
        out.push_str(&format!("{what} {}\n", lines.join("\n")));
    }
    out
}
