//! An object's bytes into a file, piece by piece: several at once, and where an earlier try stopped.
//!
//! Beside `FILE` lie `FILE.part` and `FILE.part.json` until all is there and equals the checksum. A piece is a range of 8
//! MiB; its URL is asked for anew when it has ended, since the node gives short ones.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs::{File, OpenOptions},
    io::{IsTerminal as _, Read as _, Write as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use futures::{StreamExt as _, TryStreamExt as _};
use http::{StatusCode, header};
use ring::digest;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::object::Object;
use crate::{client::session::Session, error::CommandError, output::Context};

/// Bytes of a piece.
const PIECE: u64 = 8 << 20;
/// Tries of one piece, with a pause that doubles between them.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// Which bytes of what are there already.
#[derive(Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
struct State {
    object: String,
    sha256: String,
    size: u64,
    piece: u64,
    done: BTreeSet<u64>,
}

/// A download that runs.
struct Run<'a> {
    session: &'a Session,
    object: &'a Object,
    url: Mutex<String>,
    file: File,
    size: u64,
    there: AtomicU64,
    show: bool,
}

/// Writes the object to `path`; returns its size. Nothing stands at `path` before the checksum was compared.
///
/// # Errors
/// What the node says; `drs.no_checksum`, `drs.no_size`, `drs.range`, `drs.checksum`, `output.unwritable`.
pub(crate) async fn download(
    session: &Session,
    object: &Object,
    path: &Path,
    parallel: usize,
    context: &Context,
) -> Result<u64, CommandError> {
    let sha256 = object.sha256.clone().ok_or_else(no_checksum)?;
    let size = object
        .size
        .ok_or_else(|| CommandError::unknown("drs.no_size", "the object does not say how many bytes it has"))?;
    let (part, note) = (beside(path, ".part"), beside(path, ".part.json"));
    let wanted = State {
        object: object.id.clone(),
        sha256: sha256.clone(),
        size,
        piece: PIECE,
        done: BTreeSet::new(),
    };
    let state = resumed(&part, &note, wanted);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&part)
        .map_err(|source| unwritable(&part, &source))?;
    file.set_len(size).map_err(|source| unwritable(&part, &source))?;
    let missing: Vec<u64> = (0..size.div_ceil(PIECE))
        .filter(|at| !state.done.contains(at))
        .collect();
    let length = |at: &u64| PIECE.min(size.saturating_sub(at.saturating_mul(PIECE)));
    let there: u64 = state.done.iter().map(length).sum();
    if there > 0 {
        context.words(&format!("going on from {there} of {size} bytes"));
    }
    let run = Run {
        session,
        object,
        url: Mutex::new(object.url(session).await?),
        file,
        size,
        there: AtomicU64::new(there),
        show: std::io::stderr().is_terminal() && !context.json,
    };
    let done = Mutex::new(state);
    let outcome = futures::stream::iter(missing)
        .map(|at| run.piece(at, &done, &note))
        .buffer_unordered(parallel)
        .try_collect::<Vec<()>>()
        .await;
    if run.show {
        let _ = writeln!(std::io::stderr().lock());
    }
    outcome.map_err(|wrong| {
        let hint = format!("run the same command again: it goes on from {}", part.display());
        if wrong.next().is_none() {
            wrong.hint(hint)
        } else {
            wrong
        }
    })?;
    run.file.sync_all().map_err(|source| unwritable(&part, &source))?;
    let have = sum(&part)?;
    if have != sha256 {
        let _ = std::fs::remove_file(&part);
        let _ = std::fs::remove_file(&note);
        return Err(wrong_sum(&have, &sha256));
    }
    std::fs::rename(&part, path).map_err(|source| unwritable(path, &source))?;
    let _ = std::fs::remove_file(&note);
    Ok(size)
}

