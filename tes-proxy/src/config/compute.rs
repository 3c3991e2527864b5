//! Where tasks and runs are sent: one backend of each kind, or several, each with a name.

use std::collections::{BTreeMap, BTreeSet};

use policy_engine::intent::{Intent, MayHold};
use url::Url;

use super::{BackendConfig, ConfigFault};
use crate::rules::{ApprovedWorkflow, ComputeRules};

/// Most backends of one kind: a request is understood for each that it could go to.
pub const BACKENDS: usize = 16;

/// Characters of a backend's name.
const NAME: usize = 40;

/// A TES behind the gate, or the place of a WES's runs.
#[derive(Clone, Debug)]
pub struct ComputeMount {
    /// Its name in the index of tasks and runs, for good: what was sent to it is looked for there by this name. Empty for
    /// the one that needs none.
    pub name: String,
    /// The backend.
    pub backend: BackendConfig,
    /// The id of its `ServiceRecord` in the snapshot: operator, country, what it is certified for.
    pub service: String,
    /// The datasets that it may hold; `None`: all that may be used at its service.
    pub may_hold: Option<MayHold>,
    /// The service id of service-info (reverse domain); the same for all of a kind, which are one service to clients.
    pub id: String,
    /// Keys of `backend_parameters` that clients may set, in lower case. Default: none.
    pub backend_parameters: Vec<String>,
    /// Zones that clients may name, with the country of each.
    pub zones: Vec<(String, String)>,
    /// What is laid down about code.
    pub rules: ComputeRules,
}

/// A WES behind the gate.
#[derive(Clone, Debug)]
pub struct WesMount {
    /// The backend and its service.
    pub compute: ComputeMount,
    /// The workflow types that are taken.
    pub types: Vec<WorkflowType>,
    /// Workflows that requests may name by address, since this node has their text.
    pub workflows: Vec<ApprovedWorkflow>,
    /// Most bytes of a run request, attachments included (64 MiB is usual).
    pub run_bytes: usize,
    /// The page that tells people how to get a token.
    pub auth_instructions: Url,
}

/// A workflow type that is taken.
#[derive(Clone, Debug)]
pub struct WorkflowType {
    /// Its canonical name, compared without letter case.
    pub name: String,
    /// Its versions, exact.
    pub versions: Vec<String>,
    /// How its attachments are read.
    pub reading: Reading,
    /// Engine parameters that clients may set, each with the values that it may have. Default: none.
    pub engine_parameters: BTreeMap<String, Vec<String>>,
    /// The engine that the backend is told to run it with, where that must be said (WES 1.1). Default: none is named.
    pub engine: Option<WorkflowEngine>,
    /// How the engine gets the credential of its run. Default: it gets none.
    pub run_token: Option<RunTokenRules>,
}

/// The engine that a backend is told to use.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WorkflowEngine {
    /// Its name, as the backend knows it.
    pub name: String,
    /// Its version, where the backend must be told.
    pub version: Option<String>,
}

/// How an engine that sends its tasks through this gate gets the credential of its run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RunTokenRules {
    /// The engine parameter whose value it is.
    pub parameter: String,
    /// Engine parameters that go with it, such as the address of this gate.
    pub with: BTreeMap<String, String>,
}

/// How the attachments of a workflow type are read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reading {
    /// `VISUM-TASKS`: one JSON attachment of TES tasks, read like the tasks they are.
    Tasks,
    /// Text of a workflow language: scanned; what cannot be told for certain makes the run opaque.
    Text,
}

/// Can what was sent be found again, whichever backend has it?
///
/// # Errors
/// [`ConfigFault::Backends`].
pub(super) fn check<'m>(
    api: &'static str,
    mounts: impl Iterator<Item = (&'m str, &'m BackendConfig)>,
) -> Result<(), ConfigFault> {
    let wrong = |why: String| Err(ConfigFault::Backends { api, why });
    let (mut names, mut bases) = (BTreeSet::new(), BTreeSet::new());
    for (name, backend) in mounts {
        if !plain(name) {
            return wrong(format!(
                "the name `{}` is not of lower-case letters, digits and hyphens, beginning with a letter",
                name.chars().take(NAME).collect::<String>()
            ));
        }
        if !names.insert(name) {
            return wrong(if name.is_empty() {
                "two backends have no `name`; one of them at most needs none".to_owned()
            } else {
                format!("two backends have the name `{name}`")
            });
        }
        if !bases.insert(backend.base.as_str().trim_end_matches('/')) {
            return wrong(format!("two backends have the address of `{name}`"));
        }
    }
    if names.len() > BACKENDS {
        return wrong(format!("there are more than {BACKENDS} backends"));
    }
    Ok(())
}

/// The index has words of its own for what has no name.
fn plain(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase();
    name.is_empty()
        || (name.len() <= NAME
            && name.bytes().next().is_some_and(letter)
            && name
                .bytes()
                .all(|byte| letter(byte) || byte.is_ascii_digit() || byte == b'-')
            && !["task", "run", "session"].contains(&name))
}

impl ComputeMount {
    /// How the index names it in rows of this kind (`task`, `run`): what has no name has the kind's, as every row had
    /// when there was one backend.
    pub(crate) fn key(&self, kind: &'static str) -> &str {
        if self.name.is_empty() { kind } else { &self.name }
    }

    /// The intent as one of work here.
    pub(crate) fn at(&self, intent: Intent) -> Intent {
        Intent {
            may_hold: self.may_hold.clone(),
            ..intent.at(&*self.service)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_one_backend_each() {
        let backend = |host: &str| BackendConfig {
            base: Url::parse(&format!("https://{host}.example.org/ga4gh/tes/v1")).unwrap(),
            credential: None,
        };
        type Case = (&'static str, &'static [(&'static str, &'static str)], bool);
        let cases: [Case; 9] = [
            ("one without a name", &[("", "a")], true),
            ("one with a name", &[("east", "a")], true),
            ("the first needs none", &[("", "a"), ("west-2", "b")], true),
            ("two without", &[("", "a"), ("", "b")], false),
            ("one name twice", &[("east", "a"), ("east", "b")], false),
            ("one address twice", &[("east", "a"), ("west", "a")], false),
            ("a word of the index", &[("task", "a")], false),
            ("capitals", &[("East", "a")], false),
            ("a digit first", &[("1st", "a")], false),
        ];
        for (case, mounts, sound) in cases {
            let mounts: Vec<_> = mounts.iter().map(|(name, host)| (*name, backend(host))).collect();
            let checked = check("TES", mounts.iter().map(|(name, backend)| (*name, backend)));
            assert_eq!(checked.is_ok(), sound, "{case}: {checked:?}");
        }
    }
}
