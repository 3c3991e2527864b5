//! `visum visa verify`: does this visa count by itself, and why (not)?

use std::path::PathBuf;

use visa_verifier::{
    report::{self, VerifyInput},
    token::limits,
};

use crate::{
    commands::passport::judge::{self, Flags},
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
};

/// Does this one visa count by a trust file, and why (not)?
///
/// It is judged without a Passport: its issuer alone vouches for it, and conditions on other visas are not met.
/// Exit status: 0 it counts, 1 it does not, 2 used wrongly or input refused, 3 could not find out.
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// Whom to believe: a trust file, TOML or JSON
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,

    #[command(flatten)]
    flags: Flags,

    /// The visa, a compact JWS; `-` for standard input
    #[arg(value_name = "FILE")]
    visa: Input,
}

pub(crate) async fn run(args: Verify, context: &Context) -> Result<Exit, CommandError> {
    let trust = judge::trust(&args.trust)?;
    let bytes = args.visa.read(limits::PASSPORT_BYTES as u64)?;
    let refused = |why: &str| CommandError::refused("input.form", format!("{}: {why}", args.visa));
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| refused("it is not UTF-8"))?
        .trim();
    if text.is_empty() {
        return Err(refused("it is empty"));
    }
    let is_passport = report::decode(text).is_ok_and(|said| {
        !said.visas.is_empty()
            || said
                .header
                .get("typ")
                .is_some_and(|typ| typ == "vnd.ga4gh.passport+jwt")
    });
    if text.starts_with('{') || is_passport {
        return Err(refused("it is no visa").hint("for Passports and documents: visum passport verify"));
    }
    let input = VerifyInput {
        visa: Some(text.to_owned()),
        ..VerifyInput::default()
    };
    let report = args.flags.judge(&input, &trust).await?;
    Ok(args.flags.answer(&report, context))
}
