//! Sorted texts, each once, with some bytes of its own behind it. Front-coded: sixteen make a block, the first of them
//! stands whole, the others say how many bytes they share with the one before.

use super::Fault;

/// Texts of one block.
const BLOCK: u32 = 16;

/// Bytes that are read from the front. Every number has one form only.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'b>(pub(super) &'b [u8]);

impl<'b> Bytes<'b> {
    /// Seven bits a byte, the lowest first.
    pub(super) fn number(&mut self) -> Option<u32> {
        let mut value = 0_u32;
        for shift in [0, 7, 14, 21, 28] {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let bits = u32::from(byte & 0x7f);
            // of the fifth byte four bits fit
            if shift == 28 && bits > 0x0f {
                return None;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return (*byte != 0 || shift == 0).then_some(value);
            }
        }
        None
    }

    pub(super) fn take(&mut self, count: u32) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(count).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    /// So many growing numbers, each below `bound`: the first as it is, then what lies between.
    pub(super) fn growing(&mut self, count: u32, bound: u32) -> Option<Vec<u32>> {
        // each has a byte at least
        let mut list = Vec::with_capacity(usize::try_from(count).ok()?.min(self.0.len()));
        let mut least = 0_u32;
        for _ in 0..count {
            let number = least.checked_add(self.number()?)?;
            if number >= bound {
                return None;
            }
            list.push(number);
            least = number.checked_add(1)?;
        }
        Some(list)
    }

    /// Growing numbers up to the end.
    pub(super) fn growing_to_the_end(&mut self, bound: u32) -> Option<Vec<u32>> {
        let mut list = Vec::new();
        let mut least = 0_u32;
        while !self.0.is_empty() {
            let number = least.checked_add(self.number()?)?;
            if number >= bound {
                return None;
            }
            list.push(number);
            least = number.checked_add(1)?;
        }
        Some(list)
    }
}

/// See [`Bytes::number`].
pub(super) fn put(to: &mut Vec<u8>, mut number: u32) {
    loop {
        let bits = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            to.push(bits);
            return;
        }
        to.push(bits | 0x80);
    }
}

/// See [`Bytes::growing`].
pub(super) fn put_growing(to: &mut Vec<u8>, list: &[u32]) {
    let mut least = 0;
    for number in list {
        put(to, number.saturating_sub(least));
        least = number.saturating_add(1);
    }
}

/// Writes such a table; texts come sorted.
#[derive(Debug, Default)]
pub(super) struct Writer {
    offsets: Vec<u8>,
    body: Vec<u8>,
    last: Vec<u8>,
    count: u32,
}

