//! What the tour shows: a numbered step, the request, the answer in a line or two, and how to do it by hand.

use std::{io::Write as _, time::Instant};

use owo_colors::{OwoColorize as _, Stream};
use serde::Serialize;

/// One step as it went, for `--json` and for the exit status.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Seen {
    /// The step's number.
    pub(crate) step: u32,
    /// What it is about.
    pub(crate) title: String,
    /// Whether each thing that had to be seen was seen.
    pub(crate) as_expected: bool,
    /// What was asked and answered, in words.
    pub(crate) lines: Vec<String>,
    /// How long it took.
    pub(crate) milliseconds: u128,
}

/// The tour's page.
#[derive(Debug)]
pub(crate) struct Screen {
    silent: bool,
    of: u32,
    steps: Vec<Seen>,
    started: Instant,
}

impl Screen {
    /// For people, or silent for `--json`.
    pub(crate) fn new(silent: bool, of: u32) -> Self {
        Self {
            silent,
            of,
            steps: Vec::new(),
            started: Instant::now(),
        }
    }

    /// Begins a step.
    pub(crate) fn step(&mut self, step: u32, title: &str) {
        self.started = Instant::now();
        self.steps.push(Seen {
            step,
            title: title.to_owned(),
            as_expected: true,
            lines: Vec::new(),
            milliseconds: 0,
        });
        let number = format!("[{step}/{}]", self.of);
        self.print("");
        self.print(&format!(
            "{} {}",
            number.if_supports_color(Stream::Stdout, |text| text.bold()),
            title.if_supports_color(Stream::Stdout, |text| text.bold())
        ));
    }

    /// The request.
    pub(crate) fn request(&mut self, text: &str) {
        self.row("request", text);
    }

    /// The answer, in plain words.
    pub(crate) fn answer(&mut self, text: &str) {
        self.row("answer ", text);
    }

    /// What a person types to do the same.
    pub(crate) fn hand(&mut self, text: &str) {
        self.row("by hand", text);
    }

    /// Something that had to be so.
    pub(crate) fn must(&mut self, so: bool, what: &str) {
        let mark = if so {
            "ok     "
                .if_supports_color(Stream::Stdout, |text| text.green())
                .to_string()
        } else {
            "WRONG  "
                .if_supports_color(Stream::Stdout, |text| text.red())
                .to_string()
        };
        self.print(&format!("  {mark} {what}"));
        if let Some(seen) = self.steps.last_mut() {
            seen.as_expected &= so;
            seen.lines.push(format!("{}: {what}", if so { "ok" } else { "wrong" }));
        }
    }

    /// Ends a step.
    pub(crate) fn done(&mut self) {
        let took = self.started.elapsed().as_millis();
        if let Some(seen) = self.steps.last_mut() {
            seen.milliseconds = took;
        }
    }

    /// A line outside of steps.
    pub(crate) fn print(&self, text: &str) {
        if !self.silent {
            let _ = writeln!(std::io::stdout().lock(), "{text}");
        }
    }

    /// All steps so far.
    pub(crate) fn steps(&self) -> &[Seen] {
        &self.steps
    }

    /// Whether everything was as it should be.
    pub(crate) fn all_as_expected(&self) -> bool {
        self.steps.iter().all(|seen| seen.as_expected)
    }

    fn row(&mut self, label: &str, text: &str) {
        let shown = label
            .if_supports_color(Stream::Stdout, |text| text.dimmed())
            .to_string();
        let mut first = true;
        for line in text.lines() {
            if first {
                self.print(&format!("  {shown} {line}"));
            } else {
                self.print(&format!("          {line}"));
            }
            first = false;
        }
        if let Some(seen) = self.steps.last_mut() {
            seen.lines.push(format!("{}: {text}", label.trim()));
        }
    }
}
