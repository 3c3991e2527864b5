//! After a crash: the longest whole prefix, or refuse (the table of audit.md section 2).
//!
//! Repaired: a torn tail above the last checkpoint, temporary files, tiles above the last checkpoint.
//! Never repaired: anything below it, or before whole entries.

use std::fs::{self, OpenOptions};
use std::path::Path;

use super::files;
use super::folder::{CHECKPOINT, Folder, VKEY};
use super::segment;
use super::walk::{Bad, Walked, walk};
use crate::checkpoint::Checkpoint;
use crate::encoding::decode;
use crate::error::AuditError;
use crate::note::VKey;
use crate::tree::tile_path::{FULL, Kind};
use crate::tree::tiles::Tile;
use crate::writer::Governed;

/// A log that can be written on.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) walked: Walked,
    pub(crate) governed: Vec<Governed>,
    /// The latest time of an entry near the end, in microseconds; 0 for an empty log.
    pub(crate) last_t: i64,
    /// Bytes of a torn write that were cut off.
    pub(crate) cut: u64,
    /// The size under the last checkpoint.
    pub(crate) covered: u64,
}

impl From<Bad> for AuditError {
    fn from(bad: Bad) -> Self {
        Self::Damaged {
            file: bad.file,
            offset: bad.offset,
            index: bad.index,
            what: bad.what,
        }
    }
}

/// Brings the folder to a state that can be written on. The caller holds its lock.
pub(crate) fn recover(dir: &Path, vkey: &VKey) -> Result<Recovered, AuditError> {
    let file = |error: std::io::Error| AuditError::file(dir, error);
    fs::create_dir_all(dir.join("segments")).map_err(file)?;
    own_key(dir, vkey)?;
    let folder = Folder::list(dir).map_err(file)?;
    if let Some(name) = folder.unknown.first() {
        return Err(AuditError::Foreign {
            what: format!("`{name}` is no file of an audit log"),
        });
    }
    for name in &folder.temporary {
        files::remove(&dir.join(name)).map_err(file)?;
    }
    let head = last_checkpoint(dir, vkey)?;
    let covered = head.as_ref().map_or(0, |head| head.size);
    let mut governed = Vec::new();
    let (mut last_t, mut rewrite) = (0, Vec::new());
    let walked = walk(&folder, vkey.name(), |met| {
        let bad = |what: String| Bad {
            file: met.file.to_owned(),
            offset: met.offset,
            index: met.index,
            what,
        };
        let entry = decode(met.bytes).map_err(bad)?;
        last_t = entry.t.micros();
        let rows = entry.did.map(|did| did.rows).unwrap_or_default();
        if Governed::lists(entry.kind, &rows) {
            governed.push(Governed {
                index: met.index,
                leaf: met.leaf,
                kind: entry.kind,
                rows,
            });
        }
        if let Some(head) = head.as_ref().filter(|head| head.size == met.tiler.size())
            && head.root != met.tiler.root()
        {
            return Err(bad(format!(
                "the root of {} entries is not the one that was signed",
                head.size
            )));
        }
        for tile in met.full {
            if !tile_is_right(&folder, &tile, covered)? {
                rewrite.push(tile);
            }
        }
        Ok(())
    })?;
    let size = walked.tiler.size();
    if size < covered {
        let place = walked.torn.clone().unwrap_or(Bad {
            file: walked
                .segments
                .last()
                .map_or_else(|| CHECKPOINT.to_owned(), |last| segment::name(last.first)),
            offset: walked.segments.last().map_or(0, |last| last.length),
            index: size,
            what: String::new(),
        });
        let what = format!("{covered} entries were signed, {size} are whole; {}", place.what);
        return Err(Bad { what, ..place }.into());
    }
    if head.is_none() && size > 1 {
        let what = "there are entries and no checkpoint".to_owned();
        return Err(Bad {
            file: CHECKPOINT.to_owned(),
            offset: 0,
            index: 0,
            what,
        }
        .into());
    }
    for tile in walked.tiler.partial() {
        tile_is_right(&folder, tile, covered)?;
    }
    for path in folder
        .tiles
        .iter()
        .filter(|path| first_entry(path.kind, path.n) >= size)
    {
        files::remove(&dir.join(path.to_string())).map_err(file)?;
    }
    for tile in rewrite {
        files::write_atomic(&dir.join(tile.path().to_string()), tile.bytes(), true).map_err(file)?;
    }
    cut_tail(dir, &walked).map_err(file)?;
    Ok(Recovered {
        cut: walked.torn_bytes,
        walked,
        governed,
        last_t,
        covered,
    })
}

