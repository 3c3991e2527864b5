//! `visum drs get`: an object's bytes through the gate, compared with its checksum.

use std::path::PathBuf;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::digest;
use serde_json::{Value, json};

use crate::{
    client::session::{As, Session},
    error::CommandError,
    exit::Exit,
    output::Context,
};

/// A DRS id has the unreserved characters; all else is percent-encoded in a path (DRS 1.5 "DRS IDs").
const ID: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Fetch an object by its DRS id, and compare the bytes with its checksum
#[derive(Debug, clap::Args)]
pub(crate) struct Get {
    /// The object's id, or its `drs://` address at this proxy
    object: String,
    /// Where to write the bytes; standard output if absent
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    session: As,
}

/// Fetches it.
pub(crate) async fn run(args: Get, context: &Context) -> Result<Exit, CommandError> {
    let session = Session::open(&args.session)?;
    let token = session.profile.access_token.clone();
    let id = args
        .object
        .strip_prefix("drs://")
        .and_then(|rest| rest.split_once('/'))
        .map_or(args.object.as_str(), |(_, id)| id);
    let id = utf8_percent_encode(id, ID).to_string();
    let base = session.proxy(&format!("ga4gh/drs/v1/objects/{id}"))?;
    let object = session.client.get(&base, Some(&token)).await?.ok()?;
    let methods = object
        .get("access_methods")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let url = match methods
        .iter()
        .find_map(|method| method.pointer("/access_url/url").and_then(Value::as_str))
    {
        Some(url) => url.to_owned(),
        None => {
            let access = methods
                .iter()
                .find_map(|method| method.get("access_id").and_then(Value::as_str))
                .ok_or_else(|| CommandError::unknown("drs.no_access", "the object offers no way to its bytes"))?;
            let access = utf8_percent_encode(access, ID).to_string();
            let answer = session
                .client
                .get(&format!("{base}/access/{access}"), Some(&token))
                .await?
                .ok()?;
            answer.get("url").and_then(Value::as_str).unwrap_or_default().to_owned()
        }
    };
    let reply = session.client.get(&url, None).await?;
    if !reply.status.is_success() {
        return Err(reply.problem());
    }
    let checked = compare(&object, &reply.body)?;
    if let Some(path) = &args.output {
        std::fs::write(path, &reply.body).map_err(|source| {
            CommandError::unknown(
                "output.unwritable",
                format!("{} can't be written: {source}", path.display()),
            )
        })?;
        let answer = json!({ "object": args.object, "bytes": reply.body.len(), "checksum": checked, "file": path.display().to_string() });
        context.show(&answer, |_| {
            format!(
                "{} bytes written to {}, checksum equal ({checked})",
                reply.body.len(),
                path.display()
            )
        });
    } else {
        use std::io::Write as _;
        std::io::stdout()
            .lock()
            .write_all(&reply.body)
            .map_err(|source| CommandError::unknown("output.unwritable", format!("standard output: {source}")))?;
    }
    Ok(Exit::Yes)
}

/// Compares with the object's SHA-256; without one nothing is believed.
fn compare(object: &Value, bytes: &[u8]) -> Result<String, CommandError> {
    let sums = object
        .get("checksums")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let wanted = sums.iter().find_map(|sum| {
        let kind = sum.get("type").and_then(Value::as_str)?.to_ascii_lowercase();
        matches!(kind.as_str(), "sha-256" | "sha256")
            .then(|| sum.get("checksum").and_then(Value::as_str))
            .flatten()
    });
    let Some(wanted) = wanted else {
        return Err(CommandError::unknown(
            "drs.no_checksum",
            "the object has no SHA-256 to compare with; nothing was written",
        ));
    };
    let have: String = digest::digest(&digest::SHA256, bytes)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if have.eq_ignore_ascii_case(wanted) {
        Ok(format!("sha-256:{have}"))
    } else {
        Err(CommandError::denied(
            "drs.checksum",
            format!("the bytes have SHA-256 {have}, the object says {wanted}; nothing was written"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_differ_from_their_checksum_are_not_believed() {
        let right = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        for (name, object, code) in [
            (
                "equal",
                json!({ "checksums": [{ "type": "sha-256", "checksum": right }] }),
                None,
            ),
            (
                "upper case",
                json!({ "checksums": [{ "type": "SHA-256", "checksum": right.to_uppercase() }] }),
                None,
            ),
            (
                "another",
                json!({ "checksums": [{ "type": "sha-256", "checksum": "00" }] }),
                Some("drs.checksum"),
            ),
            (
                "only md5",
                json!({ "checksums": [{ "type": "md5", "checksum": "00" }] }),
                Some("drs.no_checksum"),
            ),
        ] {
            assert_eq!(
                compare(&object, b"hello")
                    .err()
                    .map(|wrong| wrong.code().to_owned())
                    .as_deref(),
                code,
                "{name}"
            );
        }
    }
}
