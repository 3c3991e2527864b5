//! `visum passport verify`: does this Passport count here, and why (not)?

use std::path::PathBuf;

use visa_verifier::{
    report::VerifyInput,
    verify::{Requirement, Wanted},
};

use super::judge::{self, Flags};
use crate::{error::CommandError, exit::Exit, input::Input, output::Context};

/// Does this Passport count by a trust file, and why (not)?
///
/// Exit status: 0 accepted, 1 rejected (or what --require asks for is not there), 2 used wrongly or
/// input refused, 3 could not find out (keys or files are not to be had).
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// Whom to believe: a trust file, TOML or JSON (`visum trust check` looks it through)
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,

    /// A visa that must count, all of one person: `ControlledAccessGrants=https://data.example.org/1`,
    /// or a type alone. May stand several times
    #[arg(long, value_name = "TYPE[=VALUE]", value_parser = wanted)]
    require: Vec<Wanted>,

    #[command(flatten)]
    flags: Flags,

    /// A Passport or visa (compact JWS), or a JSON document with `passports`, `userinfo`, `visa`, `polled`,
    /// `require`; `-` for standard input
    input: Input,
}

fn wanted(text: &str) -> Result<Wanted, String> {
    let (kind, value) = match text.split_once('=') {
        Some((kind, value)) => (kind, Some(value.to_owned())),
        None => (text, None),
    };
    if kind.is_empty() || value.as_deref() == Some("") {
        return Err("neither TYPE nor TYPE=VALUE".to_owned());
    }
    Ok(Wanted {
        kind: kind.to_owned(),
        value,
        by: None,
        source: None,
        affiliation: None,
    })
}

pub(crate) async fn run(args: Verify, context: &Context) -> Result<Exit, CommandError> {
    let trust = judge::trust(&args.trust)?;
    let mut input = read(&args.input)?;
    let by_flag = !args.require.is_empty();
    if by_flag {
        let require = input.require.get_or_insert_with(Requirement::default);
        require.all_of.extend(args.require);
    }
    let report = args.flags.judge(&input, &trust).await?;
    let exit = args.flags.answer(&report, &input, context);
    let unmet = by_flag && report.requirement.is_some_and(|requirement| !requirement.granted);
    if exit != Exit::Yes || !unmet {
        return Ok(exit);
    }
    Ok(if judge::lacks_keys(&report) {
        Exit::Unknown
    } else {
        Exit::No
    })
}

/// What is to be judged.
///
/// # Errors
/// Not to be read (exit 3), or refused (exit 2); never with a token's text.
pub(super) fn read(input: &Input) -> Result<VerifyInput, CommandError> {
    VerifyInput::read(&input.read(VerifyInput::MAX_BYTES)?)
        .map_err(|wrong| CommandError::refused(wrong.code(), format!("{input}: {wrong}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wanted_visa_is_a_type_and_perhaps_a_value() {
        for (text, want) in [
            ("ResearcherStatus", Some(("ResearcherStatus", None))),
            (
                "ControlledAccessGrants=https://d.example/1?a=b",
                Some(("ControlledAccessGrants", Some("https://d.example/1?a=b"))),
            ),
            ("=x", None),
            ("ResearcherStatus=", None),
            ("", None),
        ] {
            let got = wanted(text).ok();
            assert_eq!(
                got.as_ref().map(|w| (w.kind.as_str(), w.value.as_deref())),
                want,
                "{text}"
            );
        }
    }
}
