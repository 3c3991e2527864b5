//! `visum hold list`: the holds in force.

use serde_json::Value;

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// List the holds on the datasets of your committee
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(crate) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let answer = session.get("admin/holds").await?;
    context.show(&answer, |answer| {
        let all = answer
            .get("holds")
            .unwrap_or(answer)
            .as_array()
            .cloned()
            .unwrap_or_default();
        let text = |hold: &Value, name: &str| hold.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        table(
            ["hold", "dataset", "kind", "scope", "from"],
            all.iter()
                .map(|hold| ["id", "dataset", "kind", "scope", "from"].map(|name| text(hold, name))),
        )
    });
    Ok(Exit::Yes)
}
