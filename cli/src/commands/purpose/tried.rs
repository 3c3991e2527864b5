//! `visum purpose tried`: what people tried on a dataset before they applied, for its committee.

use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// List the purposes that people tried on a dataset of your committee
///
/// Each purpose that `can-i` or `explain` judged for somebody stands here, with when and how often. More than three
/// different ones of one person within a day are marked, and are an alert in the audit log.
#[derive(Debug, clap::Args)]
pub(crate) struct Tried {
    /// The dataset's id (a URL) or short name
    dataset: String,
    /// Of one person only
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(crate) async fn run(args: Tried, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let quoted = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let mut path = format!("admin/purposes-tried?dataset={}", quoted(&args.dataset));
    if let Some(person) = &args.person {
        path.push_str(&format!("&person={}", quoted(person)));
    }
    let answer = session.get(&path).await?;
    context.show(&answer, people);
    Ok(Exit::Yes)
}

fn people(answer: &Value) -> String {
    let list = |name: &str| answer.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |value: &Value, name: &str| match value.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let rows = list("tried").into_iter().map(|row| {
        let [person, purpose, last, times, door] =
            ["person", "purpose", "last", "times", "door"].map(|name| text(&row, name));
        [person, purpose, last, times, door]
    });
    let mut out = table(["person", "purpose", "last", "times", "at"], rows);
    for alert in list("alerts") {
        out.push_str(&format!(
            "\nALERT: {} tried {} purposes within 24 hours",
            text(&alert, "person"),
            text(&alert, "purposes_in_24_hours")
        ));
    }
    out
}
