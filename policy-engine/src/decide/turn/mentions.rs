//! Do this node's own policies look at a circumstance at all? What none reads is not worth trying.

use crate::{decide::Engine, policy::TEMPLATES};

impl Engine {
    /// Whether a policy beyond the shipped ones, or a linked template, has this word. Too often yes is no harm.
    pub(crate) fn mentions(&self, word: &str) -> bool {
        let snapshot = self.snapshot();
        let files = snapshot.standard.iter().flatten().chain(&snapshot.policies);
        let linked = |id: &str| {
            let begins = format!("@id(\"{id}\")");
            let text = TEMPLATES.split_once(&begins).map_or(TEMPLATES, |(_, rest)| rest);
            text.split_once("@id(").map_or(text, |(own, _)| own).contains(word)
        };
        files.into_iter().any(|file| file.text.contains(word))
            || snapshot.links.iter().any(|link| linked(&link.template))
    }
}
