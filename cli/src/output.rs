//! What people and programs read: data on standard output, words on standard error.

use std::io::Write as _;

use owo_colors::{OwoColorize as _, Stream};
use serde::Serialize;

use crate::error::CommandError;

/// How this run of the program speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    /// One JSON document on standard output instead of text for people.
    pub(crate) json: bool,
}

impl Context {
    /// For `--json` or for people. Colour is used only for people, and never alone carries meaning.
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// One line of data.
    pub(crate) fn line(&self, text: &str) {
        // A closed pipe (`visum … | head`) is no failure of the command.
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }

    /// One line of words for people: progress, warnings, hints.
    pub(crate) fn words(&self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// A document: as JSON, or as the text that `human` makes of it.
    pub(crate) fn show<T: Serialize>(&self, document: &T, human: impl FnOnce(&T) -> String) {
        if self.json {
            match serde_json::to_string_pretty(document) {
                Ok(text) => self.line(&text),
                Err(wrong) => self.words(&format!("error: the answer could not be written as JSON: {wrong}")),
            }
        } else {
            self.line(human(document).trim_end());
        }
    }

    /// Why the command failed.
    pub(crate) fn failed(&self, wrong: &CommandError) {
        if self.json {
            let body = serde_json::json!({ "error": {
                "code": wrong.code(), "message": wrong.to_string(), "hint": wrong.next() } });
            self.line(&body.to_string());
        }
        let label = "error:"
            .if_supports_color(Stream::Stderr, |text| text.red())
            .to_string();
        self.words(&format!("{label} {wrong} ({})", wrong.code()));
        if let Some(hint) = wrong.next() {
            self.words(&format!("hint: {hint}"));
        }
    }
}

/// A table for people: a heading and rows, cut to nothing, wrapped by the terminal's width.
pub(crate) fn table<const N: usize>(heading: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = bare_table(heading);
    for row in rows {
        table.add_row(row);
    }
    table.to_string()
}

/// Such a table, still without rows.
pub(crate) fn bare_table<const N: usize>(heading: [&str; N]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    table.set_header(heading);
    table
}
