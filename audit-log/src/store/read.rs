//! Entries read back by index.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::segment::{self, FRAME_HEAD, HEADER_BYTES};
use super::walk::{MARK, Marks};
use crate::encoding::{ENTRY_BYTES, decode};
use crate::error::AuditError;
use crate::event::EventType;
use crate::tree::leaf_hash;
use crate::writer::StoredEntry;

/// Most entries of one answer.
pub const READ_ENTRIES: u64 = 4096;

/// Reads a log's folder, without its lock: while another process writes, or a log that is damaged further on.
#[derive(Clone, Debug)]
pub struct Reader {
    dir: PathBuf,
    segments: Vec<Marks>,
}

impl Reader {
    /// The log in this folder as it is now.
    ///
    /// # Errors
    /// [`AuditError::File`] if it can't be read.
    pub fn open(dir: &Path) -> Result<Self, AuditError> {
        let folder = Folder::list(dir).map_err(|error| AuditError::file(dir, error))?;
        let mark = |first: &u64| Marks {
            first: *first,
            offsets: Vec::new(),
            length: 0,
        };
        Ok(Self {
            dir: dir.to_owned(),
            segments: folder.segments.keys().map(mark).collect(),
        })
    }

    pub(crate) fn with_marks(dir: &Path, segments: Vec<Marks>) -> Self {
        Self {
            dir: dir.to_owned(),
            segments,
        }
    }

    /// Whole entries in order, at most 4,096 at once; fewer at the end of the log. Blocks.
    ///
    /// # Errors
    /// [`AuditError::Damaged`] where the bytes are not a whole entry but more follow, [`AuditError::File`].
    pub fn events(&self, range: Range<u64>) -> Result<Vec<StoredEntry>, AuditError> {
        let end = range.end.min(range.start.saturating_add(READ_ENTRIES));
        let mut found = Vec::new();
        let mut at = range.start;
        while at < end {
            let Some((marks, next)) = self.segment_of(at) else {
                break;
            };
            let limit = next.unwrap_or(u64::MAX).min(end);
            let before = found.len();
            self.read(marks, at..limit, &mut found)?;
            at += (found.len() - before) as u64;
            if at < limit {
                break;
            }
        }
        Ok(found)
    }

    /// Entries of these types from an index on, at most `limit` (and 4,096). Reads all between. Blocks.
    ///
    /// # Errors
    /// As [`events`](Self::events).
    pub fn find(&self, kinds: &[EventType], from: u64, end: u64, limit: usize) -> Result<Vec<StoredEntry>, AuditError> {
        let limit = limit.min(usize::try_from(READ_ENTRIES).unwrap_or(usize::MAX));
        let mut found = Vec::new();
        let mut at = from;
        while at < end && found.len() < limit {
            let some = self.events(at..end)?;
            let Some(last) = some.last() else { break };
            at = last.index + 1;
            found.extend(some.into_iter().filter(|one| kinds.contains(&one.entry.kind)));
        }
        found.truncate(limit);
        Ok(found)
    }

    /// The segment that holds this index, and the first index of the next one.
    fn segment_of(&self, index: u64) -> Option<(&Marks, Option<u64>)> {
        let place = self
            .segments
            .partition_point(|marks| marks.first <= index)
            .checked_sub(1)?;
        Some((
            self.segments.get(place)?,
            self.segments.get(place + 1).map(|next| next.first),
        ))
    }

    fn read(&self, marks: &Marks, range: Range<u64>, found: &mut Vec<StoredEntry>) -> Result<(), AuditError> {
        let name = segment::name(marks.first);
        let path = self.dir.join(&name);
        let fail = |error: std::io::Error| AuditError::file(&path, error);
        let mut file = File::open(&path).map_err(fail)?;
        let skip = (range.start - marks.first) / MARK;
        let mark = usize::try_from(skip).ok().and_then(|skip| marks.offsets.get(skip));
        let (mut index, mut offset) = match mark {
            Some(offset) => (marks.first + skip * MARK, *offset),
            None => (marks.first, HEADER_BYTES as u64),
        };
        file.seek(SeekFrom::Start(offset)).map_err(fail)?;
        let mut file = BufReader::with_capacity(1 << 16, file);
        let mut bytes = Vec::new();
        while index < range.end {
            let damaged = |what: String| AuditError::Damaged {
                file: name.clone(),
                offset,
                index,
                what,
            };
            let Some(()) = next_frame(&mut file, &mut bytes).map_err(fail)? else {
                break;
            };
            let segment::Frame::Entry(entry) = segment::frame(&bytes, 0) else {
                return Err(damaged("not a whole frame".to_owned()));
            };
            if index >= range.start {
                let leaf = leaf_hash(entry);
                found.push(StoredEntry {
                    index,
                    leaf,
                    entry: decode(entry).map_err(damaged)?,
                });
            }
            offset += bytes.len() as u64;
            index += 1;
        }
        Ok(())
    }
}

/// The next frame's bytes, head included; nothing at the end of the file or in a frame that is not whole yet.
fn next_frame(file: &mut impl Read, bytes: &mut Vec<u8>) -> std::io::Result<Option<()>> {
    bytes.clear();
    file.take(FRAME_HEAD as u64).read_to_end(bytes)?;
    let Some((length, _)) = bytes.split_first_chunk::<4>().filter(|_| bytes.len() == FRAME_HEAD) else {
        return Ok(None);
    };
    let length = u64::from(u32::from_le_bytes(*length)).min(ENTRY_BYTES as u64 + 1);
    let read = file.take(length).read_to_end(bytes)? as u64;
    Ok((read == length).then_some(()))
}
