//! `visum output get`

use std::path::{Path, PathBuf};

use ring::digest;
use serde_json::{Value, json};

use super::plain;
use crate::{
    client::session::{As, Session},
    commands::work::text,
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Fetch the files of a release, and compare them with their checksums
///
/// Whoever asked fetches them once they are released, for 30 days. Whoever may release a request that waits looks at its
/// files in the same way.
#[derive(Debug, clap::Args)]
pub(crate) struct Get {
    /// The request's id
    id: String,
    /// Only this file, by its number in `visum output show`
    #[arg(long, value_name = "N")]
    file: Option<usize>,
    /// The folder to write to
    #[arg(long, short, value_name = "FOLDER", default_value = ".")]
    output: PathBuf,
    #[command(flatten)]
    session: As,
}

/// Fetches them; exit 0, 1 denied.
pub(super) async fn run(args: Get, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let url = session.proxy(&format!("visum/v1/outputs/releases/{}", plain(&args.id)?))?;
    let token = Some(session.profile.access_token.as_str());
    let release = session.client.get(&url, token).await?.ok()?;
    let count = release.get("files").and_then(Value::as_array).map_or(0, Vec::len);
    let chosen = match args.file {
        Some(one) => one..one.saturating_add(1),
        None => 0..count,
    };
    std::fs::create_dir_all(&args.output).map_err(|source| unwritable(&args.output, &source))?;
    let mut written = Vec::new();
    for at in chosen {
        let way = session
            .client
            .post(&format!("{url}/files/{at}"), token, &json!({}))
            .await?
            .ok()?;
        let reply = session.client.get(text(&way, "/url"), None).await?;
        if !reply.status.is_success() {
            return Err(reply.problem());
        }
        let sum: String = digest::digest(&digest::SHA256, &reply.body)
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if sum != text(&way, "/sha256") {
            return Err(CommandError::unknown(
                "output.checksum",
                format!("file {at} has not the checksum that was released; nothing was written"),
            ));
        }
        let path = args.output.join(file_name(text(&way, "/name"), at));
        // never in the place of something else
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|source| unwritable(&path, &source))?;
        std::io::Write::write_all(&mut file, &reply.body).map_err(|source| unwritable(&path, &source))?;
        written.push(json!({ "file": path.display().to_string(), "bytes": reply.body.len(), "sha256": sum }));
    }
    context.show(&json!({ "release": args.id, "written": written }), |answer| {
        let rows = answer.get("written").and_then(Value::as_array).into_iter().flatten();
        let lines: Vec<String> = rows
            .map(|row| format!("{} (sha-256 {})", text(row, "/file"), text(row, "/sha256")))
            .collect();
        lines.join("\n")
    });
    Ok(Exit::Yes)
}

/// The last part of a file's name, if it is one that can stand in a folder; else its number.
fn file_name(name: &str, at: usize) -> String {
    let last = name.rsplit('/').next().unwrap_or_default();
    let plain = last
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if plain && !last.is_empty() && !last.starts_with('.') {
        format!("{at}-{last}")
    } else {
        format!("{at}-file")
    }
}

fn unwritable(path: &Path, source: &std::io::Error) -> CommandError {
    CommandError::refused(
        "output.unwritable",
        format!("{} can't be written: {source}", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_released_file_is_named_so_that_it_stays_in_its_folder() {
        for (name, expected) in [
            ("s3://scratch-a/counts.tsv", "0-counts.tsv"),
            ("s3://scratch-a/x/../..", "0-file"),
            ("s3://scratch-a/.profile", "0-file"),
            ("s3://scratch-a/a b", "0-file"),
            ("s3://scratch-a/", "0-file"),
        ] {
            assert_eq!(file_name(name, 0), expected, "{name}");
        }
    }
}
