//! What commands about tasks and runs share: how a state ends, waiting for its end, and lists page by page.

use std::{future::Future, time::Duration};

use serde_json::Value;

use crate::{client::session::Session, error::CommandError, exit::Exit, output::Context};

/// Between two looks.
const PACE: Duration = Duration::from_secs(2);
/// Rows of one page, and most rows of a list.
const PAGE: usize = 200;
const ROWS: usize = 10_000;

/// What a state means: it goes on, or it ended so.
pub(crate) fn ended(state: &str) -> Option<Exit> {
    match state {
        "COMPLETE" => Some(Exit::Yes),
        "EXECUTOR_ERROR" | "CANCELED" | "PREEMPTED" => Some(Exit::No),
        "SYSTEM_ERROR" => Some(Exit::Unknown),
        _ => None,
    }
}

/// Asks for the state until it ends; each change is told.
///
/// # Errors
/// What the node says.
pub(crate) async fn wait<F, T>(context: &Context, mut look: F) -> Result<(String, Exit), CommandError>
where
    F: FnMut() -> T,
    T: Future<Output = Result<Value, CommandError>>,
{
    let mut last = String::new();
    loop {
        let answer = look().await?;
        let state = answer
            .get("state")
            .and_then(Value::as_str)
            .unwrap_or("UNKNOWN")
            .to_owned();
        if state != last {
            context.words(&state);
            last.clone_from(&state);
        }
        if let Some(exit) = ended(&state) {
            return Ok((state, exit));
        }
        tokio::time::sleep(PACE).await;
    }
}

/// All rows `name` of a list at the proxy.
///
/// # Errors
/// What the node says.
pub(crate) async fn all(session: &Session, path: &str, query: &str, name: &str) -> Result<Vec<Value>, CommandError> {
    let mut rows: Vec<Value> = Vec::new();
    let mut token = String::new();
    loop {
        let more = url::form_urlencoded::Serializer::new(format!("page_size={PAGE}"))
            .extend_pairs((!token.is_empty()).then_some(("page_token", token.as_str())))
            .finish();
        let url = session.proxy(&format!("{path}?{query}{more}"))?;
        let answer = session
            .client
            .get(&url, Some(&session.profile.access_token))
            .await?
            .ok()?;
        let page = answer.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let empty = page.is_empty();
        rows.extend(page);
        token = answer
            .get("next_page_token")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        if token.is_empty() || empty || rows.len() >= ROWS {
            return Ok(rows);
        }
    }
}

/// A text by JSON pointer; empty if there is none.
pub(crate) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_completed_state_is_a_yes() {
        for (state, exit) in [
            ("COMPLETE", Some(Exit::Yes)),
            ("EXECUTOR_ERROR", Some(Exit::No)),
            ("CANCELED", Some(Exit::No)),
            ("PREEMPTED", Some(Exit::No)),
            ("SYSTEM_ERROR", Some(Exit::Unknown)),
            ("RUNNING", None),
            ("CANCELING", None),
            ("", None),
        ] {
            assert_eq!(ended(state), exit, "{state}");
        }
    }
}
