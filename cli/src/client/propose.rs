//! A change of facts through the broker's API: shown first, then asked, then proposed.

use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _};

use serde_json::{Value, json};

use super::session::Session;
use crate::{error::CommandError, output::Context};

/// Edits that one change may hold.
pub(crate) const EDITS: usize = 255;

/// A change of the catalogue.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// What it is, in a line.
    pub(crate) title: String,
    /// Why.
    pub(crate) reason: String,
    /// Its rows.
    pub(crate) edits: Vec<Value>,
}

/// `{"put": {"kind": kind, "row": row}}`
pub(crate) fn put(kind: &str, row: &Value) -> Value {
    json!({ "put": { "kind": kind, "row": row } })
}

impl Change {
    /// As `POST /visum/v1/admin/changes` takes it, and `visum change propose`.
    pub(crate) fn document(&self) -> Value {
        json!({ "kind": "catalogue", "title": self.title, "reason": self.reason, "edits": self.edits })
    }

    /// Shows what it would do, asks unless `yes`, proposes.
    ///
    /// # Errors
    /// What the broker says; `change.not_proposed` (exit 1) after a no.
    pub(crate) async fn propose(&self, session: &Session, yes: bool, context: &Context) -> Result<Value, CommandError> {
        let document = self.document();
        let shown = session.post("admin/changes?preview=true", &document).await?;
        context.words(&outlook(&shown));
        if !yes && !agreed(context)? {
            return Err(CommandError::denied("change.not_proposed", "nothing was changed"));
        }
        session.post("admin/changes", &document).await
    }
}

/// What was proposed, for people.
pub(crate) fn told(answer: &Value) -> String {
    let id = answer.pointer("/change/id").and_then(Value::as_str).unwrap_or_default();
    let next = answer.get("message").and_then(Value::as_str).unwrap_or_default();
    let state = match answer.get("applied").and_then(Value::as_bool) {
        Some(true) => "is in force",
        _ => "is proposed, and waits for a second person",
    };
    format!("Change {id} {state}. {next}")
}

fn outlook(shown: &Value) -> String {
    let outlook = shown.get("outlook").unwrap_or(shown);
    let lines = outlook.get("lines").and_then(Value::as_array).map_or(0, Vec::len);
    let mut text = format!("This changes {lines} row(s).");
    let widening = outlook.get("widening").unwrap_or(&Value::Null);
    match widening.get("widens").and_then(Value::as_bool) {
        Some(false) => text.push_str(" It lets nobody do more than before."),
        _ => text.push_str(" It may let somebody do more than before, so a second person has to agree:"),
    }
    let why = widening.get("why").and_then(Value::as_array).map(Vec::as_slice);
    for one in why.unwrap_or_default().iter().take(20) {
        let sentence = one.get("sentence").and_then(Value::as_str).unwrap_or_default();
        let _ = write!(text, "\n- {sentence}");
    }
    text
}

fn agreed(context: &Context) -> Result<bool, CommandError> {
    if !std::io::stdin().is_terminal() {
        return Err(CommandError::refused("change.unasked", "there is nobody to ask").hint("add --yes if you are sure"));
    }
    context.words("Propose it? Type yes:");
    let mut line = String::new();
    let _ = std::io::stdin().lock().read_line(&mut line);
    Ok(line.trim() == "yes")
}

impl Session {
    /// Sends a file; the node names it by this digest, which is the file's own.
    ///
    /// # Errors
    /// What the broker says, or `blob.other_digest` (exit 3) if it kept something else.
    pub(crate) async fn upload(&self, bytes: &[u8]) -> Result<String, CommandError> {
        let own = digest(bytes);
        let request = http::Request::builder()
            .method(http::Method::POST)
            .uri(self.broker("admin/blobs"))
            .header(http::header::CONTENT_TYPE, "application/octet-stream")
            .header(
                http::header::AUTHORIZATION,
                format!("Bearer {}", self.profile.access_token),
            );
        let answer = self.client.send(request, bytes.to_vec()).await?.ok()?;
        if answer.get("digest").and_then(Value::as_str) == Some(own.as_str()) {
            Ok(own)
        } else {
            Err(CommandError::unknown(
                "blob.other_digest",
                "the node kept another file than was sent",
            ))
        }
    }

    /// A text of the broker's own API.
    ///
    /// # Errors
    /// What the broker says.
    pub(crate) async fn text(&self, path: &str) -> Result<String, CommandError> {
        Ok(String::from_utf8_lossy(&self.file(path).await?).into_owned())
    }

    /// A file of the broker's own API.
    ///
    /// # Errors
    /// What the broker says.
    pub(crate) async fn file(&self, path: &str) -> Result<Vec<u8>, CommandError> {
        let reply = self
            .client
            .get(&self.broker(path), Some(&self.profile.access_token))
            .await?;
        if reply.status.is_success() {
            Ok(reply.body.to_vec())
        } else {
            Err(reply.problem())
        }
    }
}

/// SHA-256, lower-case hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest
        .as_ref()
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
