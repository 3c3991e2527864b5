//! A proposal on its way: what it would do is shown first, then it is asked about, then sent.

use std::io::{BufRead as _, IsTerminal as _};

use serde_json::Value;

use super::screen;
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// How a proposal is sent.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct How {
    /// Say what it would do, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    #[command(flatten)]
    pub(crate) session: As,
}

/// Shows, asks, proposes.
///
/// # Errors
/// What the node says; that nobody is there to ask, or said no.
pub(crate) async fn propose(how: &How, proposal: &Value, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&how.session)?;
    let would = session.post("admin/changes?preview=true", proposal).await?;
    if how.dry_run {
        context.show(&would, screen::outlook);
        return Ok(Exit::Yes);
    }
    context.words(screen::outlook(&would).trim_end());
    if !how.yes && !agreed(context, "Propose it? Type yes:")? {
        return Err(CommandError::denied("change.not_proposed", "nothing was changed"));
    }
    let answer = session.post("admin/changes", proposal).await?;
    context.show(&answer, |answer| {
        let change = answer.get("change").unwrap_or(answer);
        let said = |name: &str| screen::text(change, name).unwrap_or_default();
        let next = screen::text(answer, "message").unwrap_or_default();
        let mut out = format!("Change {} (digest {}). {next}", said("id"), said("digest"));
        if answer.get("applied").and_then(Value::as_bool) != Some(true) {
            out.push_str(&format!("\nFor the second person: visum change show {}", said("id")));
        }
        out
    });
    Ok(Exit::Yes)
}

/// Asks whoever sits at the terminal.
///
/// # Errors
/// If nobody does.
pub(crate) fn agreed(context: &Context, question: &str) -> Result<bool, CommandError> {
    if !std::io::stdin().is_terminal() {
        return Err(CommandError::refused("change.unasked", "there is nobody to ask").hint("add --yes if you are sure"));
    }
    context.words(question);
    let mut line = String::new();
    let _ = std::io::stdin().lock().read_line(&mut line);
    Ok(line.trim() == "yes")
}
