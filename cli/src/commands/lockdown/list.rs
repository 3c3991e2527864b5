//! `visum lockdown list`: what is stopped.

use serde_json::Value;

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// List what is stopped, since when and by whom
#[derive(Debug, clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    session: As,
}

/// Lists it.
pub(super) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let answer = session.get("admin/lockdown").await?;
    context.show(&answer, |answer| {
        let all = answer
            .get("stops")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        if all.is_empty() {
            return "Nothing is stopped.".to_owned();
        }
        let text = |stop: &Value, name: &str| stop.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        table(
            ["stop", "target", "by", "since", "lifted by change"],
            all.iter().map(|stop| {
                [
                    text(stop, "id"),
                    target(stop.get("target").unwrap_or(&Value::Null)),
                    text(stop, "placed_by"),
                    text(stop, "placed"),
                    text(stop, "lift"),
                ]
            }),
        )
    });
    Ok(Exit::Yes)
}

/// A target in words.
pub(super) fn target(target: &Value) -> String {
    let one = |name: &str| {
        target
            .get(name)
            .and_then(Value::as_str)
            .map(|id| format!("{name} {id}"))
    };
    one("dataset")
        .or_else(|| one("person"))
        .or_else(|| one("issuer"))
        .unwrap_or_else(|| "everything".to_owned())
}
