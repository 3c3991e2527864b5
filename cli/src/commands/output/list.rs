//! `visum output list`

use std::fmt::Write as _;

use serde_json::Value;

use super::{plain, screen::joined};
use crate::{
    client::session::{As, Session},
    commands::work::text,
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// List what a session wrote, or your requests and those that wait for you
///
/// With the id of a session, task or run: its files, each with size, checksum and the datasets that it comes from. Without:
/// your requests for release, and other people's requests that you may release.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// The session, task or run whose files are listed
    work: Option<String>,
    #[command(flatten)]
    session: As,
}

/// Lists; exit 0.
pub(super) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let path = match &args.work {
        Some(work) => format!("visum/v1/outputs?work={}", plain(work)?),
        None => "visum/v1/outputs/releases".to_owned(),
    };
    let answer = session
        .client
        .get(&session.proxy(&path)?, Some(&session.profile.access_token))
        .await?
        .ok()?;
    context.show(&answer, if args.work.is_some() { files } else { requests });
    Ok(Exit::Yes)
}

fn files(answer: &Value) -> String {
    let files = answer.get("files").and_then(Value::as_array).into_iter().flatten();
    let rows = files.map(|file| {
        let size = file.get("size").and_then(Value::as_u64).unwrap_or(0);
        [
            text(file, "/name").to_owned(),
            size.to_string(),
            text(file, "/sha256").to_owned(),
            joined(file, "/datasets"),
        ]
    });
    table(["file", "bytes", "sha-256", "comes from"], rows)
}

fn requests(answer: &Value) -> String {
    let rows = |name: &str| {
        let all = answer.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        all.into_iter().map(|row| {
            let number = |name: &str| row.get(name).and_then(Value::as_u64).unwrap_or(0).to_string();
            [
                text(&row, "/id").to_owned(),
                text(&row, "/state").to_owned(),
                number("files"),
                number("bytes"),
                joined(&row, "/datasets"),
            ]
        })
    };
    let head = ["request", "state", "files", "bytes", "comes from"];
    let mut out = table(head, rows("releases"));
    if rows("waiting").next().is_some() {
        let _ = write!(
            out,
            "\nThese wait for you (visum output show ID):\n{}",
            table(head, rows("waiting"))
        );
    }
    out
}
