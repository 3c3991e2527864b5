//! The folder in which sessions keep what they write: one folder a session, files of random names, for this node alone.

use std::{
    io,
    path::{Path, PathBuf},
};

use http::StatusCode;
use ring::digest;
use tokio::{
    fs::{self, File, OpenOptions},
    io::{AsyncReadExt, AsyncWriteExt},
};

use crate::{problem::Problem, proxy::Parts};

/// Bytes copied at once.
const PIECE: usize = 256 << 10;

/// The folder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scratch<'p>(&'p Path);

impl Parts {
    /// The node's scratch.
    ///
    /// # Errors
    /// 501 where it has none.
    pub(crate) fn scratch(&self) -> Result<Scratch<'_>, Problem> {
        match &self.config.door.scratch {
            Some(path) => Ok(Scratch(path)),
            None => Err(Problem::new(
                StatusCode::NOT_IMPLEMENTED,
                "door.no_scratch",
                "this node keeps nothing for sessions",
            )),
        }
    }
}

impl Scratch<'_> {
    /// Both names are ours: letters and digits.
    fn path(self, session: &str, file: &str) -> io::Result<PathBuf> {
        let plain =
            |text: &str| !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if plain(session) && plain(file) {
            Ok(self.0.join(session).join(file))
        } else {
            Err(io::Error::other("a name that is not ours"))
        }
    }

    /// A new file.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) async fn create(self, session: &str, file: &str) -> io::Result<File> {
        let path = self.path(session, file)?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).await?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        options.open(path).await
    }

    /// An existing file, to read.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) async fn open(self, session: &str, file: &str) -> io::Result<File> {
        File::open(self.path(session, file)?).await
    }

    /// Keeps a file's bytes under another folder and name, whatever becomes of the first: they are written once and never
    /// changed, so that a second name of them is enough.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) async fn freeze(self, session: &str, file: &str, folder: &str, name: &str) -> io::Result<()> {
        let (from, to) = (self.path(session, file)?, self.path(folder, name)?);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).await?;
        }
        match fs::hard_link(&from, &to).await {
            Ok(()) => Ok(()),
            // not every file system has second names
            Err(_) => fs::copy(&from, &to).await.map(drop),
        }
    }

    /// A file's bytes, whole; at most `most`, else an error.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) async fn whole(self, folder: &str, name: &str, most: u64) -> io::Result<Vec<u8>> {
        let file = self.open(folder, name).await?;
        if file.metadata().await?.len() > most {
            return Err(io::Error::other("the file is larger than it was"));
        }
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes).await?;
        Ok(bytes)
    }

    /// Takes a file away; one that is not there is gone already.
    pub(crate) async fn remove(self, session: &str, file: &str) {
        let gone = match self.path(session, file) {
            Ok(path) => fs::remove_file(path).await,
            Err(error) => Err(error),
        };
        if let Err(error) = gone
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "a file of a session could not be removed");
        }
    }

    /// Writes files one after the other into a new one. Gives its SHA-256.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) async fn join(self, session: &str, files: &[&str], into: &str) -> io::Result<String> {
        let mut out = self.create(session, into).await?;
        let mut digest = digest::Context::new(&digest::SHA256);
        let mut piece = vec![0; PIECE];
        for file in files {
            let mut from = self.open(session, file).await?;
            loop {
                let count = from.read(&mut piece).await?;
                let Some(bytes) = piece.get(..count).filter(|bytes| !bytes.is_empty()) else {
                    break;
                };
                digest.update(bytes);
                out.write_all(bytes).await?;
            }
        }
        out.sync_all().await?;
        Ok(digest
            .finish()
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect())
    }
}
