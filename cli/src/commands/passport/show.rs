//! `visum passport show`: the visas of the person logged in, and whether each counts at the proxy's node.

use serde_json::{Value, json};

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// Show your Passport: each visa, whether it counts here, and why (not)
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    #[command(flatten)]
    session: As,
    /// Print the Passport itself (a credential: it opens data until it ends)
    #[arg(long)]
    raw: bool,
}

/// Shows it.
pub(crate) async fn run(args: Show, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let passport = session.passport().await?;
    if args.raw {
        context.line(&passport);
        return Ok(Exit::Yes);
    }
    let url = session.proxy("visum/v1/passport/verify")?;
    let body = json!({ "passport": passport });
    let report = session
        .client
        .post(&url, Some(&session.profile.access_token), &body)
        .await?
        .ok()?;
    context.show(&report, people);
    Ok(Exit::Yes)
}

/// A report of visas as a table.
pub(crate) fn people(report: &Value) -> String {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let visas = report
        .get("visas")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let rows = visas.iter().map(|visa| {
        let counts = visa.get("valid").and_then(Value::as_bool).unwrap_or(false);
        [
            if counts { "yes".to_owned() } else { "no".to_owned() },
            text(visa, "type"),
            text(visa, "value"),
            text(visa, "source"),
            text(visa, "expires"),
            if counts {
                String::new()
            } else {
                format!("{}: {}", text(visa, "code"), text(visa, "sentence"))
            },
        ]
    });
    format!(
        "Passport of {}, valid until {}\n{}",
        text(report, "holder"),
        text(report, "valid_until"),
        table(["counts", "type", "value", "source", "until", "why not"], rows)
    )
}
