//! `visum wes run`: send a run request with its files, and wait for it if asked to.

use http::header;
use serde_json::json;
use visa_verifier::seam::{SystemRandom, token};

use super::{form::form, route};
use crate::{
    client::session::{As, Session},
    commands::{
        can_i::{Submission, submission},
        work::{self, text},
    },
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
};

/// Send a workflow run; prints its id
///
/// FILE is a run request as JSON: `workflow_type`, `workflow_type_version`, `workflow_url`, `workflow_params`, and in
/// `workflow_attachment` the names of files that lie beside it. The gate judges all of it first; `visum can-i FILE` tells
/// what is missing without sending it. With `--wait` the exit code is the run's: 0 COMPLETE, 1 it failed or was cancelled.
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// The run request, a JSON file or `-`
    file: Input,
    /// Wait until it ends
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    session: As,
}

/// Sends it.
pub(crate) async fn run(args: Run, context: &Context) -> Result<Exit, CommandError> {
    let Submission::Run(run) = submission(&args.file)? else {
        return Err(CommandError::refused(
            "work.other_kind",
            format!("{} is a task and no run request: it has no `workflow_url`", args.file),
        )
        .hint(format!("visum tes run {}", args.file)));
    };
    // Drawn, so that no file can hold it.
    let (kind, body) = form(&run, &token(&SystemRandom::new(), 24))?;
    let session = Session::open(&args.session)?;
    let bearer = format!("Bearer {}", session.profile.access_token);
    let request = http::Request::post(session.proxy("ga4gh/wes/v1/runs")?)
        .header(header::CONTENT_TYPE, kind)
        .header(header::AUTHORIZATION, bearer);
    let answer = session.client.send(request, body).await?.ok()?;
    let id = text(&answer, "/run_id").to_owned();
    if !args.wait {
        context.show(&answer, |_| id.clone());
        return Ok(Exit::Yes);
    }
    context.words(&format!("run {id}"));
    let url = session.proxy(&format!("{}/status", route(&id)))?;
    let token = &session.profile.access_token;
    let (state, exit) = work::wait(context, || async { session.client.get(&url, Some(token)).await?.ok() }).await?;
    context.show(&json!({ "run_id": id, "state": state }), |_| format!("{id} {state}"));
    Ok(exit)
}
