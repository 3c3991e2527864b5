//! Colours, where standard output is a terminal that has them and nobody asked for none (`NO_COLOR`).

use comfy_table::{Attribute, Cell, Color};
use owo_colors::{OwoColorize as _, Stream};

/// Whether this page is painted. Colour alone never carries meaning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(bool);

impl Paint {
    /// As standard output takes it.
    pub(crate) fn of_output() -> Self {
        let tried = "x".if_supports_color(Stream::Stdout, |text| text.red()).to_string();
        Self(tried != "x")
    }

    /// Never.
    #[cfg(test)]
    pub(crate) const fn none() -> Self {
        Self(false)
    }

    /// What is as it should be.
    pub(crate) fn good(self, text: &str) -> String {
        if self.0 {
            text.green().to_string()
        } else {
            text.to_owned()
        }
    }

    /// What is not.
    pub(crate) fn bad(self, text: &str) -> String {
        if self.0 {
            text.red().to_string()
        } else {
            text.to_owned()
        }
    }

    /// What needs care.
    pub(crate) fn warn(self, text: &str) -> String {
        if self.0 {
            text.yellow().to_string()
        } else {
            text.to_owned()
        }
    }

    /// A heading.
    pub(crate) fn strong(self, text: &str) -> String {
        if self.0 {
            text.bold().to_string()
        } else {
            text.to_owned()
        }
    }

    /// A cell that says whether something counts.
    pub(crate) fn verdict(self, good: bool, text: &str) -> Cell {
        let cell = Cell::new(text);
        match (self.0, good) {
            (false, _) => cell,
            (true, true) => cell.fg(Color::Green),
            (true, false) => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        }
    }
}
