//! `visum register set`: what somebody found out about an institution, with its source.

use policy_engine::consent::{CountryCode, Tables};
use serde_json::{Value, json};

use super::{id, institutions};
use crate::{
    client::{
        propose::{Change, put, told},
        session::{As, Session},
    },
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
};

/// Record an institution's country, or whether it works for profit, by hand
#[derive(Debug, clap::Args)]
pub(crate) struct Set {
    /// The institution's id, as visas and purposes name it (a ROR id or another URL)
    id: String,
    /// Its country (ISO 3166-1, two letters)
    #[arg(long, value_name = "CODE")]
    country: Option<CountryCode>,
    /// Whether it works without aim for profit: yes, no or unknown
    #[arg(long, value_name = "WORD", value_parser = ["yes", "no", "unknown"])]
    nonprofit: Option<String>,
    /// Where this was found: an address or a document
    #[arg(long, value_name = "TEXT")]
    source: String,
    /// Why it is recorded
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Start from this copy of the register instead of asking the node
    #[arg(long, value_name = "FILE")]
    current: Option<Input>,
    /// Show only; no server is needed
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    session: As,
}

/// Shows, asks, proposes.
pub(crate) async fn run(args: Set, context: &Context) -> Result<Exit, CommandError> {
    let session = match Session::open(&args.session) {
        Ok(session) => Some(session),
        Err(_) if args.dry_run => None,
        Err(wrong) => return Err(wrong),
    };
    if args
        .country
        .is_some_and(|code| !Tables::builtin().countries().has(code))
    {
        return Err(
            CommandError::refused("register.country", "this country code is not assigned")
                .hint("use ISO 3166-1 alpha-2, such as FI; the United Kingdom is GB"),
        );
    }
    let known = institutions(session.as_ref(), args.current.as_ref(), args.dry_run).await?;
    let before = known.into_iter().find(|row| id(row) == args.id);
    let mut row = before.clone().unwrap_or_default();
    row.insert("id".to_owned(), json!(args.id));
    if let Some(country) = args.country {
        row.insert("country".to_owned(), json!(country.to_string()));
    }
    if !row.contains_key("country") {
        return Err(CommandError::refused(
            "register.country",
            format!("{} is not in the register yet, so its country is needed", args.id),
        )
        .hint("add --country"));
    }
    if let Some(word) = &args.nonprofit {
        let fact = match word.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        row.insert("nonprofit".to_owned(), json!(fact));
        row.insert("commercial".to_owned(), json!(fact.map(|nonprofit| !nonprofit)));
    }
    if before.as_ref() == Some(&row) {
        return Err(CommandError::refused(
            "register.nothing",
            "the register says this already",
        ));
    }
    let row = Value::Object(row);
    let change = Change {
        title: format!("{} by hand", args.id),
        reason: format!("{} (source: {})", args.reason, args.source),
        edits: vec![put("institution", &row)],
    };
    if args.dry_run {
        context.show(&change.document(), |document| {
            format!(
                "before: {}\nafter:  {row}\n{}",
                before.map_or_else(
                    || "not in the register".to_owned(),
                    |row| Value::Object(row).to_string()
                ),
                document.get("reason").and_then(Value::as_str).unwrap_or_default()
            )
        });
        return Ok(Exit::Yes);
    }
    let Some(session) = session else {
        return Ok(Exit::Unknown);
    };
    let answer = change.propose(&session, args.yes, context).await?;
    context.show(&answer, told);
    Ok(Exit::Yes)
}