impl Run<'_> {
    async fn piece(&self, at: u64, done: &Mutex<State>, note: &Path) -> Result<(), CommandError> {
        let from = at.saturating_mul(PIECE);
        let to = from.saturating_add(PIECE).min(self.size);
        let bytes = self.fetch(from, to).await?;
        self.file
            .write_all_at(&bytes, from)
            .map_err(|source| unwritable(note, &source))?;
        let mut state = done.lock().await;
        state.done.insert(at);
        // Lost with the machine at worst: then a piece is fetched again, and the checksum is over all.
        if let Ok(text) = serde_json::to_vec(&*state) {
            let _ = std::fs::write(note, text);
        }
        drop(state);
        let there = self.there.fetch_add(to.saturating_sub(from), Ordering::Relaxed);
        self.progress(there.saturating_add(to).saturating_sub(from));
        Ok(())
    }

    /// The bytes from `from` up to `to`. A URL that has ended is asked for anew, once a try.
    async fn fetch(&self, from: u64, to: u64) -> Result<bytes::Bytes, CommandError> {
        let mut pause = PAUSE;
        let mut tries = 0;
        loop {
            tries += 1;
            let url = self.url.lock().await.clone();
            let request =
                http::Request::get(&url).header(header::RANGE, format!("bytes={from}-{}", to.saturating_sub(1)));
            let wrong = match self.session.client.send(request, Vec::new()).await {
                Ok(reply) if reply.status.is_success() => {
                    let whole = reply.status == StatusCode::OK && from == 0 && to == self.size;
                    let length = u64::try_from(reply.body.len()).ok();
                    if (whole || reply.status == StatusCode::PARTIAL_CONTENT) && length == to.checked_sub(from) {
                        return Ok(reply.body);
                    }
                    return Err(CommandError::unknown(
                        "drs.range",
                        format!("the node was asked for the bytes {from} to {to} and gave others"),
                    ));
                }
                Ok(reply) => {
                    let ended = [
                        StatusCode::UNAUTHORIZED,
                        StatusCode::FORBIDDEN,
                        StatusCode::NOT_FOUND,
                        StatusCode::GONE,
                    ];
                    let busy = reply.status == StatusCode::TOO_MANY_REQUESTS || reply.status.is_server_error();
                    if ended.contains(&reply.status) {
                        // If there is no new one, the node says why.
                        self.renew(&url).await?;
                    } else if !busy {
                        return Err(reply.problem());
                    }
                    reply.problem()
                }
                Err(wrong) => wrong,
            };
            if tries >= TRIES {
                return Err(wrong);
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
    }

    /// A new URL, unless another piece has it already.
    async fn renew(&self, ended: &str) -> Result<(), CommandError> {
        let mut url = self.url.lock().await;
        if *url == ended {
            *url = self.object.url(self.session).await?;
        }
        Ok(())
    }

    fn progress(&self, there: u64) {
        if self.show {
            let percent = there.saturating_mul(100).checked_div(self.size).unwrap_or(100);
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "\r{percent:3} %  {} of {} MiB", there >> 20, self.size >> 20);
            let _ = err.flush();
        }
    }
}

/// What an earlier try left, if it was of the same bytes; else a new beginning.
fn resumed(part: &Path, note: &Path, wanted: State) -> State {
    let length = std::fs::metadata(part).map(|meta| meta.len()).ok();
    let left = File::open(note).ok().and_then(|file| {
        // A state file is small: 16 bytes for each 8 MiB.
        let mut text = Vec::new();
        file.take(64 << 20).read_to_end(&mut text).ok()?;
        serde_json::from_slice::<State>(&text).ok()
    });
    match left {
        Some(left)
            if length == Some(wanted.size)
                && (&left.object, &left.sha256, left.size, left.piece)
                    == (&wanted.object, &wanted.sha256, wanted.size, wanted.piece) =>
        {
            left
        }
        Some(_) | None => wanted,
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn sum(path: &Path) -> Result<String, CommandError> {
    let mut file = File::open(path).map_err(|source| unwritable(path, &source))?;
    let mut context = digest::Context::new(&digest::SHA256);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer).map_err(|source| unwritable(path, &source))?;
        match buffer.get(..count) {
            Some(read) if !read.is_empty() => context.update(read),
            Some(_) | None => return Ok(hex(context.finish().as_ref())),
        }
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An object without a checksum is not believed.
pub(crate) fn no_checksum() -> CommandError {
    CommandError::unknown(
        "drs.no_checksum",
        "the object has no SHA-256 to compare with; nothing was written",
    )
}

/// Bytes that are not the object's.
pub(crate) fn wrong_sum(have: &str, wanted: &str) -> CommandError {
    CommandError::denied(
        "drs.checksum",
        format!("the bytes have SHA-256 {have}, the object says {wanted}; nothing was written"),
    )
}

/// A file that can't be written.
pub(crate) fn unwritable(path: &Path, source: &std::io::Error) -> CommandError {
    CommandError::unknown(
        "output.unwritable",
        format!("{} can't be written: {source}", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(sha256: &str, size: u64, done: &[u64]) -> State {
        State {
            object: "x".to_owned(),
            sha256: sha256.to_owned(),
            size,
            piece: PIECE,
            done: done.iter().copied().collect(),
        }
    }

    #[test]
    fn only_a_try_of_the_same_bytes_is_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let (part, note) = (folder.path().join("f.part"), folder.path().join("f.part.json"));
        std::fs::write(&part, [0; 20]).unwrap();
        for (name, left, goes_on) in [
            ("the same", Some(state("ab", 20, &[0])), true),
            ("other bytes", Some(state("cd", 20, &[0])), false),
            ("another size", Some(state("ab", 21, &[0])), false),
            ("nothing", None, false),
        ] {
            let _ = std::fs::remove_file(&note);
            if let Some(left) = &left {
                std::fs::write(&note, serde_json::to_vec(left).unwrap()).unwrap();
            }
            let found = resumed(&part, &note, state("ab", 20, &[]));
            assert_eq!(found.done.len(), usize::from(goes_on), "{name}");
        }
        std::fs::write(&note, "{").unwrap();
        assert_eq!(resumed(&part, &note, state("ab", 20, &[])), state("ab", 20, &[]));
    }
}
