//! Tiles and entry bundles against the entries that they were made of.

use std::collections::BTreeSet;
use std::fs;

use super::report::{Finding, Report};
use crate::store::folder::Folder;
use crate::store::recover::first_entry;
use crate::tree::tile_path::{FULL, Kind, TilePath};
use crate::tree::tiles::Tile;

pub(super) struct Tiles<'a> {
    folder: &'a Folder,
    compared: BTreeSet<TilePath>,
}

impl<'a> Tiles<'a> {
    pub(super) fn new(folder: &'a Folder) -> Self {
        Self {
            folder,
            compared: BTreeSet::new(),
        }
    }

    /// Compares every file of this tile, full or partial, with what it must hold.
    pub(super) fn compare(&mut self, tile: &Tile, report: &mut Report) {
        for path in self.folder.widths(tile.path()) {
            let file = path.to_string();
            let Some(right) = tile.bytes_at(path.width) else {
                // Told at the end: it holds entries that are not there.
                continue;
            };
            self.compared.insert(path);
            let there = match fs::read(self.folder.dir.join(&file)) {
                Ok(there) => there,
                // A writer removes partial tiles when wider ones are there.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && path.width < FULL => continue,
                Err(error) => {
                    report.find(Finding::of(&file, error.to_string()));
                    continue;
                }
            };
            if there != right {
                let same = there.iter().zip(right).take_while(|(one, other)| one == other).count();
                let item = tile.item_at(same).min(path.width - 1) as u64;
                let each = first_entry(tile.kind, 1) / FULL as u64;
                let index = first_entry(tile.kind, tile.n) + item * each;
                report.find(Finding {
                    file,
                    offset: Some(same as u64),
                    index: Some(index),
                    what: "differs from the entries in the segments".to_owned(),
                });
            }
        }
    }

    /// What is missing under the checkpoint, and what is there of entries that are not.
    pub(super) fn end(&self, covered: u64, report: &mut Report) {
        for path in self.folder.tiles.iter().filter(|path| !self.compared.contains(path)) {
            if self.folder.dir.join(path.to_string()).exists() {
                report.find(Finding {
                    index: Some(first_entry(path.kind, path.n)),
                    ..Finding::of(&path.to_string(), "made of entries that are not in the segments")
                });
            }
        }
        let mut each = 1;
        let mut items = covered;
        self.needed(Kind::Entries, covered, report);
        for level in 0..8 {
            if items == 0 {
                break;
            }
            self.needed(Kind::Hashes(level), items, report);
            each *= FULL as u64;
            items = covered / each;
        }
    }

    fn needed(&self, kind: Kind, items: u64, report: &mut Report) {
        let whole = items / FULL as u64;
        let rest = usize::try_from(items % FULL as u64).unwrap_or_default();
        for n in 0..whole {
            self.need(TilePath { kind, n, width: FULL }, report);
        }
        if rest > 0 {
            self.need(
                TilePath {
                    kind,
                    n: whole,
                    width: rest,
                },
                report,
            );
        }
    }

    /// This tile, or a wider one of the same number.
    fn need(&self, path: TilePath, report: &mut Report) {
        if !self.folder.widths(path).any(|there| there.width >= path.width) {
            report.find(Finding {
                index: Some(first_entry(path.kind, path.n)),
                ..Finding::of(&path.to_string(), "missing, though a checkpoint covers it")
            });
        }
    }
}
