//! Tiles and entry bundles grown entry by entry.

use super::tile_path::{FULL, Kind, TilePath};
use super::{Growing, Hash, Levels};

/// A tile or bundle as far as it is filled.
#[derive(Clone, Debug)]
pub(crate) struct Tile {
    pub(crate) kind: Kind,
    pub(crate) n: u64,
    bytes: Vec<u8>,
    /// Where each hash or entry ends in `bytes`.
    ends: Vec<usize>,
}

impl Tile {
    fn new(kind: Kind, n: u64) -> Self {
        Self {
            kind,
            n,
            bytes: Vec::new(),
            ends: Vec::new(),
        }
    }

    fn push(&mut self, head: &[u8], item: &[u8]) {
        self.bytes.extend_from_slice(head);
        self.bytes.extend_from_slice(item);
        self.ends.push(self.bytes.len());
    }

    /// Its address at the present width.
    pub(crate) fn path(&self) -> TilePath {
        TilePath {
            kind: self.kind,
            n: self.n,
            width: self.width(),
        }
    }

    pub(crate) fn width(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of the tile as they are now.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes that it had at this width; `None` if it is not yet as wide.
    pub(crate) fn bytes_at(&self, width: usize) -> Option<&[u8]> {
        let end = *self.ends.get(width.checked_sub(1)?)?;
        self.bytes.get(..end)
    }

    /// Which hash or entry of the tile this byte belongs to.
    pub(crate) fn item_at(&self, offset: usize) -> usize {
        self.ends.partition_point(|end| *end <= offset)
    }
}

/// All unfinished tiles of a log, its frontier with them.
#[derive(Clone, Debug)]
pub(crate) struct Tiler {
    growing: Growing,
    levels: Vec<Tile>,
    bundle: Tile,
}

impl Default for Tiler {
    fn default() -> Self {
        Self {
            growing: Growing::default(),
            levels: Vec::new(),
            bundle: Tile::new(Kind::Entries, 0),
        }
    }
}

impl Tiler {
    pub(crate) fn size(&self) -> u64 {
        self.growing.size()
    }

    pub(crate) fn root(&self) -> Hash {
        self.growing.root()
    }

    /// The frontier, without the tiles.
    pub(crate) fn growing(&self) -> &Growing {
        &self.growing
    }

    /// Adds an entry; gives the tiles that it filled.
    pub(crate) fn push(&mut self, entry: &[u8], leaf: Hash) -> Vec<Tile> {
        self.growing.push(leaf);
        let mut full = Vec::new();
        let length = u16::try_from(entry.len()).unwrap_or(u16::MAX);
        self.bundle.push(&length.to_be_bytes(), entry);
        if self.bundle.width() == FULL {
            let next = Tile::new(Kind::Entries, self.bundle.n + 1);
            full.push(std::mem::replace(&mut self.bundle, next));
        }
        let mut hash = leaf;
        for level in 0..=u8::MAX {
            if self.levels.len() <= usize::from(level) {
                self.levels.push(Tile::new(Kind::Hashes(level), 0));
            }
            let Some(tile) = self.levels.get_mut(usize::from(level)) else {
                break;
            };
            tile.push(&[], &hash);
            if tile.width() < FULL {
                break;
            }
            let next = Tile::new(tile.kind, tile.n + 1);
            let done = std::mem::replace(tile, next);
            hash = Levels::new(done.bytes.as_chunks::<32>().0.to_vec()).root();
            full.push(done);
        }
        full
    }

    /// The tiles that are begun and not full.
    pub(crate) fn partial(&self) -> impl Iterator<Item = &Tile> {
        self.levels
            .iter()
            .chain(std::iter::once(&self.bundle))
            .filter(|tile| tile.width() > 0)
    }
}
