//! `visum wes list`

use serde_json::json;

use crate::{
    client::session::{As, Session},
    commands::work::{all, text},
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// Your runs, and those of your teams that policies let you see
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(crate) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let runs = all(&session, "ga4gh/wes/v1/runs", "", "runs").await?;
    let rows: Vec<[String; 3]> = runs
        .iter()
        .map(|run| ["/run_id", "/state", "/start_time"].map(|pointer| text(run, pointer).to_owned()))
        .collect();
    context.show(&json!({ "runs": runs }), |_| {
        if rows.is_empty() {
            "No runs.".to_owned()
        } else {
            table(["run", "state", "started"], rows)
        }
    });
    Ok(Exit::Yes)
}
