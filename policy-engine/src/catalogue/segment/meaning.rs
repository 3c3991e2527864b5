//! What stands behind an id: groups, participants, storage URLs, as numbers of names and URLs.

use super::texts::{Bytes, put, put_growing};

/// See [`crate::catalogue::ObjectRecord`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Meaning {
    pub(super) groups: Option<Vec<u32>>,
    pub(super) participants: Option<Vec<u32>>,
    pub(super) urls: Vec<u32>,
}

impl Meaning {
    /// Nothing is known and nothing stands: no bytes. `None` if they cannot be read.
    pub(super) fn read(own: &[u8], names: u32, urls: u32) -> Option<Self> {
        if own.is_empty() {
            return Some(Self::default());
        }
        let mut rest = Bytes(own);
        let mut known = || match rest.number()? {
            0 => Some(None),
            more => rest.growing(more - 1, names).map(Some),
        };
        let (groups, participants) = (known()?, known()?);
        Some(Self {
            groups,
            participants,
            urls: rest.growing_to_the_end(urls)?,
        })
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut own = Vec::new();
        if *self == Self::default() {
            return own;
        }
        for list in [&self.groups, &self.participants] {
            match list {
                None => put(&mut own, 0),
                Some(list) => {
                    put(
                        &mut own,
                        u32::try_from(list.len()).unwrap_or(u32::MAX).saturating_add(1),
                    );
                    put_growing(&mut own, list);
                }
            }
        }
        put_growing(&mut own, &self.urls);
        own
    }
}

/// Numbers of the objects of a storage URL.
pub(super) fn owners(own: &[u8], objects: u32) -> Option<Vec<u32>> {
    Bytes(own).growing_to_the_end(objects)
}
