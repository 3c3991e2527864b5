//! Attachments that no scan can read: archives, whatever they are called (`apis.md` 3.4, E21).

use crate::understand::NotUnderstood;

/// How archives and compressed files begin, and where.
const MAGIC: [(usize, &[u8]); 11] = [
    (0, b"PK\x03\x04"),
    (0, b"PK\x05\x06"),
    (0, b"\x1f\x8b"),
    (0, b"\x1f\x9d"),
    (0, b"BZh"),
    (0, b"\xfd7zXZ\x00"),
    (0, b"\x28\xb5\x2f\xfd"),
    (0, b"7z\xbc\xaf\x27\x1c"),
    (0, b"\x04\x22\x4d\x18"),
    (0, b"Rar!"),
    (257, b"ustar"),
];

/// Refuses an archive.
///
/// # Errors
/// [`NotUnderstood`].
pub(crate) fn refuse(part: &str, bytes: &[u8]) -> Result<(), NotUnderstood> {
    let is = |(at, magic): &(usize, &[u8])| bytes.get(*at..).is_some_and(|rest| rest.starts_with(magic));
    if MAGIC.iter().any(is) {
        Err(NotUnderstood::at(
            part,
            "run.attachment_archive",
            "it is an archive; attach the files themselves",
        ))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e21_archives_are_refused_by_what_they_are() {
        let mut tar = vec![b'a'; 257];
        tar.extend(b"ustar\x0000");
        for bytes in [b"PK\x03\x04zip".as_slice(), b"\x1f\x8bgz", b"BZh9", &tar] {
            assert_eq!(refuse("x", bytes).unwrap_err().code, "run.attachment_archive");
        }
        for bytes in [b"sample,file\na,b\n".as_slice(), b"", b"PK"] {
            assert_eq!(refuse("x", bytes), Ok(()));
        }
    }
}
