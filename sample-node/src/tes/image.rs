//! Images that hold all that their tasks see: a folder with `rootfs/` and `image.json`, named by a digest over its content.
//!
//! The digest is the SHA-256 of a manifest: the line `visum-image/1`, then for each entry below the folder, sorted by path,
//! one JSON array and a line feed: `["dir", PATH, MODE]`, `["file", PATH, MODE, SIZE, SHA-256]` or `["link", PATH, TARGET]`,
//! the mode in octal. Owners, times and extended attributes are not in it. Other kinds of entries are refused.

use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File},
    io::{self, Read as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ring::digest::{Context, SHA256};
use serde::Deserialize;
use serde_json::json;

use crate::world;

/// Entries of an image, and bytes of its files.
const ENTRIES: usize = 200_000;
const BYTES: u64 = 8 << 30;
/// A file that changed so shortly before it was read could change again without another time: it is read anew.
const SETTLED: i128 = 2_000_000_000;

/// `image.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The one program that a task's command may name, an absolute path in the image.
    program: String,
    /// Its environment, below the task's.
    #[serde(default)]
    env: BTreeMap<String, String>,
}

/// An image.
pub(crate) struct Image {
    folder: PathBuf,
    config: Config,
    digest: String,
    read: Mutex<BTreeMap<String, Seen>>,
}

/// A file as it was when it was read.
#[derive(Clone, Debug)]
struct Seen {
    stamp: Stamp,
    at: i128,
    digest: String,
}

/// What changes whenever a file's bytes do, as long as the clock isn't set back: the time of change can't be chosen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    changed: i128,
}

#[derive(Debug)]
enum Entry {
    Folder { mode: u32 },
    Link { target: String },
    File { mode: u32, stamp: Stamp },
}

impl Image {
    /// Reads all of it.
    pub(crate) fn import(folder: &Path) -> io::Result<Self> {
        let folder = folder.canonicalize()?;
        let mut image = Self {
            config: serde_json::from_slice(&fs::read(folder.join("image.json"))?)?,
            folder,
            digest: String::new(),
            read: Mutex::default(),
        };
        let env = image.config.env.iter();
        let plain = |text: &str| !text.is_empty() && !text.contains(['=', '\0']);
        if !image.config.program.starts_with('/')
            || image.config.program.contains('\0')
            || env.clone().any(|(name, value)| !plain(name) || value.contains('\0'))
        {
            return Err(io::Error::other(
                "image.json: no absolute program, or no plain environment",
            ));
        }
        image.digest = image.digest_now()?;
        Ok(image)
    }

    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    pub(crate) fn program(&self) -> &str {
        &self.config.program
    }

    pub(crate) fn env(&self) -> impl Iterator<Item = (&String, &String)> {
        self.config.env.iter()
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.join("rootfs")
    }

    /// The folders and links at the top of its root, as paths of the task; not those that each task has of its own.
    pub(crate) fn tops(&self) -> io::Result<Vec<String>> {
        let mut tops = Vec::new();
        for entry in fs::read_dir(self.root())? {
            let name = text(entry?.file_name())?;
            if !matches!(name.as_str(), "dev" | "proc" | "tmp") {
                tops.push(format!("/{name}"));
            }
        }
        tops.sort();
        Ok(tops)
    }

    /// Is it still what its digest names? Files whose stamp is the old one are not read again.
    pub(crate) fn is_unchanged(&self) -> bool {
        self.digest_now().is_ok_and(|now| now == self.digest)
    }

