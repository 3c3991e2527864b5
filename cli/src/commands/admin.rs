//! The frame of commands that list rows of the node's own API, or do one step with one of them.

use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::{Context, table},
    page::plain,
};

/// A list: where it comes from and how one row of it reads.
pub(crate) struct Listing<'t, const N: usize> {
    /// The path under `/visum/v1`.
    pub(crate) path: &'t str,
    /// The member of the answer that holds the rows.
    pub(crate) member: &'t str,
    /// The heading of the table.
    pub(crate) heading: [&'t str; N],
    /// What is said when there is none.
    pub(crate) none: &'t str,
    /// One row, made plain for a terminal afterwards.
    pub(crate) row: fn(&Value) -> [String; N],
    /// A line below the table, from the whole answer.
    pub(crate) below: fn(&Value) -> Option<String>,
}

/// Asks for the list and shows it.
pub(crate) async fn list<const N: usize>(
    who: &As,
    listing: &Listing<'_, N>,
    context: &Context,
) -> Result<Exit, CommandError> {
    let session = Session::open(who)?;
    let answer = session.get(listing.path).await?;
    context.show(&answer, |answer| {
        let all = answer
            .get(listing.member)
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        let mut text = if all.is_empty() {
            listing.none.to_owned()
        } else {
            let rows = all.iter().map(|one| (listing.row)(one).map(|cell| plain(&cell)));
            table(listing.heading, rows)
        };
        if let Some(line) = (listing.below)(answer) {
            text.push('\n');
            text.push_str(&plain(&line));
        }
        text
    });
    Ok(Exit::Yes)
}

/// No line below the table.
pub(crate) fn nothing(_: &Value) -> Option<String> {
    None
}

/// One step with one row: what it is of (`admin/holds`), its id, the step.
pub(crate) struct Step<'t> {
    /// The path of the collection under `/visum/v1`.
    pub(crate) of: &'t str,
    /// The id, as the list prints it.
    pub(crate) id: &'t str,
    /// The last part of the path.
    pub(crate) step: &'t str,
}

/// Does it; the answer is shown as `words` say it, and handed back.
pub(crate) async fn step(
    who: &As,
    step: &Step<'_>,
    body: &Value,
    context: &Context,
    words: impl FnOnce(&Value) -> String,
) -> Result<Value, CommandError> {
    let session = Session::open(who)?;
    let id: String = byte_serialize(step.id.as_bytes()).collect();
    let answer = session.post(&format!("{}/{id}/{}", step.of, step.step), body).await?;
    context.show(&answer, |answer| plain(&words(answer)));
    Ok(answer)
}

/// The text at a JSON pointer, or nothing.
pub(crate) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
