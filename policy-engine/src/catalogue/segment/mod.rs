//! A list of objects as one file of bytes that is asked where it lies: sorted ids, storage URLs and names, front-coded,
//! five to forty bytes an object. Equal lists have equal bytes, so that a digest names a list.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `89 56 53 4D 4F 42 4A 01` |
//! | 3 × 4 | how many ids, URLs, names (little-endian, as all that follows) |
//! | 3 × 4 | bytes of the ids, URLs, names |
//! | rest | the three tables: offsets of blocks of 16, then the texts (`texts`) |
//!
//! Behind an id stand the numbers of its groups, participants and URLs; behind a URL the numbers of its objects.

mod check;
mod meaning;
#[cfg(test)]
mod tests;
mod texts;
mod write;

use std::collections::BTreeSet;
use std::fmt;

pub use write::{Part, write};

use self::meaning::Meaning;
use self::texts::Texts;
use super::{ObjectRecord, list::ListError};
use crate::{consent::Name, decide::hex_digest};

/// What no text begins with.
const MAGIC: [u8; 8] = *b"\x89VSMOBJ\x01";
const HEADER: usize = 32;
/// Objects of one list.
pub const LIST_OBJECTS: u32 = 1 << 24;
/// Bytes of one list as it is read: what a node takes as one file.
pub const SEGMENT_BYTES: usize = 64 * 1024 * 1024;

/// A list that is not what [`write()`] makes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the list of objects {what} (entry {row})")]
pub struct Fault {
    what: &'static str,
    row: u32,
}

impl Fault {
    const fn at(what: &'static str, row: u32) -> Self {
        Self { what, row }
    }

    /// Stable.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "catalogue.list_damaged"
    }
}

/// A list, checked once from front to end. What it answers is what it says: ids stand in it letter by letter.
pub struct Segment {
    bytes: Box<[u8]>,
    /// SHA-256 of the file that it came as, lower-case hexadecimal.
    digest: Box<str>,
    tables: [Table; 3],
}

/// Where a table lies.
#[derive(Clone, Copy, Debug, Default)]
struct Table {
    count: u32,
    offsets: usize,
    body: usize,
    end: usize,
}

