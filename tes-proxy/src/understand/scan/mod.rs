//! Texts that may name data inside: commands, scripts, variables, tags, parameters, attachments (`apis.md` 3.3, E18 to
//! E21, E76). Looked through as they stand and as what they hold: JSON, YAML, base64, escapes of several kinds.
//!
//! Scanning helps the honest; containment is the protection (D6). So it is bounded: past [`limits::SCAN_TIME`] or
//! [`limits::SCAN_BYTES`] for one request the rest counts as opaque.

mod base64;
mod json;
mod layers;
mod links;
mod names;
mod yaml;

use std::collections::{BTreeSet, VecDeque};

use policy_engine::intent::DataRef;
use visa_verifier::seam::Clock;

use super::NotUnderstood;
use crate::{limits, proxy::Parts};

pub(crate) use self::names::{Names, fetches};

/// What a text names, and whether there is more to it than can be told.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Seen {
    /// References, each once.
    pub(crate) references: Vec<DataRef>,
    /// It holds references, or what they will be cannot be told.
    pub(crate) opaque: bool,
}

/// Looks through the texts of one request, and stops when it has taken too long.
pub(crate) struct Scan<'c> {
    clock: &'c dyn Clock,
    names: Names,
    /// Bytes that may still be looked at.
    left: usize,
    /// Bytes until the clock is asked again.
    unasked: usize,
    /// Microseconds spent so far.
    spent: i64,
}

impl std::fmt::Debug for Scan<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Scan")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

impl<'c> Scan<'c> {
    /// For one request: `names` are the buckets and hosts that datasets lie in.
    pub(crate) fn new(clock: &'c dyn Clock, names: Names) -> Self {
        Self {
            clock,
            names,
            left: limits::SCAN_BYTES,
            unasked: limits::SCAN_ASK_BYTES,
            spent: 0,
        }
    }

    /// Looks through a text.
    ///
    /// # Errors
    /// [`NotUnderstood`] for what is refused wherever it stands: user info in a URL, YAML aliases, a URL with
    /// characters that hide what it is.
    pub(crate) fn text(&mut self, part: &str, text: &str) -> Result<Seen, NotUnderstood> {
        let begin = self.clock.now_micros();
        let seen = self.looked(part, text, begin);
        self.spent = self
            .spent
            .saturating_add(self.clock.now_micros().saturating_sub(begin).max(0));
        seen
    }

    fn looked(&mut self, part: &str, text: &str, begin: i64) -> Result<Seen, NotUnderstood> {
        let mut seen = Seen::default();
        let mut done: BTreeSet<String> = BTreeSet::new();
        let mut open: VecDeque<(usize, String)> = VecDeque::from([(0, text.to_owned())]);
        while let Some((depth, text)) = open.pop_front() {
            if !self.affords(text.len(), begin) {
                seen.opaque = true;
                return Ok(seen);
            }
            if layers::hides(&text) {
                return Err(NotUnderstood::at(
                    part,
                    "intent.reference_character",
                    "a URL in it holds characters that are invisible or only look like others",
                ));
            }
            links::of(part, &text, &mut seen)?;
            seen.opaque |= layers::expands(&text) || names::fetches_in(&text) || self.names.stand_in(&text);
            let mut further = layers::decoded(&text);
            let base64 = base64::words(&text);
            seen.opaque |= base64.binary;
            further.extend(base64.texts);
            let json = json::strings(&text);
            seen.opaque |= json.cut;
            further.extend(json.strings);
            let yaml = yaml::strings(&text);
            if yaml.alias {
                return Err(NotUnderstood::at(
                    part,
                    "intent.yaml_alias",
                    "it is YAML with an alias, which stands for text elsewhere in it; write it out",
                ));
            }
            seen.opaque |= yaml.tagged;
            further.extend(yaml.strings);
            for next in further {
                if depth >= limits::NESTED_TEXT {
                    // something is packed more often than we unpack
                    seen.opaque = true;
                } else if next != text && done.insert(next.clone()) {
                    open.push_back((depth.saturating_add(1), next));
                }
            }
        }
        Ok(seen)
    }

    /// Takes what looking at so many bytes costs; no, once there is too much of it.
    fn affords(&mut self, bytes: usize, begin: i64) -> bool {
        let Some(left) = self.left.checked_sub(bytes) else {
            self.left = 0;
            return false;
        };
        self.left = left;
        let Some(unasked) = self.unasked.checked_sub(bytes) else {
            self.unasked = limits::SCAN_ASK_BYTES;
            let now = self.clock.now_micros().saturating_sub(begin).max(0);
            let most = i64::try_from(limits::SCAN_TIME.as_micros()).unwrap_or(i64::MAX);
            if self.spent.saturating_add(now) > most {
                self.left = 0;
                return false;
            }
            return true;
        };
        self.unasked = unasked;
        true
    }
}

impl Parts {
    /// What looks through the texts of one request.
    pub(crate) fn scan(&self) -> Scan<'_> {
        let engine = self.gate.current.load();
        Scan::new(&*self.gate.clock, Names::of(engine.snapshot()))
    }
}

#[cfg(test)]
mod tests;
