//! Automatic checks of one file. They stop what is certainly wrong; what they let by still waits for a person.

mod content;
mod finding;
mod picture;
mod table;
mod unpack;

use md5::{Digest as _, Md5};
use ring::digest;

pub(super) use finding::Finding;

/// Checksums of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Sums {
    pub(super) size: u64,
    /// Lower-case hexadecimal.
    pub(super) sha256: String,
    /// Lower-case hexadecimal.
    pub(super) md5: String,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Sums {
    /// Of these bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self {
            size: bytes.len() as u64,
            sha256: hex(digest::digest(&digest::SHA256, bytes).as_ref()),
            md5: hex(&Md5::digest(bytes)),
        }
    }
}

/// Looks into a file.
pub(super) fn looked(bytes: &[u8], name: &str, least: u64) -> (Sums, Vec<Finding>) {
    (Sums::of(bytes), content::judge(bytes, name, least))
}
