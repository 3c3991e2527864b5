//! A log that is open for writing: the active segment and its tree; everything here is the commit thread's alone.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::command::Ready;
use super::shared::{Governed, Shared};
use crate::error::AuditError;
use crate::note::{LogKey, VKey};
use crate::store::keep::Keeper;
use crate::store::recover::recover;
use crate::store::segment::{self, FRAME_HEAD, HEADER_BYTES, Header};
use crate::store::walk::MARK;
use crate::tree::Growing;

const DAY: i64 = 86_400_000_000;

#[derive(Debug)]
pub(crate) struct OpenLog {
    dir: PathBuf,
    segment_bytes: u64,
    file: File,
    /// First index and length in bytes of the active segment.
    first: u64,
    length: u64,
    /// The day of its first entry, in days since 1970; `None` while it is empty.
    day: Option<i64>,
    tree: Growing,
    /// The time of the last entry, in microseconds.
    pub(crate) last_t: i64,
    pub(crate) keeper: Keeper,
    /// Bytes of a torn write that recovery cut off.
    pub(crate) cut: u64,
    /// The size under the last checkpoint that was asked for.
    pub(crate) covered: u64,
}

impl OpenLog {
    /// Recovers the folder and opens it. The caller holds its lock.
    pub(crate) fn open(
        dir: &Path,
        segment_bytes: u64,
        key: Arc<LogKey>,
        vkey: &VKey,
        shared: &Shared,
    ) -> Result<Self, AuditError> {
        let io = |error: std::io::Error| AuditError::file(dir, error);
        let found = recover(dir, vkey)?;
        let tiler = found.walked.tiler;
        let tree = tiler.growing().clone();
        let mut segments = found.walked.segments;
        let (first, length, file) = match segments.last() {
            Some(last) => (
                last.first,
                last.length,
                segment::open(&dir.join(segment::name(last.first))).map_err(io)?,
            ),
            None => {
                let file = segment::create(dir, &Header::new(vkey.name(), 0, tree.root())).map_err(io)?;
                segments.push(crate::store::walk::Marks::default());
                (0, HEADER_BYTES as u64, file)
            }
        };
        let day = (length > HEADER_BYTES as u64).then(|| found.last_t.div_euclid(DAY));
        let keeper = Keeper::start(dir, key, vkey.clone(), tiler).map_err(io)?;
        shared.reset(dir, segments, found.governed, tree.size());
        Ok(Self {
            dir: dir.to_owned(),
            segment_bytes,
            file,
            first,
            length,
            day,
            tree,
            last_t: found.last_t,
            keeper,
            cut: found.cut,
            covered: found.covered,
        })
    }

    pub(crate) fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Writes these entries as one batch; durable when it returns. After an error the log must be opened anew:
    /// after a failed sync the page cache can't be trusted.
    pub(crate) fn write(&mut self, batch: &[Ready], origin: &str, shared: &Shared) -> Result<(), AuditError> {
        let Some(start) = batch.first() else { return Ok(()) };
        let day = start.t.div_euclid(DAY);
        let io = |error: std::io::Error| AuditError::Unavailable {
            reason: error.to_string(),
        };
        if self.length >= self.segment_bytes || self.day.is_some_and(|before| before != day) {
            self.file = segment::create(&self.dir, &Header::new(origin, self.size(), self.tree.root())).map_err(io)?;
            self.first = self.size();
            self.length = HEADER_BYTES as u64;
            self.day = None;
            shared.segment(self.first);
        }
        let mut frames = Vec::with_capacity(batch.iter().map(|ready| ready.bytes.len() + FRAME_HEAD).sum());
        let mut marks = Vec::new();
        for (index, ready) in (self.size()..).zip(batch) {
            if (index - self.first).is_multiple_of(MARK) {
                marks.push(self.length + frames.len() as u64);
            }
            segment::push_frame(&mut frames, &ready.bytes);
        }
        segment::append(&mut self.file, &frames).map_err(io)?;
        self.length += frames.len() as u64;
        self.day = self.day.or(Some(day));
        let mut governed = Vec::new();
        for ready in batch {
            if let Some(row) = &ready.governed {
                governed.push(Governed {
                    index: self.tree.size(),
                    ..row.clone()
                });
            }
            self.tree.push(ready.leaf);
            self.last_t = ready.t;
        }
        shared.durable(&marks, governed, self.size());
        Ok(())
    }
}
