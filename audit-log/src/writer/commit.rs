//! The commit thread: gathers what waits, writes, syncs, signs once, wakes the waiters (audit.md section 2).
//! The previous sync is the timer: no other is waited for.

use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::command::{Answer, Command, Ready};
use super::denials::{Denials, First, Likeness, MINUTE, unauthenticated};
use super::handle::{Noted, ready};
use super::open_log::OpenLog;
use super::shared::Shared;
use crate::error::AuditError;
use crate::event::{Count, Event, EventType, Instant, Outcome};
use crate::facts::FactsFolder;
use crate::note::{LogKey, VKey};
use crate::pseudonym::ObjectSalt;
use crate::receipt::{BATCH_ENTRIES, Batch, PROMISE, Receipt};
use crate::settings::Settings;
use crate::source::Source;
use crate::store::keep;
use crate::store::segment::{BATCH_BYTES, FRAME_HEAD};

/// How often it looks at the clock when nothing comes.
const LOOK: Duration = Duration::from_secs(1);
/// A clock may step back so far without an entry that says so, in microseconds.
pub(crate) const STEP_BACK: i64 = 2_000_000;
/// Room in a batch for entries of our own (`clock.step`).
const OWN: usize = 32;
/// Least time between two tries to open a log that failed, in microseconds.
const RETRY: i64 = 1_000_000;

/// Who waits for an entry of the batch.
enum Waiter {
    Nobody,
    Append(Answer<Receipt>),
    Denied(Answer<Noted>),
}

#[derive(Default)]
struct Gathered {
    entries: Vec<(Ready, Waiter)>,
    bytes: usize,
    /// Equal denials that rest on an entry of this batch: place, count.
    counted: Vec<(usize, u64, Answer<Noted>)>,
}

pub(crate) struct Committer {
    dir: PathBuf,
    node: String,
    key: Arc<LogKey>,
    vkey: VKey,
    salt: ObjectSalt,
    source: Arc<dyn Source>,
    segment_bytes: u64,
    facts: Option<FactsFolder>,
    /// In microseconds.
    checkpoint_every: i64,
    shared: Arc<Shared>,
    waiting: Arc<AtomicUsize>,
    unauthenticated: Arc<AtomicU64>,
    /// `None` after a failure, until it was recovered.
    log: Option<OpenLog>,
    denials: Denials,
    /// Last looks at the clock, in microseconds.
    tried: i64,
    checkpointed: i64,
    counted: i64,
    /// Held while the thread lives: the folder's lock.
    _lock: File,
}

