//! Inputs into the scratch folder, outputs out of it: `http(s):`, `file:` below the roots, `s3:` by signed URLs.
//!
//! Messages never hold a URL: it may be a capability.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use futures::TryStreamExt;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use tokio::{fs::File, io::AsyncWriteExt};
use tokio_util::io::ReaderStream;
use url::Url;

use crate::{
    tes::{
        engine::{Note, Tes},
        plan::{Source, Target},
        task::{FileType, OutputLog},
    },
    world,
};

/// Bytes of one file, in or out.
const LARGEST: u64 = 1024 * 1024 * 1024;
/// Files of one folder, in or out.
const FILES: usize = 1000;
/// How long a signed URL of ours works.
const SIGNED: Duration = Duration::from_secs(300);

/// Brings one input to `to`; how many bytes it was.
pub(crate) async fn fetch(tes: &Tes, task: &str, source: &Source, to: &Path, kind: FileType) -> Result<u64, String> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(|problem| problem.to_string())?;
    }
    let task = || task.to_owned();
    match source {
        Source::Literal(text) => {
            tokio::fs::write(to, text)
                .await
                .map_err(|problem| problem.to_string())?;
            Ok(text.len() as u64)
        }
        Source::File(path) => {
            let real = path.canonicalize().map_err(|_| "there is no such file".to_owned())?;
            if !tes.input_roots.iter().any(|root| real.starts_with(root)) {
                return Err("it lies outside of the folders that this server may read".to_owned());
            }
            tes.note(Note::Opened {
                task: task(),
                path: real.clone(),
            });
            copy(&real, to, kind).await
        }
        Source::Http(url) => {
            tes.note(Note::Fetched {
                task: task(),
                url: url.to_string(),
            });
            download(&tes.client, url.clone(), to).await
        }
        Source::S3 { bucket, key } => {
            tes.note(Note::Fetched {
                task: task(),
                url: format!("s3://{bucket}/{key}"),
            });
            let (bucket, credentials) = s3(tes, bucket)?;
            download(&tes.client, bucket.get_object(Some(&credentials), key).sign(SIGNED), to).await
        }
    }
}

/// Stores one output; what was stored. `from` has to lie in the scratch folder, links resolved.
pub(crate) async fn store(
    tes: &Tes,
    task: &str,
    from: &Path,
    scratch: &Path,
    (target, kind): (&Target, FileType),
    (url, path): (&str, &str),
) -> Result<Vec<OutputLog>, String> {
    let real = from.canonicalize().map_err(|_| "the tool did not make it".to_owned())?;
    let is_file = real.is_file();
    if !real.starts_with(scratch) || is_file != (kind == FileType::File) {
        return Err("it is not what the task says: a FILE or a DIRECTORY of the task".to_owned());
    }
    tes.note(Note::Stored {
        task: task.to_owned(),
        url: url.to_owned(),
    });
    let one = |size: u64| {
        vec![OutputLog {
            url: url.to_owned(),
            path: path.to_owned(),
            size_bytes: size.to_string(),
        }]
    };
    match target {
        Target::Http(to) => upload(&tes.client, to.clone(), &real).await.map(one),
        Target::S3 { bucket, key } => {
            let (bucket, credentials) = s3(tes, bucket)?;
            upload(
                &tes.client,
                bucket.put_object(Some(&credentials), key).sign(SIGNED),
                &real,
            )
            .await
            .map(one)
        }
        Target::File(to) if is_file => put(tes, &real, to).await.map(one),
        Target::File(to) => {
            let mut stored = Vec::new();
            for file in files(&real)? {
                let below = file.strip_prefix(&real).map_err(|problem| problem.to_string())?;
                let size = put(tes, &file, &to.join(below)).await?;
                let below = below.to_string_lossy();
                stored.push(OutputLog {
                    url: format!("{}/{below}", url.trim_end_matches('/')),
                    path: format!("{}/{below}", path.trim_end_matches('/')),
                    size_bytes: size.to_string(),
                });
            }
            Ok(stored)
        }
    }
}

fn s3(tes: &Tes, bucket: &str) -> Result<(Bucket, Credentials), String> {
    let settings = tes.settings.s3.as_ref().ok_or("this server has no s3 store")?;
    let endpoint = Url::parse(&settings.endpoint).map_err(|_| "the s3 endpoint is no URL".to_owned())?;
    let bucket = Bucket::new(endpoint, UrlStyle::Path, bucket.to_owned(), settings.region.clone());
    let credentials = Credentials::new(settings.key.clone(), settings.secret.expose().to_owned());
    Ok((
        bucket.map_err(|_| "the s3 endpoint can't be used".to_owned())?,
        credentials,
    ))
}

