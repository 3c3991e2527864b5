//! `visum grant list`: grants in force, as the committee sees them.

use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// List grants of the datasets of your committee
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Of one dataset only
    #[arg(long, value_name = "URL")]
    dataset: Option<String>,
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(crate) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let path = args.dataset.map_or_else(
        || "admin/grants".to_owned(),
        |id| {
            format!(
                "admin/grants?dataset={}",
                byte_serialize(id.as_bytes()).collect::<String>()
            )
        },
    );
    let answer = session.get(&path).await?;
    context.show(&answer, |answer| {
        let all = answer
            .get("grants")
            .unwrap_or(answer)
            .as_array()
            .cloned()
            .unwrap_or_default();
        let text = |grant: &Value, name: &str| grant.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        table(
            ["grant", "dataset", "to", "until", "state"],
            all.iter().map(|grant| {
                let ended = grant.get("revoked").is_some_and(|revoked| !revoked.is_null());
                let state = if ended { "revoked" } else { "in force" };
                let [id, dataset, to, until] = ["id", "dataset", "to", "until"].map(|name| text(grant, name));
                [id, dataset, to, until, state.to_owned()]
            }),
        )
    });
    Ok(Exit::Yes)
}