impl Committer {
    pub(crate) fn open(
        settings: Settings,
        shared: Arc<Shared>,
        waiting: Arc<AtomicUsize>,
        unauthenticated: Arc<AtomicU64>,
    ) -> Result<Self, AuditError> {
        let wrong = |why| AuditError::Setting { setting: "origin", why };
        let vkey = settings
            .key
            .vkey(&settings.origin)
            .map_err(|_| wrong("empty, or with spaces or plus"))?;
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b';' | b'#');
        if settings.origin.starts_with(PROMISE) || !settings.origin.bytes().all(plain) {
            return Err(wrong("begins as a promise does, or holds `;`, `#` or other than ASCII"));
        }
        if settings.node.is_empty() {
            return Err(AuditError::Setting {
                setting: "node",
                why: "empty",
            });
        }
        let dir = settings.dir;
        std::fs::create_dir_all(&dir).map_err(|error| AuditError::file(&dir, error))?;
        let lock = File::open(&dir).map_err(|error| AuditError::file(&dir, error))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => AuditError::Locked { dir: dir.clone() },
            TryLockError::Error(error) => AuditError::file(&dir, error),
        })?;
        let now = settings.source.micros();
        let every = settings
            .checkpoint_every
            .clamp(Duration::from_secs(1), Duration::from_secs(58));
        let mut committer = Self {
            dir,
            node: settings.node,
            key: Arc::new(settings.key),
            vkey,
            salt: settings.salt,
            source: settings.source,
            segment_bytes: settings.segment_bytes.clamp(4096, 1 << 30),
            facts: settings.facts.map(FactsFolder::new),
            checkpoint_every: i64::try_from(every.as_micros()).unwrap_or(MINUTE),
            shared,
            waiting,
            unauthenticated,
            log: None,
            denials: Denials::default(),
            tried: now,
            checkpointed: now,
            counted: now,
            _lock: lock,
        };
        committer.reopen()?;
        Ok(committer)
    }

    pub(crate) fn vkey(&self) -> &VKey {
        &self.vkey
    }

    /// Recovers the log, says so in it, and waits for a checkpoint over that.
    fn reopen(&mut self) -> Result<(), AuditError> {
        self.log = None;
        let log = OpenLog::open(
            &self.dir,
            self.segment_bytes,
            Arc::clone(&self.key),
            &self.vkey,
            &self.shared,
        )?;
        let event = if log.size() == 0 {
            Event::new(EventType::LogOpen, Outcome::Success)
        } else {
            Event::new(EventType::LogFence, Outcome::Success).bytes(log.cut)
        };
        if log.cut > 0 {
            tracing::warn!(
                bytes = log.cut,
                "the audit log ended in a torn write, which was cut off"
            );
        }
        self.log = Some(log);
        let own = self.own(event)?;
        let mut batch = Gathered::default();
        batch.add(own, Waiter::Nobody);
        self.write(&mut batch.entries)?;
        let (answer, head) = std::sync::mpsc::channel();
        self.ask_checkpoint(Some(keep::Answer::Own(answer)));
        head.recv().unwrap_or(Err(AuditError::Closed)).map(|_| ())
    }

    pub(crate) fn run(mut self, inbox: &Receiver<Command>) {
        loop {
            let first = match inbox.recv_timeout(LOOK) {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return self.end(),
            };
            let mut batch = Gathered::default();
            let mut last = first.and_then(|first| self.gather(first, &mut batch));
            while last.is_none() && batch.has_room() {
                let Ok(command) = inbox.try_recv() else { break };
                last = self.gather(command, &mut batch);
            }
            self.commit(batch);
            match last {
                Some(Command::Checkpoint(answer)) => self.ask_checkpoint(Some(keep::Answer::Caller(answer))),
                Some(Command::Tick(answer)) => {
                    self.chores(false);
                    drop(answer.send(Ok(())));
                }
                Some(Command::Close(answer)) => {
                    self.end();
                    drop(answer.send(Ok(())));
                    return;
                }
                Some(Command::Append(..) | Command::Denied(..)) | None => self.chores(false),
            }
        }
    }

    /// Takes a command into the batch, or gives it back to be done after it.
    fn gather(&mut self, command: Command, batch: &mut Gathered) -> Option<Command> {
        match command {
            Command::Append(ready, answer) => batch.add(ready, Waiter::Append(answer)),
            Command::Denied(denial, answer) => {
                let (ready, event) = *denial;
                let like = Likeness::of(&event);
                match self.denials.again(&like, ready.t) {
                    Some((First::Gathered(place), count)) => batch.counted.push((place, count, answer)),
                    Some((First::Written(first), count)) => {
                        self.waiting.fetch_sub(1, Ordering::Relaxed);
                        drop(answer.send(Ok(Noted::Counted { first, count })));
                    }
                    None => {
                        self.denials.begin(like, event, batch.entries.len(), ready.t);
                        batch.add(ready, Waiter::Denied(answer));
                    }
                }
            }
            after @ (Command::Checkpoint(_) | Command::Tick(_) | Command::Close(_)) => return Some(after),
        }
        None
    }

    fn commit(&mut self, mut batch: Gathered) {
        if batch.entries.is_empty() {
            return;
        }
        let answered = batch
            .entries
            .iter()
            .filter(|(_, waiter)| !matches!(waiter, Waiter::Nobody))
            .count();
        let result = self.revive().and_then(|()| self.write(&mut batch.entries));
        self.waiting
            .fetch_sub(answered + batch.counted.len(), Ordering::Relaxed);
        let receipt = |place: usize| {
            let (signed, places) = result.as_ref().ok()?;
            Some(Receipt {
                batch: Arc::clone(signed),
                place: *places.get(place)?,
            })
        };
        self.denials.settle(receipt);
        let tell = |place: usize| match (&result, receipt(place)) {
            (Ok(_), Some(receipt)) => Ok(receipt),
            (Ok(_), None) => Err(AuditError::Closed),
            (Err(error), _) => Err(error.clone()),
        };
        // A waiter that is gone needs no answer: its entry is durable all the same.
        for (place, (_, waiter)) in batch.entries.into_iter().enumerate() {
            match waiter {
                Waiter::Nobody => {}
                Waiter::Append(answer) => drop(answer.send(tell(place))),
                Waiter::Denied(answer) => drop(answer.send(tell(place).map(Noted::Written))),
            }
        }
        for (place, count, answer) in batch.counted {
            drop(answer.send(tell(place).map(|first| Noted::Counted { first, count })));
        }
        if let Err(error) = &result {
            tracing::error!(code = error.code(), error = %error, "the audit log can't be written");
        }
    }

    /// Opens the log again after a failure, at most once a second.
    fn revive(&mut self) -> Result<(), AuditError> {
        if self.log.is_some() {
            return Ok(());
        }
        let now = self.source.micros();
        if now >= self.tried && now - self.tried < RETRY {
            return Err(AuditError::Unavailable {
                reason: "it failed a moment ago".to_owned(),
            });
        }
        self.tried = now;
        self.reopen().map_err(|error| {
            self.log = None;
            AuditError::Unavailable {
                reason: error.to_string(),
            }
        })
    }

    /// Writes the entries, with `clock.step` ones before those that need it. Gives each its place in the signed batch.
    fn write(&mut self, entries: &mut Vec<(Ready, Waiter)>) -> Result<(Arc<Batch>, Vec<u64>), AuditError> {
        let failed = || AuditError::Unavailable {
            reason: "the log is not open".to_owned(),
        };
        let mut last_t = self.log.as_ref().ok_or_else(failed)?.last_t;
        let (mut batch, mut places) = (Vec::with_capacity(entries.len() + 1), Vec::with_capacity(entries.len()));
        for (ready, _) in &mut *entries {
            if ready.t < last_t.saturating_sub(STEP_BACK) {
                let n = Count {
                    count: 1,
                    from: Instant::from_micros(last_t),
                    to: Instant::from_micros(ready.t),
                };
                let mut step = self.own(Event::new(EventType::ClockStep, Outcome::Success).count(n))?;
                step.t = step.t.min(ready.t);
                batch.push(step);
            }
            last_t = ready.t;
            places.push(batch.len() as u64);
            batch.push(std::mem::take(ready));
        }
        if let Some(folder) = &mut self.facts {
            for (entry, line) in batch.iter().filter_map(|ready| ready.facts.as_ref()) {
                folder.append(entry, line);
            }
        }
        let log = self.log.as_mut().ok_or_else(failed)?;
        let first = log.size();
        if let Err(error) = log.write(&batch, self.vkey.name(), &self.shared) {
            self.log = None;
            return Err(error);
        }
        let leaves = batch.iter().map(|ready| ready.leaf).collect();
        let time = Instant::from_micros(self.source.micros()).unix();
        let signed = Batch::sign(&self.key, self.vkey.clone(), first, leaves, time);
        let handed = log
            .keeper
            .batch(batch.into_iter().map(|ready| (ready.bytes, ready.leaf)).collect());
        if handed.is_err() {
            // These are durable; the next ones wait for a recovery.
            self.log = None;
        }
        Ok((Arc::new(signed), places))
    }

    /// What is due by the clock: counts, then a checkpoint. With `all`, counts whose minute has not ended too.
    fn chores(&mut self, all: bool) {
        let now = self.source.micros();
        let mut events = self.denials.due(now, all);
        if all || now - self.counted >= MINUTE || now < self.counted {
            let count = self.unauthenticated.swap(0, Ordering::Relaxed);
            if count > 0 {
                events.push(unauthenticated(count, self.counted, now));
            }
            self.counted = now;
        }
        let mut batch = Gathered::default();
        for event in events {
            match self.own(event) {
                Ok(ready) => batch.add(ready, Waiter::Nobody),
                Err(error) => tracing::error!(error = %error, "a count of denials can't be written"),
            }
            if !batch.has_room() {
                self.commit(std::mem::take(&mut batch));
            }
        }
        self.commit(batch);
        if now - self.checkpointed >= self.checkpoint_every || now < self.checkpointed {
            self.checkpointed = now;
            if self.log.as_ref().is_some_and(|log| log.covered < log.size()) {
                self.ask_checkpoint(None);
            }
        }
    }

    fn ask_checkpoint(&mut self, answer: Option<keep::Answer>) {
        let Some(log) = self.log.as_mut() else {
            if let Some(answer) = answer {
                answer.send(Err(AuditError::Unavailable {
                    reason: "the log is not open".to_owned(),
                }));
            }
            return;
        };
        log.covered = log.size();
        if log.keeper.checkpoint(answer).is_err() {
            self.log = None;
        }
    }

    /// Counts and a last checkpoint; the threads end with the log.
    fn end(&mut self) {
        self.chores(true);
        if self.log.as_ref().is_some_and(|log| log.covered < log.size()) {
            self.ask_checkpoint(None);
        }
        self.log = None;
    }

    fn own(&self, event: Event) -> Result<Ready, AuditError> {
        ready(event, &self.node, self.vkey.name(), &self.salt, self.source.as_ref())
    }
}

impl Gathered {
    fn add(&mut self, ready: Ready, waiter: Waiter) {
        self.bytes += ready.bytes.len() + FRAME_HEAD;
        self.entries.push((ready, waiter));
    }

    fn has_room(&self) -> bool {
        self.entries.len() + OWN < BATCH_ENTRIES && self.bytes + (OWN + 1) * 1024 + crate::ENTRY_BYTES < BATCH_BYTES
    }
}
