//! Looks at a whole file, once: what passes is what [`super::write`] makes of the objects in it, byte for byte.

use super::meaning::{Meaning, owners};
use super::{Fault, Segment};
use crate::consent::Name;

/// Bytes behind one id: what a line of the older form may have.
const OWN_BYTES: usize = 4 * 1024 * 1024;

pub(super) fn whole(segment: &Segment) -> Result<(), Fault> {
    let (names, urls) = (segment.names().count(), segment.urls().count());
    segment.names().check(|row, text, own| {
        is_name(row, text)?;
        empty(row, own)
    })?;
    let mut used = vec![false; usize::try_from(names).unwrap_or_default()];
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    segment.ids().check(|row, text, own| {
        is_name(row, text)?;
        let wrong = Fault::at("says of an object what cannot be read", row);
        if own.len() > OWN_BYTES {
            return Err(Fault::at("says too much of one object", row));
        }
        let meaning = Meaning::read(own, names, urls).ok_or(wrong)?;
        // one form only: nothing known is no bytes
        if meaning == Meaning::default() && !own.is_empty() {
            return Err(wrong);
        }
        let named = meaning.groups.iter().chain(&meaning.participants).flatten();
        for slot in named.filter_map(|number| usize::try_from(*number).ok()) {
            if let Some(seen) = used.get_mut(slot) {
                *seen = true;
            }
        }
        pairs.extend(meaning.urls.into_iter().map(|url| (url, row)));
        Ok(())
    })?;
    if let Some(row) = (0_u32..).zip(&used).find_map(|(row, used)| (!used).then_some(row)) {
        return Err(Fault::at("holds a name that no object has", row));
    }
    pairs.sort_unstable();
    let mut pairs = pairs.into_iter();
    segment.urls().check(|row, _, own| {
        let wrong = Fault::at("has URLs that do not agree with its objects", row);
        let list = owners(own, segment.len())
            .filter(|list| !list.is_empty())
            .ok_or(wrong)?;
        let agree = list.into_iter().all(|object| pairs.next() == Some((row, object)));
        if agree { Ok(()) } else { Err(wrong) }
    })?;
    match pairs.next() {
        None => Ok(()),
        Some((row, _)) => Err(Fault::at("has URLs that do not agree with its objects", row)),
    }
}

fn is_name(row: u32, text: &str) -> Result<(), Fault> {
    // as `Name` has it, without making one
    let good = !text.is_empty() && (text.len() <= 255 || Name::try_from(text).is_ok());
    if good {
        Ok(())
    } else {
        Err(Fault::at("holds an id or a name that is empty or too long", row))
    }
}

fn empty(row: u32, own: &[u8]) -> Result<(), Fault> {
    if own.is_empty() {
        Ok(())
    } else {
        Err(Fault::at("says something of a name", row))
    }
}