    fn digest_now(&self) -> io::Result<String> {
        let entries = walk(&self.folder)?;
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let mut manifest = Context::new(&SHA256);
        manifest.update(b"visum-image/1\n");
        for (path, entry) in &entries {
            let line = match entry {
                Entry::Folder { mode } => json!(["dir", path, format!("{mode:o}")]),
                Entry::Link { target } => json!(["link", path, target]),
                Entry::File { mode, stamp } => {
                    let seen = read
                        .get(path)
                        .filter(|seen| seen.stamp == *stamp && seen.stamp.changed.saturating_add(SETTLED) < seen.at);
                    let digest = match seen {
                        Some(seen) => seen.digest.clone(),
                        None => {
                            let (stamp, at) = (*stamp, world::now().as_nanosecond());
                            let digest = digest_of(&self.folder.join(path))?;
                            let seen = Seen { stamp, at, digest };
                            read.insert(path.clone(), seen.clone());
                            seen.digest
                        }
                    };
                    json!(["file", path, format!("{mode:o}"), stamp.size, digest])
                }
            };
            manifest.update(line.to_string().as_bytes());
            manifest.update(b"\n");
        }
        Ok(hexadecimal(manifest))
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image")
            .field("folder", &self.folder)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

/// All entries below a folder, by path. Links are not followed.
fn walk(folder: &Path) -> io::Result<BTreeMap<String, Entry>> {
    let (mut entries, mut bytes, mut open) = (BTreeMap::new(), 0_u64, vec![String::new()]);
    while let Some(within) = open.pop() {
        for entry in fs::read_dir(folder.join(&within))? {
            let entry = entry?;
            let name = text(entry.file_name())?;
            let path = if within.is_empty() {
                name
            } else {
                format!("{within}/{name}")
            };
            let about = entry.metadata()?;
            let mode = about.permissions().mode() & 0o7777;
            let found = if about.is_dir() {
                open.push(path.clone());
                Entry::Folder { mode }
            } else if about.is_symlink() {
                let target = text(fs::read_link(entry.path())?.into_os_string())?;
                Entry::Link { target }
            } else if about.is_file() {
                bytes = bytes.saturating_add(about.size());
                let stamp = Stamp {
                    device: about.dev(),
                    inode: about.ino(),
                    size: about.size(),
                    changed: i128::from(about.ctime()) * 1_000_000_000 + i128::from(about.ctime_nsec()),
                };
                Entry::File { mode, stamp }
            } else {
                return Err(io::Error::other("an image holds folders, files and links only"));
            };
            entries.insert(path, found);
            if entries.len() > ENTRIES || bytes > BYTES {
                return Err(io::Error::other("an image has too many entries or bytes"));
            }
        }
    }
    Ok(entries)
}

fn text(name: std::ffi::OsString) -> io::Result<String> {
    name.into_string()
        .map_err(|_| io::Error::other("a name in an image is not UTF-8"))
}

/// The SHA-256 of a file, read piece by piece.
fn digest_of(path: &Path) -> io::Result<String> {
    let (mut file, mut context, mut buffer) = (File::open(path)?, Context::new(&SHA256), vec![0; 256 * 1024]);
    loop {
        let length = file.read(&mut buffer)?;
        match buffer.get(..length) {
            Some(part) if !part.is_empty() => context.update(part),
            _ => return Ok(hexadecimal(context)),
        }
    }
}

fn hexadecimal(context: Context) -> String {
    let bytes = context.finish();
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_digest_is_of_paths_modes_targets_and_bytes_and_every_change_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("rootfs/bin")).unwrap();
        fs::write(at("image.json"), r#"{ "program": "/bin/sh" }"#).unwrap();
        fs::write(at("rootfs/bin/sh"), "one").unwrap();
        symlink("sh", at("rootfs/bin/link")).unwrap();
        for (path, mode) in [
            ("image.json", 0o644),
            ("rootfs", 0o755),
            ("rootfs/bin", 0o755),
            ("rootfs/bin/sh", 0o755),
        ] {
            fs::set_permissions(at(path), fs::Permissions::from_mode(mode)).unwrap();
        }
        let image = Image::import(folder.path()).unwrap();
        // the manifest written by hand
        let manifest = "visum-image/1\n\
            [\"file\",\"image.json\",\"644\",24,\"c2b1\"]\n[\"dir\",\"rootfs\",\"755\"]\n[\"dir\",\"rootfs/bin\",\"755\"]\n\
            [\"link\",\"rootfs/bin/link\",\"sh\"]\n[\"file\",\"rootfs/bin/sh\",\"755\",3,\"7692\"]\n"
            .replace("c2b1", &digest_of(&at("image.json")).unwrap())
            .replace("7692", "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed");
        let mut context = Context::new(&SHA256);
        context.update(manifest.as_bytes());
        assert_eq!(image.digest(), hexadecimal(context));
        assert!(image.is_unchanged());

        type Change<'a> = (&'a str, Box<dyn Fn() + 'a>, Box<dyn Fn() + 'a>);
        let mode = |mode: u32| fs::set_permissions(at("rootfs/bin/sh"), fs::Permissions::from_mode(mode)).unwrap();
        let (write, link) = (
            |text: &str| fs::write(at("rootfs/bin/sh"), text).unwrap(),
            |target: &str| {
                fs::remove_file(at("rootfs/bin/link")).unwrap();
                symlink(target, at("rootfs/bin/link")).unwrap();
            },
        );
        let changes: [Change<'_>; 5] = [
            (
                "bytes, of the same length",
                Box::new(|| write("two")),
                Box::new(|| write("one")),
            ),
            ("a mode", Box::new(|| mode(0o700)), Box::new(|| mode(0o755))),
            ("a link", Box::new(|| link("other")), Box::new(|| link("sh"))),
            (
                "one file more",
                Box::new(|| fs::write(at("rootfs/more"), "").unwrap()),
                Box::new(|| fs::remove_file(at("rootfs/more")).unwrap()),
            ),
            (
                "another name",
                Box::new(|| fs::rename(at("rootfs/bin"), at("rootfs/sbin")).unwrap()),
                Box::new(|| fs::rename(at("rootfs/sbin"), at("rootfs/bin")).unwrap()),
            ),
        ];
        for (name, change, undo) in &changes {
            change();
            assert!(!image.is_unchanged(), "{name}");
            undo();
            assert!(image.is_unchanged(), "{name}, undone");
        }
        // so that the first read has settled: what follows is seen by the stamp alone
        let mut read = image.read.lock().unwrap();
        for seen in read.values_mut() {
            seen.at += 10 * SETTLED;
        }
        drop(read);
        let times = fs::FileTimes::new().set_modified(fs::metadata(at("rootfs/bin/sh")).unwrap().modified().unwrap());
        std::thread::sleep(std::time::Duration::from_millis(20));
        write("two");
        File::options()
            .write(true)
            .open(at("rootfs/bin/sh"))
            .unwrap()
            .set_times(times)
            .unwrap();
        assert!(!image.is_unchanged(), "with the old time of modification");
    }

    #[test]
    fn an_image_without_a_program_or_with_a_socket_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("rootfs")).unwrap();
        for config in ["{}", r#"{ "program": "sh" }"#, r#"{ "program": "/bin/sh", "user": 0 }"#] {
            fs::write(at("image.json"), config).unwrap();
            assert!(Image::import(folder.path()).is_err(), "{config}");
        }
        fs::write(at("image.json"), r#"{ "program": "/bin/sh" }"#).unwrap();
        assert!(Image::import(folder.path()).is_ok());
        let _socket = std::os::unix::net::UnixListener::bind(at("rootfs/socket")).unwrap();
        assert!(Image::import(folder.path()).is_err(), "a socket");
    }
}
