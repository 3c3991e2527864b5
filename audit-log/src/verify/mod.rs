//! A whole folder against its checkpoint: every byte covered, what is wrong named with its place
//! (audit.md section 5). Takes no lock and changes nothing: it works on a log that is being written.

mod report;
mod tiles;

use std::fs;
use std::path::Path;

pub use report::{Finding, Report};
use tiles::Tiles;

use crate::checkpoint::Checkpoint;
use crate::encoding::decode;
use crate::error::AuditError;
use crate::event::{Entry, EventType};
use crate::note::{Note, VKey};
use crate::store::folder::{CHECKPOINT, Folder, VKEY};
use crate::store::walk::{Bad, Met, Walked, walk};

/// A clock may step back so far without an entry that says so, in microseconds.
const STEP_BACK: i64 = 2_000_000;
/// Longest file that is read whole, of those that are small: a note.
const SMALL: u64 = 64 * 1024;

/// Checks the log in this folder. Without `key`, by the key that the folder itself publishes; the report warns of it.
///
/// # Errors
/// [`AuditError::File`] if the folder can't be read: that is "can't tell", not "unsound".
pub fn verify_dir(dir: &Path, key: Option<&VKey>) -> Result<Report, AuditError> {
    let mut report = Report::default();
    // The head first: what is written while we read only adds to what it covers.
    let published = small(dir, VKEY)?;
    let note = small(dir, CHECKPOINT)?;
    let list = || Folder::list(dir).map_err(|error| AuditError::file(dir, error));
    // Segments after tiles: what a tile holds that was there is in a segment that is there.
    let mut folder = list()?;
    folder.segments = list()?.segments;
    let Some(vkey) = choose_key(published.as_deref(), key, &mut report) else {
        return Ok(report);
    };
    report.origin = Some(vkey.name().to_owned());
    report.checkpoint = head(note.as_deref(), &vkey, &mut report);
    for name in &folder.unknown {
        report.find(Finding::of(name, "no file of an audit log"));
    }
    let mut check = Check {
        head: report.checkpoint.clone(),
        tiles: Tiles::new(&folder),
        before: None,
        report,
    };
    let walked = walk(&folder, vkey.name(), |met| {
        check.entry(&met, vkey.name());
        Ok(())
    });
    let mut report = check.end(walked);
    for name in &folder.temporary {
        // A running writer renames its own within moments; what a killed one left goes at its next start.
        if dir.join(name).exists() {
            report.warn(&format!(
                "`{name}` is no part of the log yet: a writer's temporary file, covered by nothing"
            ));
        }
    }
    Ok(report)
}

/// A small file's text; `None` if it is missing, empty text if it is no text.
fn small(dir: &Path, name: &str) -> Result<Option<String>, AuditError> {
    let path = dir.join(name);
    match fs::metadata(&path) {
        Ok(meta) if meta.len() > SMALL => Ok(Some(String::new())),
        Ok(_) => match fs::read(&path) {
            Ok(bytes) => Ok(Some(String::from_utf8(bytes).unwrap_or_default())),
            Err(error) => Err(AuditError::file(&path, error)),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && dir.is_dir() => Ok(None),
        Err(error) => Err(AuditError::file(&path, error)),
    }
}

fn choose_key(published: Option<&str>, key: Option<&VKey>, report: &mut Report) -> Option<VKey> {
    let read = published.map(|text| text.strip_suffix('\n').unwrap_or_default().parse::<VKey>());
    let read = match read {
        Some(Ok(read)) => Some(read),
        Some(Err(error)) => {
            report.find(Finding::of(VKEY, error.to_string()));
            None
        }
        None => {
            report.find(Finding::of(VKEY, "the published verifier key is missing"));
            None
        }
    };
    match (key, read) {
        (Some(key), Some(read)) => {
            if *key != read {
                report.find(Finding::of(VKEY, "the folder publishes another key than the one given"));
            }
            Some(key.clone())
        }
        (Some(key), None) => Some(key.clone()),
        (None, Some(read)) => {
            report.warn("checked by the key that the folder itself publishes: whoever wrote the folder chose it");
            Some(read)
        }
        (None, None) => None,
    }
}

fn head(note: Option<&str>, vkey: &VKey, report: &mut Report) -> Option<Checkpoint> {
    let Some(note) = note else {
        report.find(Finding::of(CHECKPOINT, "the checkpoint is missing"));
        return None;
    };
    match Checkpoint::verify(note, vkey, &[]) {
        Ok((head, signed)) => {
            if Note::parse(note).is_ok_and(|note| note.signature_count() > signed.len()) {
                report.find(Finding::of(
                    CHECKPOINT,
                    "a signature by a key that was not given: it covers nothing",
                ));
            }
            Some(head)
        }
        Err(error) => {
            report.find(Finding::of(CHECKPOINT, error.to_string()));
            None
        }
    }
}

struct Check<'a> {
    head: Option<Checkpoint>,
    tiles: Tiles<'a>,
    before: Option<Entry>,
    report: Report,
}

