//! What a stop affects, in words, and the question whether it is meant.

use std::io::{BufRead as _, IsTerminal as _};

use serde_json::Value;

use crate::{error::CommandError, output::Context};

/// Asks the person at the terminal.
///
/// # Errors
/// `hold.unasked` if there is nobody, `hold.not_placed` if the answer is not yes.
pub(crate) fn agreed(context: &Context, question: &str) -> Result<(), CommandError> {
    match answered(context, question) {
        None => Err(CommandError::refused("hold.unasked", "there is nobody to ask").hint("add --yes if you are sure")),
        Some(true) => Ok(()),
        Some(false) => Err(CommandError::denied("hold.not_placed", "nothing was changed")),
    }
}

/// What the person at the terminal says; `None` if there is nobody.
pub(crate) fn answered(context: &Context, question: &str) -> Option<bool> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    context.words(&format!("{question} Type yes:"));
    let mut line = String::new();
    let _ = std::io::stdin().lock().read_line(&mut line);
    Some(line.trim() == "yes")
}

/// An effect as the broker tells it: objects, live grants, running tasks.
pub(crate) fn effect(answer: &Value) -> String {
    let effect = answer.get("effect").unwrap_or(answer);
    let count = |name: &str| effect.get(name).and_then(Value::as_u64);
    let of = |n: u64, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let mut parts = vec![
        of(count("objects").unwrap_or_default(), "object", "objects"),
        of(count("grants").unwrap_or_default(), "grant in force", "grants in force"),
        count("running").map_or_else(
            || "an unknown number of tasks and runs".to_owned(),
            |n| of(n, "task or run at work", "tasks and runs at work"),
        ),
    ];
    if effect.get("matched").and_then(Value::as_bool) == Some(false) {
        parts.push(
            "and the catalogue does not know the target: until the custodian says who it is, every object that may hold \
             their data is held"
                .to_owned(),
        );
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_effect_is_told_in_counted_words_and_what_is_unknown_as_unknown() {
        let known = json!({ "effect": { "objects": 1, "grants": 2, "running": 0, "matched": true } });
        assert_eq!(effect(&known), "1 object, 2 grants in force, 0 tasks and runs at work");
        let unknown = json!({ "effect": { "objects": 3, "grants": 1, "running": null, "matched": false } });
        let said = effect(&unknown);
        assert!(said.contains("1 grant in force, an unknown number"), "{said}");
        assert!(said.contains("does not know the target"), "{said}");
    }
}
