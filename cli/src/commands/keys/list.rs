//! `visum keys list`: the signing keys, as they stand.

use serde_json::Value;

use crate::{
    client::session::{As, Session},
    commands::admin::text,
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// List the signing keys: what each signs, since when, and when it turns
///
/// For operators, administrators and auditors. A key goes by its RFC 7638 thumbprint; nothing of its private half is told.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(super) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let answer = Session::open(&args.session)?.get("admin/keys").await?;
    context.show(&answer, shown);
    Ok(Exit::Yes)
}

/// The screen.
pub(super) fn shown(answer: &Value) -> String {
    let keys = answer
        .get("keys")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let rows = keys.iter().map(|key| {
        let [kid, signs, alg, state, created] =
            ["/kid", "/use", "/alg", "/state", "/created"].map(|name| text(key, name).to_owned());
        let then = match (state.as_str(), text(key, "/turns"), text(key, "/leaves")) {
            ("next", turns, _) => format!("signs from {turns}"),
            ("current", turns, _) if !turns.is_empty() => format!("the next one is made {turns}"),
            ("old", _, leaves) => format!("published until {leaves}"),
            _ => String::new(),
        };
        [kid, signs, alg, state, created, then]
    });
    table(["key", "signs", "alg", "state", "made", "then"], rows)
}