async fn download(client: &reqwest::Client, url: Url, to: &Path) -> Result<u64, String> {
    let unreached = |problem: reqwest::Error| format!("it could not be fetched: {}", problem.without_url());
    let answer = client.get(url).send().await.map_err(unreached)?;
    if answer.status() != reqwest::StatusCode::OK {
        return Err(format!("its server answered {}", answer.status()));
    }
    let expected = answer.content_length();
    let (mut pieces, mut size) = (answer.bytes_stream(), 0_u64);
    let mut file = File::create(to).await.map_err(|problem| problem.to_string())?;
    while let Some(piece) = pieces.try_next().await.map_err(unreached)? {
        size = size.saturating_add(piece.len() as u64);
        if size > LARGEST {
            return Err(format!("it has more than {LARGEST} bytes"));
        }
        file.write_all(&piece).await.map_err(|problem| problem.to_string())?;
    }
    file.flush().await.map_err(|problem| problem.to_string())?;
    match expected {
        Some(expected) if expected != size => Err(format!("it broke off after {size} of {expected} bytes")),
        _ => Ok(size),
    }
}

async fn upload(client: &reqwest::Client, url: Url, from: &Path) -> Result<u64, String> {
    let file = File::open(from).await.map_err(|problem| problem.to_string())?;
    let size = file.metadata().await.map_err(|problem| problem.to_string())?.len();
    let body = reqwest::Body::wrap_stream(ReaderStream::new(file));
    let request = client.put(url).header(reqwest::header::CONTENT_LENGTH, size).body(body);
    let answer = request
        .send()
        .await
        .map_err(|problem| format!("it could not be sent: {}", problem.without_url()))?;
    if answer.status().is_success() {
        Ok(size)
    } else {
        Err(format!("its server answered {}", answer.status()))
    }
}

/// Copies a file or a folder into the scratch folder. Links inside of a folder are not followed.
async fn copy(from: &Path, to: &Path, kind: FileType) -> Result<u64, String> {
    let said = |problem: std::io::Error| problem.to_string();
    match kind {
        FileType::File if from.is_file() => {
            if fs::metadata(from).map_err(said)?.len() > LARGEST {
                return Err(format!("it has more than {LARGEST} bytes"));
            }
            tokio::fs::copy(from, to).await.map_err(said)
        }
        FileType::Directory if from.is_dir() => {
            let mut size = 0_u64;
            for file in files(from)? {
                let to = to.join(file.strip_prefix(from).map_err(|problem| problem.to_string())?);
                fs::create_dir_all(to.parent().unwrap_or(&to)).map_err(said)?;
                size = size.saturating_add(tokio::fs::copy(&file, &to).await.map_err(said)?);
            }
            Ok(size)
        }
        FileType::File | FileType::Directory => Err("it is not what the task says: a FILE or a DIRECTORY".to_owned()),
    }
}

/// All plain files below a folder, in the order of their paths.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let (mut found, mut left) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(&folder).map_err(|problem| problem.to_string())? {
            let entry = entry.map_err(|problem| problem.to_string())?;
            let kind = entry.file_type().map_err(|problem| problem.to_string())?;
            if kind.is_dir() {
                left.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
            if found.len().max(left.len()) > FILES {
                return Err(format!("the folder holds more than {FILES} files"));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Writes an output below the output root: beside its place first, then moved there whole.
async fn put(tes: &Tes, from: &Path, to: &Path) -> Result<u64, String> {
    let said = |problem: std::io::Error| problem.to_string();
    let outside = || "it lies outside of the folder that this server may write".to_owned();
    if !to.starts_with(&tes.output_root) && !to.starts_with(&tes.settings.output_root) {
        return Err(outside());
    }
    let (Some(folder), Some(name)) = (to.parent(), to.file_name()) else {
        return Err(outside());
    };
    // The nearest folder that exists decides where new ones come to lie, links resolved.
    let standing = folder.ancestors().find(|one| one.exists()).ok_or_else(outside)?;
    if !standing.canonicalize().map_err(said)?.starts_with(&tes.output_root) {
        return Err(outside());
    }
    fs::create_dir_all(folder).map_err(said)?;
    let folder = folder.canonicalize().map_err(said)?;
    if !folder.starts_with(&tes.output_root) {
        return Err(outside());
    }
    let token = world::token(9).map_err(|problem| problem.to_string())?;
    let part = Part(folder.join(format!(".part-{token}")));
    let size = tokio::fs::copy(from, &part.0).await.map_err(said)?;
    fs::rename(&part.0, folder.join(name)).map_err(said)?;
    Ok(size)
}

/// A file on its way: gone if it never gets there, also when the task is canceled.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