impl Writer {
    pub(super) fn push(&mut self, text: &[u8], own: &[u8]) {
        let mut shared = 0;
        if self.count.is_multiple_of(BLOCK) {
            // beyond four gigabytes the file is too large for a list, and is not used
            let at = u32::try_from(self.body.len()).unwrap_or(u32::MAX);
            self.offsets.extend(at.to_le_bytes());
        } else {
            shared = common(&self.last, text);
            put(&mut self.body, length(shared));
        }
        let rest = text.get(shared..).unwrap_or_default();
        put(&mut self.body, length(rest.len()));
        self.body.extend(rest);
        put(&mut self.body, length(own.len()));
        self.body.extend(own);
        self.last.clear();
        self.last.extend(text);
        self.count = self.count.saturating_add(1);
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Bytes of the texts, without the offsets.
    pub(super) fn body(&self) -> usize {
        self.body.len()
    }

    pub(super) fn end(self, to: &mut Vec<u8>) {
        to.extend(self.offsets);
        to.extend(self.body);
    }
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn common(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

/// Bytes that the offsets of so many texts take.
pub(super) fn offsets(count: u32) -> usize {
    usize::try_from(count.div_ceil(BLOCK)).map_or(usize::MAX, |blocks| blocks.saturating_mul(4))
}

/// A table as it lies in a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Texts<'t> {
    count: u32,
    offsets: &'t [u8],
    body: &'t [u8],
}

impl<'t> Texts<'t> {
    pub(super) fn of(count: u32, offsets: &'t [u8], body: &'t [u8]) -> Self {
        Self { count, offsets, body }
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    fn offset(&self, block: u32) -> Option<usize> {
        let at = usize::try_from(block).ok()?.checked_mul(4)?;
        let bytes = self.offsets.get(at..at.checked_add(4)?)?;
        usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
    }

    /// The texts from this one on.
    pub(super) fn from(&self, row: u32) -> Cursor<'t> {
        let mut cursor = Cursor {
            texts: *self,
            next: row - row % BLOCK,
            rest: Bytes(&[]),
            text: Vec::new(),
        };
        while cursor.next < row && cursor.step().is_some() {}
        cursor
    }

    /// The text of a number, with its own bytes.
    pub(super) fn get(&self, row: u32) -> Option<(Vec<u8>, &'t [u8])> {
        let mut cursor = self.from(row);
        let own = cursor.step()?;
        Some((cursor.text, own))
    }

    /// The number of the first text that is not less than this one.
    pub(super) fn not_less(&self, wanted: &[u8]) -> u32 {
        // the last block whose first text is not greater
        let (mut low, mut high) = (0, self.count.div_ceil(BLOCK));
        while low < high {
            let middle = low + (high - low) / 2;
            let less = self.get(middle * BLOCK).is_some_and(|(text, _)| *text < *wanted);
            if less {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let Some(block) = low.checked_sub(1) else { return 0 };
        let mut cursor = self.from(block * BLOCK);
        loop {
            let row = cursor.next;
            if cursor.step().is_none() || *cursor.text >= *wanted {
                return row;
            }
        }
    }

    /// Looks at every byte: in order, each text in the one form that a writer gives it.
    pub(super) fn check(&self, mut each: impl FnMut(u32, &str, &'t [u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        let mut rest = Bytes(self.body);
        let (mut last, mut text): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
        for row in 0..self.count {
            let cut = Fault::at("is cut short", row);
            let mut shared = 0;
            if row.is_multiple_of(BLOCK) {
                let at = self.body.len() - rest.0.len();
                if self.offset(row / BLOCK) != Some(at) {
                    return Err(Fault::at("has an offset that leads elsewhere", row));
                }
            } else {
                shared = rest.number().and_then(|n| usize::try_from(n).ok()).ok_or(cut)?;
            }
            let whole = row.is_multiple_of(BLOCK);
            text.clear();
            text.extend(last.get(..shared).ok_or(cut)?);
            let length = rest.number().ok_or(cut)?;
            text.extend(rest.take(length).ok_or(cut)?);
            let length = rest.number().ok_or(cut)?;
            let own = rest.take(length).ok_or(cut)?;
            if row > 0 && *text <= *last {
                return Err(Fault::at("is not sorted, or holds a text twice", row));
            }
            if !whole && common(&last, &text) != shared {
                return Err(Fault::at("is not in the one form", row));
            }
            each(
                row,
                std::str::from_utf8(&text).map_err(|_| Fault::at("holds what is no text", row))?,
                own,
            )?;
            std::mem::swap(&mut last, &mut text);
        }
        if rest.0.is_empty() {
            Ok(())
        } else {
            Err(Fault::at("goes on behind its end", self.count))
        }
    }
}

/// Goes through the texts of a table in order.
#[derive(Debug)]
pub(super) struct Cursor<'t> {
    texts: Texts<'t>,
    next: u32,
    rest: Bytes<'t>,
    text: Vec<u8>,
}

impl<'t> Cursor<'t> {
    /// The text of the last step.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Goes to the next text; its own bytes.
    pub(super) fn step(&mut self) -> Option<&'t [u8]> {
        if self.next >= self.texts.count {
            return None;
        }
        let mut shared = 0;
        if self.next.is_multiple_of(BLOCK) {
            let at = self.texts.offset(self.next / BLOCK)?;
            self.rest = Bytes(self.texts.body.get(at..)?);
        } else {
            shared = usize::try_from(self.rest.number()?).ok()?;
        }
        let length = self.rest.number()?;
        let more = self.rest.take(length)?;
        let length = self.rest.number()?;
        let own = self.rest.take(length)?;
        self.text.truncate(shared);
        self.text.extend(more);
        self.next += 1;
        Some(own)
    }
}
