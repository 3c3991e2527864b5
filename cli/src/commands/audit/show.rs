//! `visum audit show`: events, through the node, as somebody with the auditor's role.

use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// Show events of the audit log (needs the auditor's role; the reading is logged too)
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The first entry's index
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    from: u64,
    /// At most this many
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Of one type only, such as `grant.issue`
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    #[command(flatten)]
    session: As,
}

/// Shows them.
pub(crate) async fn run(args: Show, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let mut path = format!("admin/audit/events?from={}&limit={}", args.from, args.limit);
    if let Some(kind) = &args.kind {
        path.push_str("&type=");
        path.extend(byte_serialize(kind.as_bytes()));
    }
    let answer = session.get(&path).await?;
    context.show(&answer, |answer| {
        let all = answer
            .get("events")
            .unwrap_or(answer)
            .as_array()
            .cloned()
            .unwrap_or_default();
        let text = |value: &Value, pointer: &str| match value.pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        table(
            ["index", "time", "type", "outcome", "who", "what", "code"],
            all.iter().map(|entry| {
                let event = entry.get("event").unwrap_or(entry);
                [
                    text(entry, "/index"),
                    text(event, "/t"),
                    text(event, "/type"),
                    text(event, "/outcome"),
                    text(event, "/who/p"),
                    text(event, "/what/0/dataset"),
                    text(event, "/why/code"),
                ]
            }),
        )
    });
    Ok(Exit::Yes)
}
