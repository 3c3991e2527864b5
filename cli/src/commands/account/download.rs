//! `visum account download`: all that is held on me.

use std::io::Write as _;
use std::path::PathBuf;

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Download all that the broker holds on you, as one JSON document
///
/// Identities, what was stated of you, visas, grants, purposes, applications, sign-ins, programs, keys, notices, and what
/// you did with data. No secret is in it. That you asked is recorded.
#[derive(Debug, clap::Args)]
pub(crate) struct Download {
    /// Where to write it, readable by you alone; standard output unless given. A file that is there is not overwritten
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    session: As,
}

/// Downloads it.
pub(crate) async fn run(args: Download, context: &Context) -> Result<Exit, CommandError> {
    let answer = Session::open(&args.session)?.get("me/data").await?;
    let text = serde_json::to_string_pretty(&answer).unwrap_or_default();
    let Some(path) = args.output else {
        context.line(&text);
        return Ok(Exit::Yes);
    };
    let failed = |source: std::io::Error| {
        CommandError::refused("account.output", format!("{}: {source}", path.display()))
            .hint("name a file that is not there yet, in a folder that is")
    };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    context.show(
        &serde_json::json!({ "written": path.display().to_string(), "bytes": text.len() }),
        |_| format!("All that is held on you: {}", path.display()),
    );
    Ok(Exit::Yes)
}
