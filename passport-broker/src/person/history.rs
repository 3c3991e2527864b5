//! What a person did with data here, from the node's own log: their own decisions alone, the newest first.
//!
//! Each replica has a log and a keystore of its own, so that this is what was asked of this replica; an entry names no
//! object (the log keeps a salted digest), and nobody else's.

use std::collections::HashMap;

use audit_log::{AuditError, Entry, EventType, Outcome, Pseudonym, READ_ENTRIES};
use policy_engine::consent::Code;
use policy_engine::decide::{Engine, Reason};
use serde::Serialize;

use crate::Broker;
use crate::store::people::PersonId;

/// Entries of the log, from the newest back, that are searched.
const ENTRIES: u64 = 50_000;
/// Accesses that are told.
const MOST: usize = 200;

/// One decision about the person.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Access {
    /// When, in Unix seconds.
    pub(crate) at: i64,
    /// The operation, as the log names it.
    pub(crate) action: String,
    /// The datasets, by id.
    pub(crate) datasets: Vec<String>,
    /// How it went.
    pub(crate) outcome: Outcome,
    /// The deciding code, of what was not permitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// The code in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sentence: Option<String>,
    /// What helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remedy: Option<String>,
    /// The same as the engine's reason, for a page to say it in a language of its own.
    #[serde(skip)]
    pub(crate) reason: Option<Reason>,
    /// The decision's id, for `visum explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decision: Option<String>,
    /// How many equal ones this line stands for.
    pub(crate) times: u64,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct History {
    /// The log that was read.
    pub(crate) log: String,
    /// The accesses, newest first.
    pub(crate) accesses: Vec<Access>,
    /// Everything that the log has was searched, and all of it is told.
    pub(crate) complete: bool,
    /// The node has other replicas, each with a log of its own.
    pub(crate) others: usize,
}

/// Reads it.
///
/// # Errors
/// The log cannot be read.
pub(crate) async fn of(broker: &Broker, person: &PersonId) -> Result<History, AuditError> {
    let others = broker.config().other_logs.len();
    let log = broker.writer().origin().to_owned();
    let nothing = History {
        log,
        accesses: Vec::new(),
        complete: true,
        others,
    };
    let Ok(identity) = broker.identity_of(person) else {
        return Ok(nothing);
    };
    let Some(key) = broker.keystore().known(&identity.to_string()) else {
        // nobody has asked anything of this replica in their name
        return Ok(nothing);
    };
    let (writer, engine) = (broker.writer().clone(), broker.current().load());
    let work = tokio::task::spawn_blocking(move || {
        let words = Words::of(&engine);
        let mut months: HashMap<String, String> = HashMap::new();
        let mut history = nothing;
        let size = writer.size();
        let first = size.saturating_sub(ENTRIES);
        let mut end = size;
        while end > first {
            let start = end.saturating_sub(READ_ENTRIES).max(first);
            for stored in writer.events(start..end)?.into_iter().rev() {
                let entry = stored.entry;
                let name = months
                    .entry(entry.t.month())
                    .or_insert_with_key(|month| Pseudonym::of(&key, &history.log, month).as_str().to_owned());
                let who = [entry.who.p.as_ref(), entry.who.acting_for.as_ref()];
                if !who.into_iter().flatten().any(|p| p.to_string() == *name) || !is_access(&entry) {
                    continue;
                }
                if history.accesses.len() >= MOST {
                    history.complete = false;
                    return Ok(history);
                }
                history.accesses.push(words.told(&entry));
            }
            end = start;
        }
        history.complete = first == 0;
        Ok(history)
    });
    work.await.unwrap_or_else(|_| {
        Err(AuditError::Unavailable {
            reason: "reading the log was interrupted".to_owned(),
        })
    })
}

/// Operations of the GA4GH interfaces, what tasks read for the person, and decisions asked for.
fn is_access(entry: &Entry) -> bool {
    entry.kind.as_str().contains(':')
        || matches!(
            entry.kind,
            EventType::TesInput | EventType::TesOutput | EventType::Decision | EventType::DeniedMany
        )
}

/// Codes and what they say, as the rules in force say it.
struct Words(HashMap<String, Reason>, std::sync::Arc<Engine>);

impl Words {
    fn of(engine: &std::sync::Arc<Engine>) -> Self {
        let notes = engine.policies().notes().filter(|note| !note.code.is_empty());
        let said = notes.map(|note| {
            let mut reason = reason(&note.code, note.reason.clone(), note.remedy.clone());
            reason.policy = Some(note.id.clone());
            (note.code.clone(), reason)
        });
        Self(said.collect(), engine.clone())
    }

    fn say(&self, text: &str) -> Option<Reason> {
        if let Ok(code) = text.parse::<Code>() {
            let said = self.1.tables().sentence(code);
            return Some(reason(text, said.message, said.remedy));
        }
        self.0.get(text).cloned()
    }

    fn told(&self, entry: &Entry) -> Access {
        let mut datasets: Vec<String> = Vec::new();
        for dataset in entry.what.iter().filter_map(|what| what.dataset.as_ref()) {
            let dataset = dataset.to_string();
            if !datasets.contains(&dataset) {
                datasets.push(dataset);
            }
        }
        let why = entry.why.as_ref();
        let code = why.and_then(|why| why.code.as_ref()).map(ToString::to_string);
        let reason = code.as_deref().and_then(|code| self.say(code));
        let said = reason
            .as_ref()
            .map(|reason| (reason.sentence.clone(), reason.remedy.clone()));
        let (sentence, remedy) = said.unzip();
        Access {
            at: entry.t.micros().div_euclid(1_000_000),
            action: entry.kind.to_string(),
            datasets,
            outcome: entry.outcome,
            code,
            sentence,
            remedy: remedy.filter(|remedy: &String| !remedy.is_empty()),
            reason,
            decision: why.and_then(|why| why.decision.as_ref()).map(ToString::to_string),
            times: entry.n.map_or(1, |count| count.count),
        }
    }
}

fn reason(code: &str, sentence: String, remedy: String) -> Reason {
    Reason {
        code: code.to_owned(),
        sentence,
        remedy,
        dataset: None,
        group: None,
        term: None,
        policy: None,
        about: None,
    }
}
