//! One walk over all segments, entry by entry: what recovery and verification share. It repairs nothing.

use std::fs;

use super::folder::Folder;
use super::segment::{self, Frame, HEADER_BYTES, Header};
use crate::tree::tiles::{Tile, Tiler};
use crate::tree::{Hash, leaf_hash};

/// Longest segment file that is read: the largest setting and one batch.
const SEGMENT_BYTES: u64 = (1 << 30) + (2 << 20);

/// Something that is not as it was written, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bad {
    pub(crate) file: String,
    pub(crate) offset: u64,
    pub(crate) index: u64,
    pub(crate) what: String,
}

/// An entry met on the walk.
pub(crate) struct Met<'a> {
    pub(crate) file: &'a str,
    pub(crate) offset: u64,
    pub(crate) index: u64,
    pub(crate) bytes: &'a [u8],
    pub(crate) leaf: Hash,
    /// Tiles that it filled.
    pub(crate) full: Vec<Tile>,
    /// The tree with it.
    pub(crate) tiler: &'a Tiler,
}

/// Where a segment's entries begin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    pub(crate) first: u64,
    /// The offset of every 256th entry, from the first.
    pub(crate) offsets: Vec<u64>,
    /// Bytes up to the last whole frame.
    pub(crate) length: u64,
}

impl Marks {
    /// The segment's file.
    pub(crate) fn name(&self) -> String {
        segment::name(self.first)
    }
}

/// Entries between two marks.
pub(crate) const MARK: u64 = 256;

/// What the walk came to.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub(crate) tiler: Tiler,
    pub(crate) segments: Vec<Marks>,
    /// Bytes after the last whole frame, if they can be one torn write.
    pub(crate) torn: Option<Bad>,
    pub(crate) torn_bytes: u64,
}

/// Walks over the segments of the folder of the log with this origin. `met` may stop it.
pub(crate) fn walk(
    folder: &Folder,
    origin: &str,
    mut met: impl FnMut(Met<'_>) -> Result<(), Bad>,
) -> Result<Walked, Bad> {
    let mut walked = Walked::default();
    let last = folder.segments.keys().next_back().copied();
    for (first, file) in &folder.segments {
        let bad = |offset: usize, index: u64, what: &str| Bad {
            file: file.clone(),
            offset: offset as u64,
            index,
            what: what.to_owned(),
        };
        let path = folder.dir.join(file);
        let length = fs::metadata(&path)
            .map_err(|error| bad(0, *first, &error.to_string()))?
            .len();
        if length > SEGMENT_BYTES {
            return Err(bad(0, *first, "a segment longer than any that is written"));
        }
        let bytes = fs::read(&path).map_err(|error| bad(0, *first, &error.to_string()))?;
        let size = walked.tiler.size();
        let header = Header::parse(&bytes).map_err(|what| bad(0, size, what))?;
        if header != Header::new(origin, size, walked.tiler.root()) || *first != size {
            return Err(bad(9, size, "the segment does not follow on the one before"));
        }
        let mut marks = Marks {
            first: size,
            ..Marks::default()
        };
        let mut at = HEADER_BYTES;
        loop {
            let index = walked.tiler.size();
            match segment::frame(&bytes, at) {
                Frame::Entry(entry) => {
                    if (index - size).is_multiple_of(MARK) {
                        marks.offsets.push(at as u64);
                    }
                    let leaf = leaf_hash(entry);
                    let full = walked.tiler.push(entry, leaf);
                    let tiler = &walked.tiler;
                    met(Met {
                        file,
                        offset: at as u64,
                        index,
                        bytes: entry,
                        leaf,
                        full,
                        tiler,
                    })?;
                    at += segment::FRAME_HEAD + entry.len();
                }
                Frame::End => break,
                Frame::Bad(what) if last == Some(*first) && segment::torn(&bytes, at) => {
                    walked.torn = Some(bad(at, index, what));
                    walked.torn_bytes = (bytes.len() - at) as u64;
                    break;
                }
                Frame::Bad(what) => return Err(bad(at, index, what)),
            }
        }
        marks.length = at as u64;
        walked.segments.push(marks);
    }
    Ok(walked)
}
