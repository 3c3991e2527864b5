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
    let refused = |why: &dyn std::fmt::Display| CommandError::refused("input.form", format!("{}: {why}", args.visa));
    let read = VerifyInput::read(&bytes).map_err(|wrong| refused(&wrong))?;
    // what stands alone and is no Passport by its claims is judged as a visa, whatever it is
    let visa = match (read.visa, read.passports.as_slice()) {
        (Some(visa), []) if read.userinfo.is_empty() => visa,
        (None, [text]) if read.userinfo.is_empty() && !is_passport(text) => text.clone(),
        _ => return Err(refused(&"it is no visa").hint("for Passports and documents: visum passport verify")),
    };
    let input = VerifyInput {
        visa: Some(visa),
        ..VerifyInput::default()
    };
    let report = args.flags.judge(&input, &trust).await?;
    Ok(args.flags.answer(&report, &input, context))
}

fn is_passport(text: &str) -> bool {
    report::decode(text).is_ok_and(|said| {
        let typ = said.header.get("typ").and_then(serde_json::Value::as_str);
        !said.visas.is_empty() || typ == Some("vnd.ga4gh.passport+jwt")
    })
}
