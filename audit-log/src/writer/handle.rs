//! The callers' side: events in, receipts out.

use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::task::{Context, Poll};
use std::thread::JoinHandle;

use tokio::sync::{oneshot, watch};

use super::command::{Answer, Command, Ready};
use super::commit::Committer;
use super::shared::{Governed, Shared, StoredEntry};
use crate::checkpoint::Checkpoint;
use crate::encoding::encode;
use crate::error::AuditError;
use crate::event::{Event, EventType, Instant, Stamp};
use crate::note::VKey;
use crate::pseudonym::ObjectSalt;
use crate::receipt::Receipt;
use crate::settings::Settings;
use crate::source::Source;
use crate::tree::leaf_hash;

/// Most entries that may wait for the disk; more are refused with `audit.busy`.
pub(crate) const QUEUE: usize = 16_384;
/// Most equal denials a minute before the caller is answered 429 (audit.md section 2).
pub(crate) const EQUAL_DENIALS: u64 = 60;

/// The one writer of a log. Clone it freely; the last clone to go closes the log with a checkpoint.
#[derive(Clone, Debug)]
pub struct Writer(Arc<Inner>);

struct Inner {
    commands: mpsc::Sender<Command>,
    thread: Mutex<Option<JoinHandle<()>>>,
    shared: Arc<Shared>,
    size: watch::Receiver<u64>,
    /// Entries sent and not yet answered.
    waiting: Arc<AtomicUsize>,
    /// Callers without valid credentials since the last count entry.
    unauthenticated: Arc<AtomicU64>,
    vkey: VKey,
    node: String,
    salt: ObjectSalt,
    source: Arc<dyn Source>,
    /// Where facts records are kept.
    facts: Option<PathBuf>,
}

/// An entry that is on its way to the disk already; await it before anything leaves.
#[must_use = "an event is on record only when this was awaited"]
#[derive(Debug)]
pub struct Pending<T = Receipt>(Result<oneshot::Receiver<Result<T, AuditError>>, Option<AuditError>>);

impl<T> Future for Pending<T> {
    type Output = Result<T, AuditError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Ok(waiter) => Pin::new(waiter)
                .poll(cx)
                .map(|answer| answer.unwrap_or(Err(AuditError::Closed))),
            Err(error) => Poll::Ready(Err(error.take().unwrap_or(AuditError::Closed))),
        }
    }
}

impl<T> Pending<T> {
    /// Waits by blocking the thread. Not for async code.
    ///
    /// # Errors
    /// As awaiting it.
    pub fn wait(self) -> Result<T, AuditError> {
        match self.0 {
            Ok(waiter) => waiter.blocking_recv().unwrap_or(Err(AuditError::Closed)),
            Err(error) => Err(error.unwrap_or(AuditError::Closed)),
        }
    }
}

/// What became of a denial.
#[derive(Clone, Debug)]
pub enum Noted {
    /// The first of its kind in this minute: it has its own entry.
    Written(Receipt),
    /// An equal one has an entry already; this is counted.
    Counted {
        /// The receipt of the first.
        first: Receipt,
        /// How many equal ones this minute, this one included.
        count: u64,
    },
}

impl Noted {
    /// Whether the caller should be answered 429: over 60 equal denials in this minute.
    #[must_use]
    pub fn too_many(&self) -> bool {
        matches!(self, Self::Counted { count, .. } if *count > EQUAL_DENIALS)
    }

    /// The receipt of the entry that the answer rests on.
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        match self {
            Self::Written(receipt) | Self::Counted { first: receipt, .. } => receipt,
        }
    }
}

