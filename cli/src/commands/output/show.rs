//! `visum output show`, `visum output receipt`

use serde_json::Value;

use super::{plain, screen::people};
use crate::{
    client::session::{As, Session},
    commands::work::text,
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Show a request for release: its files, what checks found, and whom it waits for
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The request's id
    id: String,
    #[command(flatten)]
    session: As,
}

/// Fetch the receipt of a release: what was released, and the audit log's signed promise for each step
///
/// The digest is the SHA-256 of the compact JSON of `manifest`; the log's entry of the release names it. Each `visum_audit`
/// is checked with the log's public key.
#[derive(Debug, clap::Args)]
pub(crate) struct Receipt {
    /// The request's id
    id: String,
    #[command(flatten)]
    session: As,
}

async fn fetched(id: &str, more: &str, session: &As) -> Result<Value, CommandError> {
    let session = Session::open(session)?;
    let url = session.proxy(&format!("visum/v1/outputs/releases/{}{more}", plain(id)?))?;
    session
        .client
        .get(&url, Some(&session.profile.access_token))
        .await?
        .ok()
}

/// Shows it; exit 0.
pub(super) async fn run(args: Show, context: &Context) -> Result<Exit, CommandError> {
    let answer = fetched(&args.id, "", &args.session).await?;
    context.show(&answer, people);
    Ok(Exit::Yes)
}

/// Shows it; exit 0.
pub(super) async fn receipt(args: Receipt, context: &Context) -> Result<Exit, CommandError> {
    let answer = fetched(&args.id, "/receipt", &args.session).await?;
    context.show(&answer, |answer| {
        let mut lines = vec![format!(
            "Released at {} by {}; digest of the manifest: {}",
            text(answer, "/released"),
            text(answer, "/node"),
            text(answer, "/digest")
        )];
        let files = answer
            .pointer("/manifest/files")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        lines.extend(files.map(|file| format!("{}  {}", text(file, "/sha256"), text(file, "/name"))));
        lines.push(format!("requested: {}", text(answer, "/requested/visum_audit")));
        let votes = answer.get("approved").and_then(Value::as_array).into_iter().flatten();
        lines.extend(votes.map(|vote| {
            format!(
                "approved for {}: {}",
                text(vote, "/dataset"),
                text(vote, "/visum_audit")
            )
        }));
        lines.push("With --json it can be kept and checked.".to_owned());
        lines.join("\n")
    });
    Ok(Exit::Yes)
}
