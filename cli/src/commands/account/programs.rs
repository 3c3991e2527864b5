//! `visum account programs`: who holds tokens of mine.

use serde_json::Value;

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::{Context, table},
};

/// List the programs that hold tokens of yours
///
/// Each with what they are for, where they count, and until when. `visum account end CLIENT` ends what one holds.
#[derive(Debug, clap::Args)]
pub(crate) struct Programs {
    #[command(flatten)]
    session: As,
}

/// Lists them.
pub(crate) async fn run(args: Programs, context: &Context) -> Result<Exit, CommandError> {
    let answer = Session::open(&args.session)?.get("me/programs").await?;
    context.show(&answer, people);
    Ok(Exit::Yes)
}

fn people(answer: &Value) -> String {
    let list = answer
        .get("programs")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if list.is_empty() {
        return "No program holds tokens of yours.".to_owned();
    }
    let rows = list.into_iter().map(|row| {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let words = |name: &str| {
            let all = row.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
            all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        };
        [
            text("client"),
            text("name"),
            words("scope"),
            words("audience"),
            text("until"),
        ]
    });
    table(["client", "name", "for", "at", "until"], rows)
}
