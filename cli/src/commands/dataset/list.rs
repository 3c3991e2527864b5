//! `visum dataset list`: what the person logged in may know of.

use serde_json::Value;

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// List the datasets that you may know of
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(crate) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let url = session.proxy("visum/v1/datasets")?;
    let answer = session
        .client
        .get(&url, Some(&session.profile.access_token))
        .await?
        .ok()?;
    context.show(&answer, |answer| {
        let all = answer
            .get("datasets")
            .unwrap_or(answer)
            .as_array()
            .cloned()
            .unwrap_or_default();
        let text = |set: &Value, name: &str| set.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        table(
            ["dataset", "title", "class", "mode", "label"],
            all.iter().map(|set| {
                let label = set.get("terms").and_then(Value::as_array).cloned().unwrap_or_default();
                let label: Vec<String> = label
                    .iter()
                    .map(|term| term.as_str().map_or_else(|| term.to_string(), str::to_owned))
                    .collect();
                [
                    text(set, "id"),
                    text(set, "title"),
                    text(set, "access"),
                    text(set, "mode"),
                    label.join(", "),
                ]
            }),
        )
    });
    Ok(Exit::Yes)
}
