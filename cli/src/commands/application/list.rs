//! `visum application list|show|minutes`

use std::path::PathBuf;

use serde_json::Value;

use super::{papers, path, screen};
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// List your applications, or those before your committee
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Those before the committees in which you sit
    #[arg(long)]
    committee: bool,
    #[command(flatten)]
    session: As,
}

/// Show one application: what is asked, what the consent answers, the conversation, the votes, the digest
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The application's id
    application: String,
    #[command(flatten)]
    session: As,
}

/// Print the minutes of an application as JSON, or write them as a PDF; for its committee
#[derive(Debug, clap::Args)]
pub(crate) struct Minutes {
    /// The application's id
    application: String,
    /// Write a PDF here instead
    #[arg(long, value_name = "FILE")]
    pdf: Option<PathBuf>,
    #[command(flatten)]
    session: As,
}

pub(super) async fn list(args: List, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let query = if args.committee { "?committee=true" } else { "" };
    let answer = session.get(&format!("applications{query}")).await?;
    context.show(&answer, |answer| {
        let all = answer
            .get("applications")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        if all.is_empty() {
            return "There is no application.".to_owned();
        }
        table(
            ["application", "title", "by", "stage", "until", "due"],
            all.iter().map(|row| {
                let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                let due = row.get("due").and_then(Value::as_array).cloned().unwrap_or_default();
                let due = due.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ");
                let stage = text("stage").replace('_', " ");
                [
                    text("id"),
                    screen::plain(&text("title")),
                    screen::plain(&text("name")),
                    stage,
                    text("until"),
                    due,
                ]
            }),
        )
    });
    Ok(Exit::Yes)
}

pub(super) async fn show(args: Show, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let answer = session.get(&path(&args.application, "")?).await?;
    context.show(&answer, screen::shown);
    Ok(Exit::Yes)
}

pub(super) async fn minutes(args: Minutes, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    if let Some(file) = &args.pdf {
        return papers::fetch(&session, &path(&args.application, "/minutes?as=pdf")?, file, context).await;
    }
    let answer = session.get(&path(&args.application, "/minutes")?).await?;
    context.show(&answer, |answer| {
        serde_json::to_string_pretty(answer).unwrap_or_default()
    });
    Ok(Exit::Yes)
}
