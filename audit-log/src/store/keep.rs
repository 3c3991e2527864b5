//! The second thread: tiles, entry bundles and checkpoints, all made from entries that are durable already.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::files;
use super::folder::CHECKPOINT;
use crate::checkpoint::Checkpoint;
use crate::error::AuditError;
use crate::note::{LogKey, VKey};
use crate::tree::Hash;
use crate::tree::tile_path::{FULL, TilePath};
use crate::tree::tiles::{Tile, Tiler};

/// Batches that may wait for their tiles; then the commit thread waits.
const QUEUE: usize = 64;

/// Who waits for a checkpoint.
#[derive(Debug)]
pub(crate) enum Answer {
    Caller(oneshot::Sender<Result<Checkpoint, AuditError>>),
    /// Our own thread, blocked; it may be one that runs async tasks, at start.
    Own(std::sync::mpsc::Sender<Result<Checkpoint, AuditError>>),
}

impl Answer {
    /// One who does not wait any more needs no answer.
    pub(crate) fn send(self, result: Result<Checkpoint, AuditError>) {
        match self {
            Self::Caller(answer) => drop(answer.send(result)),
            Self::Own(answer) => drop(answer.send(result)),
        }
    }
}

enum Task {
    Batch(Vec<(Vec<u8>, Hash)>),
    Checkpoint(Option<Answer>),
}

/// The commit thread's end of it. When it goes, the thread ends after what it was given.
#[derive(Debug)]
pub(crate) struct Keeper {
    tasks: Option<SyncSender<Task>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(crate) fn start(dir: &Path, key: Arc<LogKey>, vkey: VKey, tiler: Tiler) -> io::Result<Self> {
        let (sender, tasks) = sync_channel(QUEUE);
        let mut work = Work {
            dir: dir.to_owned(),
            key,
            vkey,
            tiler,
            unsynced: Vec::new(),
            partial: Vec::new(),
            old: Vec::new(),
        };
        work.old = work.on_disk();
        let thread = std::thread::Builder::new()
            .name("audit-tiles".to_owned())
            .spawn(move || work.run(&tasks))?;
        Ok(Self {
            tasks: Some(sender),
            thread: Some(thread),
        })
    }

    /// Hands over entries that are durable. Fails if the thread gave up.
    pub(crate) fn batch(&self, entries: Vec<(Vec<u8>, Hash)>) -> Result<(), AuditError> {
        self.give(Task::Batch(entries))
    }

    /// Asks for a checkpoint of all that was handed over. With `answer`, it is told there, failure too.
    pub(crate) fn checkpoint(&self, answer: Option<Answer>) -> Result<(), AuditError> {
        self.give(Task::Checkpoint(answer))
    }

    fn give(&self, task: Task) -> Result<(), AuditError> {
        let sent = self.tasks.as_ref().map(|tasks| tasks.send(task));
        match sent {
            Some(Ok(())) => Ok(()),
            Some(Err(refused)) => {
                if let Task::Checkpoint(Some(answer)) = refused.0 {
                    answer.send(Err(gone()));
                }
                Err(gone())
            }
            None => Err(gone()),
        }
    }
}

fn gone() -> AuditError {
    AuditError::Unavailable {
        reason: "tiles or checkpoint could not be written".to_owned(),
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the audit log's tile thread panicked");
        }
    }
}

struct Work {
    dir: PathBuf,
    key: Arc<LogKey>,
    vkey: VKey,
    tiler: Tiler,
    /// Full tiles written since the last checkpoint.
    unsynced: Vec<PathBuf>,
    /// Partial tiles of the last checkpoint.
    partial: Vec<TilePath>,
    /// Partial tiles of earlier runs.
    old: Vec<TilePath>,
}

impl Work {
    fn run(&mut self, tasks: &Receiver<Task>) {
        while let Ok(task) = tasks.recv() {
            let (result, answer) = match task {
                Task::Batch(entries) => (self.batch(&entries).map(|()| None), None),
                Task::Checkpoint(answer) => (self.checkpoint().map(Some), answer),
            };
            match result {
                Ok(head) => {
                    if let (Some(answer), Some(head)) = (answer, head) {
                        answer.send(Ok(head));
                    }
                }
                Err(error) => {
                    tracing::error!(error = %error, "the audit log's tiles or checkpoint can't be written");
                    let reason = error.to_string();
                    if let Some(answer) = answer {
                        answer.send(Err(AuditError::Unavailable { reason }));
                    }
                    return;
                }
            }
        }
    }

    fn batch(&mut self, entries: &[(Vec<u8>, Hash)]) -> io::Result<()> {
        for (entry, leaf) in entries {
            for tile in self.tiler.push(entry, *leaf) {
                let path = self.dir.join(tile.path().to_string());
                files::write_atomic(&path, tile.bytes(), false)?;
                self.unsynced.push(path);
            }
        }
        Ok(())
    }

    /// Tiles first, durable; then the head over them: a published checkpoint never lacks its tiles.
    fn checkpoint(&mut self) -> io::Result<Checkpoint> {
        for path in std::mem::take(&mut self.unsynced) {
            std::fs::File::open(&path)?.sync_all()?;
            if let Some(parent) = path.parent() {
                files::sync_dir(parent)?;
            }
        }
        let now: Vec<TilePath> = self.tiler.partial().map(Tile::path).collect();
        for tile in self.tiler.partial() {
            let path = tile.path();
            if !self.partial.contains(&path) {
                files::write_atomic(&self.dir.join(path.to_string()), tile.bytes(), true)?;
            }
        }
        let head = Checkpoint {
            origin: self.vkey.name().to_owned(),
            size: self.tiler.size(),
            root: self.tiler.root(),
        };
        let note = head.sign(&self.key, &self.vkey);
        files::write_atomic(&self.dir.join(CHECKPOINT), note.as_bytes(), true)?;
        let before = std::mem::replace(&mut self.partial, now);
        let old = std::mem::take(&mut self.old);
        for path in before.iter().chain(&old).filter(|path| !self.partial.contains(path)) {
            files::remove(&self.dir.join(path.to_string()))?;
        }
        Ok(head)
    }

    /// Partial tiles that lie there already.
    fn on_disk(&self) -> Vec<TilePath> {
        let folder = super::folder::Folder::list(&self.dir).unwrap_or_default();
        folder.tiles.into_iter().filter(|path| path.width < FULL).collect()
    }
}
