//! The tools: programs of this machine, pinned by the digest of their executable, and images, pinned by that of all they hold.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use ring::digest::{SHA256, digest};

use crate::{SampleError, tes::image::Image};

/// A program that tasks may run.
#[derive(Clone, Debug)]
pub struct Tool {
    /// Its name: `wc`.
    pub name: String,
    /// The name of its one program, as commands have it: that of the tool, or what the image's configuration says.
    pub program: String,
    /// The executable; inside of the image, if it is one that holds all.
    pub path: PathBuf,
    /// The SHA-256 of the executable, or of the image's manifest, lower-case hexadecimal.
    pub digest: String,
    /// How a task names it: `sample/wc@sha256:DIGEST`.
    pub image: String,
    /// It runs scripts: in namespaces of its own, with paths as the task has them.
    pub shell: bool,
    pub(crate) holds: Option<Arc<Image>>,
}

/// Finds each tool in the first folder that has it, and digests it.
pub(crate) fn find(names: &[String], shells: &[String], folders: &[PathBuf]) -> Result<Vec<Tool>, SampleError> {
    let plain = names.iter().map(|name| find_one(name, folders, false));
    plain
        .chain(shells.iter().map(|name| find_one(name, folders, true)))
        .collect()
}

fn find_one(name: &str, folders: &[PathBuf], shell: bool) -> Result<Tool, SampleError> {
    if !is_plain(name) {
        let why = format!("`{}` is no plain name of a program", name.escape_debug());
        return Err(SampleError::Setting { name: "tes.tools", why });
    }
    let path = folders
        .iter()
        .map(|folder| folder.join(name))
        .find(|path| path.is_file());
    let path = path.ok_or_else(|| SampleError::ToolMissing { name: name.to_owned() })?;
    let digest = digest_of(&path).map_err(|source| SampleError::File {
        path: path.clone(),
        source,
    })?;
    Ok(Tool {
        name: name.to_owned(),
        program: name.to_owned(),
        image: format!("sample/{name}@sha256:{digest}"),
        path,
        digest,
        shell,
        holds: None,
    })
}

/// Reads an image folder. Its tool is named like the folder.
pub(crate) fn import(folder: &Path) -> Result<Tool, SampleError> {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !is_plain(name) {
        let why = format!("`{}` is no plain name of an image", folder.display());
        return Err(SampleError::Setting {
            name: "tes.images",
            why,
        });
    }
    let image = Image::import(folder).map_err(|source| SampleError::File {
        path: folder.to_owned(),
        source,
    })?;
    let path = PathBuf::from(image.program());
    let program = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    Ok(Tool {
        name: name.to_owned(),
        program: program.to_owned(),
        image: format!("sample/{name}@sha256:{}", image.digest()),
        digest: image.digest().to_owned(),
        path,
        shell: true,
        holds: Some(Arc::new(image)),
    })
}

fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !name.is_empty() && name.bytes().all(plain)
}

/// The SHA-256 of an executable.
pub(crate) fn digest_of(path: &Path) -> std::io::Result<String> {
    let bytes = fs::read(path)?;
    Ok(digest(&SHA256, &bytes)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

impl Tool {
    /// Is the executable, or all that the image holds, still what the image names?
    pub(crate) fn is_unchanged(&self) -> bool {
        if let Some(image) = &self.holds {
            return image.is_unchanged();
        }
        digest_of(&self.path).is_ok_and(|digest| digest == self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_named_by_the_digest_of_the_file_that_would_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("greet");
        fs::write(&path, "one").unwrap();
        let tools = find(&["greet".to_owned()], &[], &[folder.path().to_owned()]).unwrap();
        assert_eq!(
            tools[0].image,
            format!("sample/greet@sha256:{}", digest_of(&path).unwrap())
        );
        assert!(tools[0].is_unchanged());
        fs::write(&path, "two").unwrap();
        assert!(!tools[0].is_unchanged());
    }

    #[test]
    fn a_tool_that_is_missing_or_no_plain_name_stops_the_start() {
        let folders = [PathBuf::from("/usr/bin")];
        assert_eq!(
            find(&["no-such-tool".to_owned()], &[], &folders).unwrap_err().code(),
            "sample.tool_missing"
        );
        assert_eq!(
            find(&[], &["../bin/sh".to_owned()], &folders).unwrap_err().code(),
            "sample.setting"
        );
    }
}
