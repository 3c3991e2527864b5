//! Segment files: a header, then frames of length, CRC-32C and entry (audit.md section 2), little endian.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::encoding::ENTRY_BYTES;
use crate::tree::{Hash, sha256};

const MAGIC: &[u8; 8] = b"VISUMLOG";
const FORMAT: u8 = 1;
/// Magic, format, origin digest, first index, root before it.
pub(crate) const HEADER_BYTES: usize = 8 + 1 + 32 + 8 + 32;
/// Length and checksum before each entry.
pub(crate) const FRAME_HEAD: usize = 8;
/// Most bytes of one write, heads included: a torn tail is no longer.
pub(crate) const BATCH_BYTES: usize = 1 << 20;

/// What a segment says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) origin: Hash,
    pub(crate) first: u64,
    /// The root of all entries before it.
    pub(crate) root: Hash,
}

impl Header {
    pub(crate) fn new(origin: &str, first: u64, root: Hash) -> Self {
        Self {
            origin: origin_digest(origin),
            first,
            root,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        [
            &MAGIC[..],
            &[FORMAT],
            &self.origin,
            &self.first.to_le_bytes(),
            &self.root,
        ]
        .concat()
    }

    /// The header at the start of a segment's bytes.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let short = "the segment's header is not whole";
        let (magic, rest) = bytes.split_first_chunk::<8>().ok_or(short)?;
        let ([format], rest) = rest.split_first_chunk::<1>().ok_or(short)?;
        let (origin, rest) = rest.split_first_chunk::<32>().ok_or(short)?;
        let (first, rest) = rest.split_first_chunk::<8>().ok_or(short)?;
        let (root, _) = rest.split_first_chunk::<32>().ok_or(short)?;
        if magic != MAGIC {
            return Err("not a segment file");
        }
        if *format != FORMAT {
            return Err("a segment of an unknown format");
        }
        Ok(Self {
            origin: *origin,
            first: u64::from_le_bytes(*first),
            root: *root,
        })
    }
}

pub(crate) fn origin_digest(origin: &str) -> Hash {
    sha256(&[origin.as_bytes()])
}

/// `segments/<first index, 20 digits>.seg`.
pub(crate) fn name(first: u64) -> String {
    format!("segments/{first:020}.seg")
}

pub(crate) fn parse_name(text: &str) -> Option<u64> {
    let first = text.strip_prefix("segments/")?.strip_suffix(".seg")?.parse().ok()?;
    (name(first) == text).then_some(first)
}

/// Makes a new segment, header durable, and opens it for appending.
pub(crate) fn create(dir: &Path, header: &Header) -> io::Result<File> {
    let path = dir.join(name(header.first));
    super::files::write_atomic(&path, &header.bytes(), true)?;
    open(&path)
}

pub(crate) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).open(path)
}

/// Writes frames and makes them durable.
pub(crate) fn append(file: &mut File, frames: &[u8]) -> io::Result<()> {
    file.write_all(frames)?;
    file.sync_data()
}

/// Adds an entry's frame.
pub(crate) fn push_frame(frames: &mut Vec<u8>, entry: &[u8]) {
    let length = u32::try_from(entry.len()).unwrap_or(u32::MAX);
    frames.extend_from_slice(&length.to_le_bytes());
    frames.extend_from_slice(&crc32c::crc32c(entry).to_le_bytes());
    frames.extend_from_slice(entry);
}

/// What stands at a place of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    Entry(&'a [u8]),
    End,
    Bad(&'static str),
}

/// The frame at this offset.
pub(crate) fn frame(bytes: &[u8], at: usize) -> Frame<'_> {
    let rest = bytes.get(at..).unwrap_or_default();
    if rest.is_empty() {
        return Frame::End;
    }
    let Some((length, rest)) = rest.split_first_chunk::<4>() else {
        return Frame::Bad("a frame's length is cut off");
    };
    let Some((sum, rest)) = rest.split_first_chunk::<4>() else {
        return Frame::Bad("a frame's checksum is cut off");
    };
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length == 0 || length > ENTRY_BYTES {
        return Frame::Bad("a frame's length is out of bounds");
    }
    let Some(entry) = rest.get(..length) else {
        return Frame::Bad("a frame is cut off");
    };
    if crc32c::crc32c(entry) != u32::from_le_bytes(*sum) {
        return Frame::Bad("a frame's checksum is wrong");
    }
    Frame::Entry(entry)
}

/// Whether what follows a bad frame can be the rest of one torn write: not more bytes than a batch,
/// and no whole frame among them.
pub(crate) fn torn(bytes: &[u8], bad: usize) -> bool {
    let length = bytes.len().saturating_sub(bad);
    // An entry is JSON, which holds no zero byte: no entry's text can pass for a frame's head.
    length <= BATCH_BYTES && !(bad + 1..bytes.len()).any(|at| plausible(bytes, at))
}

fn plausible(bytes: &[u8], at: usize) -> bool {
    bytes.get(at + FRAME_HEAD) == Some(&b'{') && matches!(frame(bytes, at), Frame::Entry(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_headers_are_read_as_written() {
        let header = Header::new("h.example.org/audit/a", 7, [9; 32]);
        let mut bytes = header.bytes();
        assert_eq!(bytes.len(), HEADER_BYTES);
        assert_eq!(Header::parse(&bytes), Ok(header));
        push_frame(&mut bytes, b"{\"a\":1}");
        assert_eq!(frame(&bytes, HEADER_BYTES), Frame::Entry(b"{\"a\":1}"));
        assert_eq!(frame(&bytes, bytes.len()), Frame::End);
        assert_eq!(parse_name(&name(7)), Some(7));
        assert_eq!(parse_name("segments/7.seg"), None);
        assert!(Header::parse(&bytes[..HEADER_BYTES - 1]).is_err());
    }

    #[test]
    fn a_torn_tail_differs_from_damage() {
        let mut bytes = Vec::new();
        push_frame(&mut bytes, b"{\"a\":1}");
        let second = bytes.len();
        push_frame(&mut bytes, b"{\"b\":2}");
        for cut in second + 1..bytes.len() {
            assert!(torn(&bytes[..cut], second), "cut at {cut}");
        }
        let mut zeros = bytes[..second].to_vec();
        zeros.extend([0; 5000]);
        assert!(torn(&zeros, second), "a file that grew before its bytes came");
        bytes[3 + FRAME_HEAD] ^= 1;
        assert!(!torn(&bytes, 0), "a whole frame follows");
        assert!(!torn(&vec![1; BATCH_BYTES + 1], 0), "longer than a write");
    }
}
