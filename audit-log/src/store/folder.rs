//! What lies in a log's folder: every file has a known name, or is told.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::TEMPORARY;
use super::segment;
use crate::tree::tile_path::TilePath;

/// The signed head.
pub(crate) const CHECKPOINT: &str = "checkpoint";
/// The published verifier key.
pub(crate) const VKEY: &str = "log.vkey";
/// Deeper folders than tiles need.
const DEPTH: usize = 12;

/// The files of a folder, by kind.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    pub(crate) dir: PathBuf,
    /// Segment files by their first index.
    pub(crate) segments: BTreeMap<u64, String>,
    pub(crate) tiles: BTreeSet<TilePath>,
    /// What a writer is writing, or was when it was killed.
    pub(crate) temporary: Vec<String>,
    pub(crate) unknown: Vec<String>,
}

impl Folder {
    pub(crate) fn list(dir: &Path) -> io::Result<Self> {
        let mut folder = Self {
            dir: dir.to_owned(),
            ..Self::default()
        };
        folder.enter(dir, "", 0)?;
        folder.unknown.sort();
        Ok(folder)
    }

    fn enter(&mut self, dir: &Path, prefix: &str, depth: usize) -> io::Result<()> {
        for item in fs::read_dir(dir)? {
            let item = item?;
            let name = format!("{prefix}{}", item.file_name().to_string_lossy());
            let kind = item.file_type()?;
            if kind.is_dir() && depth < DEPTH {
                self.enter(&item.path(), &format!("{name}/"), depth + 1)?;
            } else if !kind.is_file() {
                self.unknown.push(name);
            } else if name.strip_suffix(TEMPORARY).is_some_and(is_own) {
                self.temporary.push(name);
            } else if let Some(tile) = TilePath::parse(&name) {
                self.tiles.insert(tile);
            } else if let Some(first) = segment::parse_name(&name) {
                self.segments.insert(first, name);
            } else if name != CHECKPOINT && name != VKEY {
                self.unknown.push(name);
            }
        }
        Ok(())
    }

    /// Tiles of this kind and number, at whatever width.
    pub(crate) fn widths(&self, of: TilePath) -> impl Iterator<Item = TilePath> + '_ {
        let from = TilePath { width: 0, ..of };
        let to = TilePath {
            width: usize::MAX,
            ..of
        };
        self.tiles.range(from..=to).copied()
    }
}

/// Whether a file of a log can have this name.
fn is_own(name: &str) -> bool {
    name == CHECKPOINT || name == VKEY || TilePath::parse(name).is_some() || segment::parse_name(name).is_some()
}