impl Segment {
    /// Whether a file is a list in this form; older ones are texts.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC)
    }

    /// Takes a file: every byte is looked at, and its digest made.
    ///
    /// # Errors
    /// [`Fault`]: cut short, not sorted, or anything that [`write()`] would not write.
    pub fn open(bytes: Vec<u8>) -> Result<Self, Fault> {
        let digest = hex_digest(&bytes).into();
        let segment = Self {
            tables: tables(&bytes)?,
            bytes: bytes.into_boxed_slice(),
            digest,
        };
        check::whole(&segment)?;
        Ok(segment)
    }

    /// Takes a list in the older form, a JSON object a line; its digest is that of the text.
    ///
    /// # Errors
    /// [`ListError`]
    pub fn of_text(text: &str) -> Result<Self, ListError> {
        let count = text.lines().count() as u64;
        let dataset = Name::try_from("-").map_err(|_| ListError::Count { found: 0, said: count })?;
        let records = super::list::read(text, &dataset, count)?;
        // what was one file stays one
        let made = write(records, usize::MAX).into_iter().next();
        let bytes = made.map_or_else(|| write::nothing().bytes, |part| part.bytes);
        let damaged = |fault: Fault| ListError::Damaged { fault };
        Ok(Self {
            tables: tables(&bytes).map_err(damaged)?,
            bytes: bytes.into_boxed_slice(),
            digest: hex_digest(text.as_bytes()).into(),
        })
    }

    /// SHA-256 of the file that it came as, lower-case hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// How many objects.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.ids().count()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many storage URLs.
    pub(super) fn url_count(&self) -> u32 {
        self.urls().count()
    }

    /// Bytes that it takes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    fn table(&self, which: usize) -> Texts<'_> {
        let part = |table: &Table| {
            let offsets = self.bytes.get(table.offsets..table.body)?;
            let body = self.bytes.get(table.body..table.end)?;
            Some(Texts::of(table.count, offsets, body))
        };
        let found = self.tables.get(which).and_then(part);
        found.unwrap_or(Texts::of(0, &[], &[]))
    }

    fn ids(&self) -> Texts<'_> {
        self.table(0)
    }

    fn urls(&self) -> Texts<'_> {
        self.table(1)
    }

    fn names(&self) -> Texts<'_> {
        self.table(2)
    }

    /// Calls with each id and its number.
    pub(super) fn each_id(&self, mut call: impl FnMut(u32, &[u8])) {
        let mut cursor = self.ids().from(0);
        for row in 0..self.len() {
            if cursor.step().is_none() {
                return;
            }
            call(row, cursor.text());
        }
    }

    /// Calls with each storage URL and the numbers of its objects.
    pub(super) fn each_url(&self, mut call: impl FnMut(&[u8], u32)) {
        let mut cursor = self.urls().from(0);
        while let Some(own) = cursor.step() {
            for row in meaning::owners(own, self.len()).unwrap_or_default() {
                call(cursor.text(), row);
            }
        }
    }

    /// The id of a number.
    pub(super) fn id(&self, row: u32) -> Option<Vec<u8>> {
        self.ids().get(row).map(|(text, _)| text)
    }

    /// The object of a number.
    pub(super) fn object(&self, row: u32, dataset: &Name) -> Option<ObjectRecord> {
        let (text, own) = self.ids().get(row)?;
        self.made(&text, own, dataset)
    }

    fn made(&self, id: &[u8], own: &[u8], dataset: &Name) -> Option<ObjectRecord> {
        let name = |text: &[u8]| Name::try_from(std::str::from_utf8(text).ok()?).ok();
        let named = |number: u32| name(&self.names().get(number)?.0);
        let meaning = Meaning::read(own, self.names().count(), self.urls().count())?;
        let url = |number: u32| String::from_utf8(self.urls().get(number)?.0).ok();
        Some(ObjectRecord {
            id: name(id)?,
            dataset: dataset.clone(),
            groups: match meaning.groups {
                Some(list) => Some(list.into_iter().map(named).collect::<Option<_>>()?),
                None => None,
            },
            participants: match meaning.participants {
                Some(list) => Some(list.into_iter().map(named).collect::<Option<_>>()?),
                None => None,
            },
            urls: meaning.urls.into_iter().map(url).collect::<Option<_>>()?,
        })
    }

    /// The object of a decoded DRS id, if it is the one of this number.
    pub(super) fn object_if(&self, row: u32, id: &[u8], dataset: &Name) -> Option<ObjectRecord> {
        let (text, own) = self.ids().get(row)?;
        if *text != *id {
            return None;
        }
        self.made(&text, own, dataset)
    }

    /// Whether the object of this number has this id.
    pub(super) fn has(&self, row: u32, id: &[u8]) -> bool {
        self.ids().get(row).is_some_and(|(text, _)| *text == *id)
    }

    /// First and last storage URL.
    pub(super) fn reach(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let urls = self.urls();
        Some((urls.get(0)?.0, urls.get(urls.count().checked_sub(1)?)?.0))
    }

    /// Numbers of the objects whose storage URL is this one (without a slash at its end) or lies under it; `None` if
    /// there are more than `most`.
    pub(super) fn under(&self, directory: &[u8], most: usize) -> Option<BTreeSet<u32>> {
        let mut found = BTreeSet::new();
        let mut below = directory.to_vec();
        below.push(b'/');
        for (start, whole) in [(directory, true), (&*below, false)] {
            let mut cursor = self.urls().from(self.urls().not_less(start));
            while let Some(own) = cursor.step() {
                let hit = if whole {
                    cursor.text() == start
                } else {
                    cursor.text().starts_with(start)
                };
                if !hit {
                    break;
                }
                found.extend(meaning::owners(own, self.len()).unwrap_or_default());
                if found.len() > most {
                    return None;
                }
            }
        }
        Some(found)
    }

    /// All objects in order, of this dataset.
    pub(super) fn walk<'s>(&'s self, dataset: &'s Name) -> Walk<'s> {
        Walk {
            segment: self,
            dataset,
            cursor: self.ids().from(0),
        }
    }

    /// The list as objects of this dataset.
    pub fn objects<'s>(&'s self, dataset: &'s Name) -> impl Iterator<Item = ObjectRecord> + use<'s> {
        self.walk(dataset)
    }
}

/// Goes through a list.
#[derive(Debug)]
pub(super) struct Walk<'s> {
    segment: &'s Segment,
    dataset: &'s Name,
    cursor: texts::Cursor<'s>,
}

impl Iterator for Walk<'_> {
    type Item = ObjectRecord;

    fn next(&mut self) -> Option<ObjectRecord> {
        let own = self.cursor.step()?;
        self.segment.made(self.cursor.text(), own, self.dataset)
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Segment")
            .field("digest", &self.digest)
            .field("objects", &self.len())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}

/// Where the tables of a file lie: it ends where the last does.
fn tables(bytes: &[u8]) -> Result<[Table; 3], Fault> {
    let short = Fault::at("is cut short", 0);
    if !Segment::is_one(bytes) {
        return Err(Fault::at("is in no form that is known here", 0));
    }
    let header = bytes.get(MAGIC.len()..HEADER).ok_or(short)?;
    let numbers: Vec<u32> = header
        .chunks_exact(4)
        .filter_map(|four| four.try_into().ok().map(u32::from_le_bytes))
        .collect();
    let (counts, lengths) = numbers.split_at_checked(3).ok_or(short)?;
    if counts.first().is_some_and(|objects| *objects > LIST_OBJECTS) {
        return Err(Fault::at("holds more objects than one list may", LIST_OBJECTS));
    }
    let mut tables = [Table::default(); 3];
    let mut at = HEADER;
    for ((table, count), length) in tables.iter_mut().zip(counts).zip(lengths) {
        let length = usize::try_from(*length).map_err(|_| short)?;
        let body = at.checked_add(texts::offsets(*count)).ok_or(short)?;
        let end = body.checked_add(length).ok_or(short)?;
        *table = Table {
            count: *count,
            offsets: at,
            body,
            end,
        };
        at = end;
    }
    match at.cmp(&bytes.len()) {
        std::cmp::Ordering::Equal => Ok(tables),
        std::cmp::Ordering::Greater => Err(short),
        std::cmp::Ordering::Less => Err(Fault::at("goes on behind its end", 0)),
    }
}