impl Check<'_> {
    fn entry(&mut self, met: &Met<'_>, origin: &str) {
        let mut find = |what: String| {
            self.report.find(Finding {
                file: met.file.to_owned(),
                offset: Some(met.offset),
                index: Some(met.index),
                what,
            });
        };
        match decode(met.bytes) {
            Err(what) => find(what),
            Ok(entry) => {
                if entry.log.as_str() != origin {
                    find("an entry of another log".to_owned());
                }
                if entry.v != 1 {
                    find("an entry of an unknown schema version".to_owned());
                }
                if let Some(before) = &self.before {
                    let back = entry.t.micros() < before.t.micros().saturating_sub(STEP_BACK);
                    if back && entry.kind != EventType::ClockStep && before.kind != EventType::ClockStep {
                        find("the clock steps back without an entry that says so".to_owned());
                    }
                }
                self.before = Some(entry);
            }
        }
        if let Some(head) = self.head.as_ref().filter(|head| head.size == met.tiler.size())
            && head.root != met.tiler.root()
        {
            find(format!(
                "the entries up to here are not those that were signed ({} of them)",
                head.size
            ));
        }
        for tile in &met.full {
            self.tiles.compare(tile, &mut self.report);
        }
    }

    fn end(mut self, walked: Result<Walked, Bad>) -> Report {
        let walked = match walked {
            Ok(walked) => walked,
            Err(bad) => {
                self.report.find(bad.into());
                self.report.warn("nothing after the damaged place could be checked");
                return self.report;
            }
        };
        let size = walked.tiler.size();
        self.report.entries = size;
        let covered = self.head.as_ref().map_or(0, |head| head.size);
        self.report.uncovered = size.saturating_sub(covered);
        if let Some(torn) = walked.torn {
            if size < covered {
                self.report.find(torn.into());
            } else {
                self.report.warn(&format!(
                    "{} bytes at the end of `{}` are no whole entry: one that is being written, or a torn write",
                    walked.torn_bytes, torn.file
                ));
            }
        } else if size < covered {
            let file = walked
                .segments
                .last()
                .map_or_else(|| CHECKPOINT.to_owned(), |last| last.name());
            let what = format!("{covered} entries were signed, {size} are there");
            self.report.find(Finding {
                file,
                offset: None,
                index: Some(size),
                what,
            });
        }
        if size == 0 && covered == 0 && self.head.as_ref().is_some_and(|head| head.root != walked.tiler.root()) {
            self.report
                .find(Finding::of(CHECKPOINT, "the root of an empty log is another"));
        }
        for tile in walked.tiler.partial() {
            self.tiles.compare(tile, &mut self.report);
        }
        self.tiles.end(covered, &mut self.report);
        if self.report.uncovered > 0 {
            let uncovered = self.report.uncovered;
            self.report.warn(&format!(
                "{uncovered} entries not yet under a checkpoint: their checksums were checked"
            ));
        }
        self.report
    }
}
