//! The objects: every file that was made, with its size and checksums, read once at start.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use md5::{Digest, Md5};
use ring::digest::{Context, SHA256};

use crate::{SampleError, files::MadeFile, world};

/// An object of the DRS.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its DRS id.
    pub id: String,
    /// Its cohort (`a` to `d`).
    pub cohort: &'static str,
    /// Its file's name.
    pub name: String,
    /// One line about it.
    pub description: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Whose data are in it.
    pub participants: Vec<String>,
    /// The file itself, absolute.
    pub file: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// Its MD5, lower-case hexadecimal.
    pub md5: String,
    /// When it was made, RFC 3339.
    pub created: String,
}

impl Object {
    /// `file://` and the absolute path: how a storage mapping names it.
    #[must_use]
    pub fn file_url(&self) -> String {
        url::Url::from_file_path(&self.file)
            .map(String::from)
            .unwrap_or_default()
    }
}

/// Reads all files that were made.
pub(crate) fn index(folder: &Path, made: Vec<MadeFile>) -> Result<Vec<Object>, SampleError> {
    made.into_iter().map(|file| object(folder, file)).collect()
}

fn object(folder: &Path, made: MadeFile) -> Result<Object, SampleError> {
    let file = folder.join(&made.path);
    let (size, sha256, md5) = checksums(&file)?;
    let name = made.path.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(Object {
        id: made.id,
        cohort: made.cohort,
        name,
        description: made.description,
        media_type: made.media_type,
        participants: made.participants,
        file,
        size,
        sha256,
        md5,
        created: world::now().to_string(),
    })
}

fn checksums(path: &Path) -> Result<(u64, String, String), SampleError> {
    let failed = |source| SampleError::File {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(failed)?;
    let (mut sha256, mut md5, mut size) = (Context::new(&SHA256), Md5::new(), 0_u64);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer).map_err(failed)?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else {
            break;
        };
        sha256.update(part);
        md5.update(part);
        size = size.saturating_add(part.len() as u64);
    }
    Ok((size, hex(sha256.finish().as_ref()), hex(&md5.finalize())))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        let (size, sha256, md5) = checksums(&path).unwrap();
        assert_eq!(size, 3);
        assert_eq!(
            sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(md5, "900150983cd24fb0d6963f7d28e17f72");
    }
}
