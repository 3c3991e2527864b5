//! `visum change list`: the changes that wait, or those that were.

use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use super::screen;
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::{Context, table},
    page::plain,
};

/// List changes that you wrote, could approve, or may read the log of
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Which: open (draft or approved), draft, approved, applied, withdrawn or all
    #[arg(long, value_name = "STATE", default_value = "open")]
    #[arg(value_parser = ["open", "draft", "approved", "applied", "withdrawn", "all"])]
    state: String,
    /// Of one dataset only
    #[arg(long, value_name = "URL")]
    dataset: Option<String>,
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(crate) async fn run(args: List, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let mut path = format!("admin/changes?state={}", args.state);
    if let Some(id) = &args.dataset {
        path.push_str(&format!(
            "&dataset={}",
            byte_serialize(id.as_bytes()).collect::<String>()
        ));
    }
    let answer = session.get(&path).await?;
    context.show(&answer, |answer| {
        let all = answer
            .get("changes")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        if all.is_empty() {
            return "No change.".to_owned();
        }
        table(
            ["change", "what", "about", "state", "opens something"],
            all.iter().map(|change| {
                let text = |name: &str| screen::text(change, name).map(plain).unwrap_or_default();
                let about = screen::text(change, "dataset").map_or_else(|| text("kind"), plain);
                let opens = change.get("widens").and_then(Value::as_bool).unwrap_or(true);
                let opens = if opens { "yes" } else { "no" };
                [text("id"), text("title"), about, text("state"), opens.to_owned()]
            }),
        )
    });
    Ok(Exit::Yes)
}