/// The published key is this log's; written if it is missing.
fn own_key(dir: &Path, vkey: &VKey) -> Result<(), AuditError> {
    let path = dir.join(VKEY);
    let text = format!("{vkey}\n");
    match fs::read_to_string(&path) {
        Ok(there) if there == text => Ok(()),
        Ok(_) => Err(AuditError::Foreign {
            what: "the folder's verifier key is of another log or key".to_owned(),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            files::write_atomic(&path, text.as_bytes(), true).map_err(|error| AuditError::file(&path, error))
        }
        Err(error) => Err(AuditError::file(&path, error)),
    }
}

fn last_checkpoint(dir: &Path, vkey: &VKey) -> Result<Option<Checkpoint>, AuditError> {
    let path = dir.join(CHECKPOINT);
    match fs::read_to_string(&path) {
        Ok(note) => match Checkpoint::verify(&note, vkey, &[]) {
            Ok((head, _)) => Ok(Some(head)),
            Err(error) => Err(Bad {
                file: CHECKPOINT.to_owned(),
                offset: 0,
                index: 0,
                what: error.to_string(),
            }
            .into()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(AuditError::file(&path, error)),
    }
}

/// Whether the tile's own file is there and right. Files above the checkpoint that differ are deleted
/// (they were not synced yet when the power went); below it that is damage.
fn tile_is_right(folder: &Folder, tile: &Tile, covered: u64) -> Result<bool, Bad> {
    let mut right = false;
    for path in folder.widths(tile.path()) {
        let file = path.to_string();
        let bad = |what: String| Bad {
            file: file.clone(),
            offset: 0,
            index: first_entry(tile.kind, tile.n),
            what,
        };
        let there = fs::read(folder.dir.join(&file)).map_err(|error| bad(error.to_string()))?;
        if Some(there.as_slice()) == tile.bytes_at(path.width) {
            right |= path.width == tile.width();
        } else if end_entry(tile, path.width) <= covered {
            return Err(bad("a tile differs from the entries it was made of".to_owned()));
        } else {
            files::remove(&folder.dir.join(&file)).map_err(|error| bad(error.to_string()))?;
        }
    }
    Ok(right)
}

/// How many entries stand under one item of the tile.
fn span(kind: Kind) -> u64 {
    match kind {
        Kind::Entries => 1,
        Kind::Hashes(level) => (FULL as u64).saturating_pow(u32::from(level)),
    }
}

pub(crate) fn first_entry(kind: Kind, n: u64) -> u64 {
    n.saturating_mul(FULL as u64).saturating_mul(span(kind))
}

pub(crate) fn end_entry(tile: &Tile, width: usize) -> u64 {
    first_entry(tile.kind, tile.n).saturating_add((width as u64).saturating_mul(span(tile.kind)))
}

fn cut_tail(dir: &Path, walked: &Walked) -> std::io::Result<()> {
    let Some(last) = walked.segments.last().filter(|_| walked.torn.is_some()) else {
        return Ok(());
    };
    let file = OpenOptions::new()
        .write(true)
        .open(dir.join(segment::name(last.first)))?;
    file.set_len(last.length)?;
    file.sync_all()
}
