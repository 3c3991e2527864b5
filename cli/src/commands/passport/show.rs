//! `visum passport show`: a Passport as a page for people. One's own at its node, or a file by a trust file.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{
    judge::{self, Flags},
    verify,
};
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
    page,
};

/// Show a Passport: each visa, whether it counts, until when, and why (not)
///
/// Without FILE your own, as the node of your login judges it. With FILE any, judged here by --trust, or
/// without it by the node of your login (which tells reasons of your own Passport only).
/// Exit status: 0 if it could be shown, whatever counts.
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    #[command(flatten)]
    session: As,

    /// Print your Passport itself (a credential: it opens data until it ends)
    #[arg(long, conflicts_with_all = ["trust", "input"])]
    raw: bool,

    /// Judge FILE by this trust file, TOML or JSON
    #[arg(long, value_name = "FILE", requires = "input")]
    trust: Option<PathBuf>,

    #[command(flatten)]
    flags: Flags,

    /// A Passport or visa (compact JWS) or a JSON document; `-` for standard input
    #[arg(value_name = "FILE")]
    input: Option<Input>,
}

/// Shows it.
pub(crate) async fn run(args: Show, context: &Context) -> Result<Exit, CommandError> {
    let mut alone = false;
    let document = match (&args.input, &args.trust) {
        (Some(input), Some(trust)) => {
            let trust = judge::trust(trust)?;
            let input = verify::read(input)?;
            alone = input.visa.is_some();
            let report = args.flags.judge(&input, &trust).await?;
            serde_json::to_value(report).unwrap_or_default()
        }
        (Some(input), None) => {
            let input = verify::read(input)?;
            alone = input.visa.is_some();
            let session = Session::open(&args.session)
                .map_err(|wrong| wrong.hint("say whom to believe: --trust FILE; or log in: visum login"))?;
            let body = json!({ "passports": input.passports, "userinfo": input.userinfo, "visa": input.visa });
            asked(&session, &body).await?
        }
        (None, _) => {
            let session = Session::open(&args.session)?;
            let passport = session.passport().await?;
            if args.raw {
                context.line(&passport);
                return Ok(Exit::Yes);
            }
            asked(&session, &json!({ "passports": [passport] })).await?
        }
    };
    context.show(&document, |document| {
        page::passports(document, alone, args.flags.now(), page::Paint::of_output())
    });
    Ok(Exit::Yes)
}

async fn asked(session: &Session, body: &Value) -> Result<Value, CommandError> {
    let url = session.proxy("visum/v1/passport/verify")?;
    session
        .client
        .post(&url, Some(&session.profile.access_token), body)
        .await?
        .ok()
}
