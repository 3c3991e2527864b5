//! `visum drs get`: an object's bytes through the gate, compared with its checksum.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use ring::digest;
use serde_json::json;

use super::{
    object::{Object, id_of},
    pieces::{self, hex, no_checksum, unwritable, wrong_sum},
    tree,
};
use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// Bytes that standard output gets: they are held in memory until they were compared.
const STANDARD_OUTPUT: u64 = 64 << 20;

/// Fetch an object by its DRS id, and compare the bytes with its checksum
///
/// With `--output FILE` it is fetched in pieces, several at once, and goes on where an earlier try stopped (`FILE.part`);
/// nothing stands at FILE before all bytes were compared. A bundle becomes a folder: `--output FOLDER`.
#[derive(Debug, clap::Args)]
pub(crate) struct Get {
    /// The object's id, or its `drs://` address at this proxy
    object: String,
    /// Where to write the bytes; standard output if absent. For a bundle: a folder, which may be there
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Pieces fetched at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16))]
    parallel: u8,
    #[command(flatten)]
    session: As,
}

/// Fetches it.
pub(crate) async fn run(args: Get, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let id = id_of(&session, &args.object)?;
    let object = Object::describe(&session, &id).await?;
    let parallel = usize::from(args.parallel);
    match (&args.output, object.is_bundle()) {
        (Some(folder), true) => bundle(&session, object, folder, parallel, context).await?,
        (Some(path), false) => {
            let bytes = pieces::download(&session, &object, path, parallel, context).await?;
            let checked = format!("sha-256:{}", object.sha256.as_deref().unwrap_or_default());
            let answer = json!({ "object": args.object, "bytes": bytes, "checksum": checked,
                "file": path.display().to_string() });
            context.show(&answer, |_| {
                format!(
                    "{bytes} bytes written to {}, checksum equal ({checked})",
                    path.display()
                )
            });
        }
        (None, true) => {
            return Err(CommandError::refused(
                "drs.bundle",
                format!("`{}` is a bundle of {} members", args.object, object.members.len()),
            )
            .hint("name a folder: --output FOLDER"));
        }
        (None, false) => print(&session, &object).await?,
    }
    Ok(Exit::Yes)
}

/// All of a bundle; an object that is there already with the right bytes is not fetched again by [`pieces::download`]'s
/// own state alone, so a second try goes on where the first one stopped.
async fn bundle(
    session: &Session,
    object: Object,
    folder: &Path,
    parallel: usize,
    context: &Context,
) -> Result<(), CommandError> {
    let id = object.id.clone();
    let found = tree::walk(session, object, folder).await?;
    let (mut files, mut total) = (Vec::new(), 0_u64);
    for (path, object) in found {
        if let Some(above) = path.parent() {
            std::fs::create_dir_all(above).map_err(|source| unwritable(above, &source))?;
        }
        let bytes = pieces::download(session, &object, &path, parallel, context).await?;
        total = total.saturating_add(bytes);
        context.words(&format!("{} ({bytes} bytes)", path.display()));
        files.push(json!({ "object": object.id, "bytes": bytes, "checksum": object.sha256, "file": path.display().to_string() }));
    }
    let count = files.len();
    let answer = json!({ "object": id, "bytes": total, "files": files });
    context.show(&answer, |_| {
        format!(
            "{count} objects, {total} bytes written below {}, checksums equal",
            folder.display()
        )
    });
    Ok(())
}

/// To standard output, once the bytes were compared.
async fn print(session: &Session, object: &Object) -> Result<(), CommandError> {
    if object.size.is_some_and(|size| size > STANDARD_OUTPUT) {
        return Err(CommandError::refused(
            "drs.too_large",
            "the object has more than 64 MiB, and its bytes are compared before the first one is shown",
        )
        .hint("name a file: --output FILE"));
    }
    let reply = session.client.get(&object.url(session).await?, None).await?;
    if !reply.status.is_success() {
        return Err(reply.problem());
    }
    compare(object.sha256.as_deref(), &reply.body)?;
    std::io::stdout()
        .lock()
        .write_all(&reply.body)
        .map_err(|source| CommandError::unknown("output.unwritable", format!("standard output: {source}")))
}

/// Compares with the object's SHA-256; without one nothing is believed.
fn compare(wanted: Option<&str>, bytes: &[u8]) -> Result<(), CommandError> {
    let wanted = wanted.ok_or_else(no_checksum)?;
    let have = hex(digest::digest(&digest::SHA256, bytes).as_ref());
    if have == wanted {
        Ok(())
    } else {
        Err(wrong_sum(&have, wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_differ_from_their_checksum_are_not_believed() {
        let right = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        for (name, wanted, code) in [
            ("equal", Some(right), None),
            ("another", Some("00"), Some("drs.checksum")),
            ("none", None, Some("drs.no_checksum")),
        ] {
            let wrong = compare(wanted, b"hello").err().map(|wrong| wrong.code().to_owned());
            assert_eq!(wrong.as_deref(), code, "{name}");
        }
    }
}