impl Writer {
    /// Opens the log: locks the folder, recovers by the table of audit.md section 2, writes `log.open` (new) or
    /// `log.fence`, and a checkpoint. Blocks; call it at start.
    ///
    /// # Errors
    /// [`AuditError::Locked`] for a second writer, [`AuditError::Damaged`] for a log that is not as signed,
    /// [`AuditError::Foreign`] for another key or origin, [`AuditError::File`], [`AuditError::Setting`].
    pub fn open(settings: Settings) -> Result<Self, AuditError> {
        let (commands, inbox) = mpsc::channel();
        let shared = Arc::new(Shared::default());
        let waiting = Arc::new(AtomicUsize::new(0));
        let unauthenticated = Arc::new(AtomicU64::new(0));
        let facts = settings.facts.clone();
        let (node, salt, source) = (
            settings.node.clone(),
            settings.salt.clone(),
            Arc::clone(&settings.source),
        );
        let committer = Committer::open(
            settings,
            Arc::clone(&shared),
            Arc::clone(&waiting),
            Arc::clone(&unauthenticated),
        )?;
        let (vkey, size) = (committer.vkey().clone(), shared.subscribe());
        let thread = std::thread::Builder::new()
            .name("audit-commit".to_owned())
            .spawn(move || committer.run(&inbox))
            .map_err(|error| AuditError::Unavailable {
                reason: error.to_string(),
            })?;
        let thread = Mutex::new(Some(thread));
        let inner = Inner {
            commands,
            thread,
            shared,
            size,
            waiting,
            unauthenticated,
            vkey,
            node,
            salt,
            source,
            facts,
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Sends the event to the disk at once (it does not wait to be awaited) and gives what tells when it is durable.
    ///
    /// Awaiting it gives the receipt, or [`AuditError::Unavailable`]: then nothing may be given out (503).
    pub fn append(&self, event: Event) -> Pending {
        let ready = self.ready(event);
        self.send(ready, Command::Append)
    }

    /// Records a denial of an authenticated caller. The first of a kind (person, action, dataset, code) in a minute
    /// is an entry, durable when this returns; equal ones are counted, and the count is an entry when the minute ends.
    pub fn note_denied(&self, event: Event) -> Pending<Noted> {
        let like = event.clone().without_facts();
        let ready = self.ready(event);
        self.send(ready, |ready, answer| Command::Denied(Box::new((ready, like)), answer))
    }

    /// Counts a caller without valid credentials; the minute's count is one entry.
    pub fn count_unauthenticated(&self) {
        self.0.unauthenticated.fetch_add(1, Ordering::Relaxed);
    }

    /// Writes tiles and signs a checkpoint of all entries appended before.
    pub fn checkpoint(&self) -> Pending<Checkpoint> {
        self.command(Command::Checkpoint)
    }

    /// Does now what is due by the source's clock: counts of denials, checkpoints. The writer does so by itself
    /// each second; tests that hold the clock call it.
    pub fn tick(&self) -> Pending<()> {
        self.command(Command::Tick)
    }

    /// Writes what waits, counts and a last checkpoint, and gives the folder free. Later appends fail.
    pub fn close(&self) -> Pending<()> {
        self.command(Command::Close)
    }

    /// Number of durable entries.
    #[must_use]
    pub fn size(&self) -> u64 {
        *self.0.size.borrow()
    }

    /// Tells the number of durable entries each time it grows.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.size.clone()
    }

    /// Durable entries in order, at most 4,096 at once: ask again from the last index. Reads files: blocks.
    ///
    /// # Errors
    /// [`AuditError::File`], [`AuditError::Damaged`] if what is read is not what was written.
    pub fn events(&self, range: Range<u64>) -> Result<Vec<StoredEntry>, AuditError> {
        let end = range.end.min(self.size());
        self.0.shared.reader().events(range.start..end)
    }

    /// The durable entries of these types from an index on, at most `limit`. Reads all between: blocks.
    ///
    /// # Errors
    /// As [`events`](Self::events).
    pub fn find(&self, kinds: &[EventType], from: u64, limit: usize) -> Result<Vec<StoredEntry>, AuditError> {
        self.0.shared.reader().find(kinds, from, self.size(), limit)
    }

    /// Every durable change of governed rows, or of how many agree on them, from this index on, in order (D16). From
    /// memory.
    #[must_use]
    pub fn governed(&self, from: u64) -> Vec<Governed> {
        self.0.shared.governed(from)
    }

    /// Where facts records are kept, if they are.
    #[must_use]
    pub fn facts(&self) -> Option<&Path> {
        self.0.facts.as_deref()
    }

    /// The log's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.0.vkey.name()
    }

    /// The log's verifier key.
    #[must_use]
    pub fn vkey(&self) -> &VKey {
        &self.0.vkey
    }

    /// The event as an entry's bytes, with id, time, pseudonyms and seals. Runs on the caller's thread.
    fn ready(&self, event: Event) -> Result<Ready, AuditError> {
        let event = if self.0.facts.is_some() {
            event
        } else {
            event.without_facts()
        };
        ready(event, &self.0.node, self.origin(), &self.0.salt, self.0.source.as_ref())
    }

    fn send<T>(
        &self,
        ready: Result<Ready, AuditError>,
        command: impl FnOnce(Ready, Answer<T>) -> Command,
    ) -> Pending<T> {
        let ready = match ready {
            Ok(ready) => ready,
            Err(error) => return Pending(Err(Some(error))),
        };
        if self.0.waiting.load(Ordering::Relaxed) >= QUEUE {
            return Pending(Err(Some(AuditError::Busy { limit: QUEUE })));
        }
        self.0.waiting.fetch_add(1, Ordering::Relaxed);
        self.command(|answer| command(ready, answer))
    }

    fn command<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Pending<T> {
        let (answer, waiter) = oneshot::channel();
        match self.0.commands.send(command(answer)) {
            Ok(()) => Pending(Ok(waiter)),
            Err(_) => Pending(Err(Some(AuditError::Closed))),
        }
    }
}

/// An event as bytes for the disk.
pub(crate) fn ready(
    mut event: Event,
    node: &str,
    origin: &str,
    salt: &ObjectSalt,
    source: &dyn Source,
) -> Result<Ready, AuditError> {
    let t = Instant::from_micros(source.micros());
    let mut random = [0; 34];
    source.fill(&mut random);
    let (id, nonces) = random.split_at(10);
    let (nonce, facts_nonce) = nonces.split_at(12);
    let id = id.iter().fold(0u128, |id, byte| (id << 8) | u128::from(*byte));
    let id = ulid::Ulid::from_parts(u64::try_from(t.micros() / 1000).unwrap_or_default(), id).to_string();
    let nonce = nonce.try_into().unwrap_or_default();
    let stamp = Stamp {
        id,
        t,
        node,
        origin,
        salt,
        nonce,
    };
    let facts = event.seal_facts(&stamp, facts_nonce.try_into().unwrap_or_default())?;
    let entry = event.into_entry(&stamp)?;
    let bytes = encode(&entry)?;
    let leaf = leaf_hash(&bytes);
    let rows = entry.did.map(|did| did.rows).unwrap_or_default();
    let governed = Governed::lists(entry.kind, &rows).then_some(Governed {
        index: 0,
        leaf,
        kind: entry.kind,
        rows,
    });
    Ok(Ready {
        bytes,
        leaf,
        t: t.micros(),
        governed,
        facts: facts.and_then(|facts| Some((facts.entry.clone(), serde_json::to_string(&facts).ok()?))),
    })
}

impl Drop for Inner {
    fn drop(&mut self) {
        let (answer, _) = oneshot::channel();
        // A closed thread does not listen any more: nothing is left to do.
        drop(self.commands.send(Command::Close(answer)));
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the audit log's commit thread panicked");
        }
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("origin", &self.vkey.name())
            .finish_non_exhaustive()
    }
}
