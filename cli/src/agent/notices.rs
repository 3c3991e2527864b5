//! Words on the terminal, each once: a client that asks every second is no reason to say a thing every second.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use crate::output::Context;

/// Sayings that are remembered; then it begins anew.
const REMEMBERED: usize = 1_000;
/// Letters of one text that came from outside.
const LETTERS: usize = 500;

/// What was said.
#[derive(Debug)]
pub(crate) struct Notices {
    context: Context,
    said: Mutex<BTreeSet<String>>,
}

impl Notices {
    /// Nothing yet.
    pub(crate) const fn new(context: Context) -> Self {
        Self {
            context,
            said: Mutex::new(BTreeSet::new()),
        }
    }

    /// Says it.
    pub(crate) fn say(&self, text: &str) {
        self.context.words(&format!("visum agent: {text}"));
    }

    /// Says it if nothing was said under this key.
    pub(crate) fn once(&self, key: &str, text: impl FnOnce() -> String) {
        let fresh = {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            if said.len() >= REMEMBERED {
                said.clear();
            }
            said.insert(key.to_owned())
        };
        if fresh {
            self.say(&text());
        }
    }

    /// From now on it may be said again.
    pub(crate) fn forget(&self, key: &str) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// A text from outside, as it may stand on a terminal: without control characters, and not too long.
pub(crate) fn plain(text: &str) -> String {
    let cut: String = text.chars().take(LETTERS).collect();
    cut.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_said_once_and_nothing_from_outside_moves_the_cursor() {
        let notices = Notices::new(Context::new(false));
        let mut said = 0;
        for key in ["a", "a", "b"] {
            notices.once(key, || {
                said += 1;
                key.to_owned()
            });
        }
        assert_eq!(said, 2);
        notices.forget("a");
        notices.once("a", || {
            said += 1;
            String::new()
        });
        assert_eq!(said, 3);
        assert_eq!(plain("a\u{1b}[2Jb\r\nc"), "a [2Jb  c");
        assert_eq!(plain(&"x".repeat(9_999)).len(), LETTERS);
    }
}
