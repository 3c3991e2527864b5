//! A DRS object as far as the command line needs it: its size, its checksum, its members, and the way to its bytes.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::{client::session::Session, error::CommandError};

/// A DRS id has the unreserved characters; all else is percent-encoded in a path (DRS 1.5 "DRS IDs").
const ID: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An object, or a bundle of them.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// Its id at the proxy.
    pub(crate) id: String,
    /// Bytes, if the description says so.
    pub(crate) size: Option<u64>,
    /// SHA-256, lower-case hexadecimal.
    pub(crate) sha256: Option<String>,
    /// What a bundle holds; empty for an object.
    pub(crate) members: Vec<Member>,
    ready: Option<String>,
    access_id: Option<String>,
}

/// A part of a bundle.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Its name in the bundle.
    pub(crate) name: String,
    /// Its id at the proxy.
    pub(crate) id: String,
}

impl Object {
    /// Asks for the description.
    ///
    /// # Errors
    /// What the proxy says; `drs.member` if a bundle names what cannot be fetched here.
    pub(crate) async fn describe(session: &Session, id: &str) -> Result<Self, CommandError> {
        let answer = session
            .client
            .get(&address(session, id)?, Some(&session.profile.access_token))
            .await?
            .ok()?;
        Self::read(id, &answer)
    }

    /// Reads a description.
    ///
    /// # Errors
    /// `drs.member`
    pub(crate) fn read(id: &str, answer: &Value) -> Result<Self, CommandError> {
        let list = |name: &str| answer.get(name).and_then(Value::as_array).into_iter().flatten();
        let text = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let sha256 = list("checksums").find_map(|sum| {
            let kind = text(sum, "/type")?.to_ascii_lowercase();
            matches!(kind.as_str(), "sha-256" | "sha256").then(|| text(sum, "/checksum"))?
        });
        let mut members = Vec::new();
        for part in list("contents") {
            let name = text(part, "/name").unwrap_or_default();
            let id = text(part, "/id").ok_or_else(|| {
                CommandError::unknown(
                    "drs.member",
                    format!("the member `{name}` of `{id}` has no id at this proxy"),
                )
                .hint("it may lie with another node: fetch it there by its drs:// address")
            })?;
            members.push(Member { name, id });
        }
        Ok(Self {
            id: id.to_owned(),
            size: answer.get("size").and_then(Value::as_u64),
            sha256: sha256.map(|sum| sum.to_ascii_lowercase()),
            members,
            ready: list("access_methods").find_map(|method| text(method, "/access_url/url")),
            access_id: list("access_methods").find_map(|method| text(method, "/access_id")),
        })
    }

    /// Whether it is a bundle.
    pub(crate) fn is_bundle(&self) -> bool {
        !self.members.is_empty()
    }

    /// A URL of its bytes, asked for anew.
    ///
    /// # Errors
    /// What the proxy says; `drs.no_access`.
    pub(crate) async fn url(&self, session: &Session) -> Result<String, CommandError> {
        if let Some(url) = &self.ready {
            return Ok(url.clone());
        }
        let none = || CommandError::unknown("drs.no_access", "the object offers no way to its bytes");
        let access = utf8_percent_encode(self.access_id.as_ref().ok_or_else(none)?, ID);
        let url = format!("{}/access/{access}", address(session, &self.id)?);
        let answer = session
            .client
            .get(&url, Some(&session.profile.access_token))
            .await?
            .ok()?;
        answer
            .get("url")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(none)
    }
}

/// The id that a person wrote: as it is, or out of a `drs://` address of this proxy.
///
/// # Errors
/// `drs.other_host` for an address of another one.
pub(crate) fn id_of(session: &Session, said: &str) -> Result<String, CommandError> {
    let Some((host, id)) = said.strip_prefix("drs://").and_then(|rest| rest.split_once('/')) else {
        return Ok(said.to_owned());
    };
    let own = session.proxy("")?;
    let own = own.split_once("://").map_or(own.as_str(), |(_, rest)| rest);
    let own = own.trim_end_matches('/');
    let bare = |host: &str| host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if bare(host) == bare(own) {
        let id = percent_encoding::percent_decode_str(id).decode_utf8_lossy();
        return Ok(id.into_owned());
    }
    Err(CommandError::refused(
        "drs.other_host",
        format!("`{said}` lies with {host}, and this login is for {own}"),
    )
    .hint("log in there: visum login --broker URL --proxy URL --profile NAME"))
}

fn address(session: &Session, id: &str) -> Result<String, CommandError> {
    session.proxy(&format!("ga4gh/drs/v1/objects/{}", utf8_percent_encode(id, ID)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_description_gives_its_checksum_in_lower_case_its_way_and_its_members() {
        let read = |answer: &Value| Object::read("x", answer);
        let object = read(&json!({ "id": "x", "size": 5,
            "checksums": [{ "type": "md5", "checksum": "00" }, { "type": "SHA-256", "checksum": "AB" }],
            "access_methods": [{ "type": "https", "access_id": "a b" }] }))
        .unwrap();
        assert_eq!((object.size, object.sha256.as_deref()), (Some(5), Some("ab")));
        assert!(!object.is_bundle());
        let bundle = read(&json!({ "id": "x", "contents": [{ "name": "one", "id": "1" }] })).unwrap();
        assert!(bundle.is_bundle());
        let foreign = json!({ "contents": [{ "name": "one", "drs_uri": ["drs://data.example.net/1"] }] });
        assert_eq!(read(&foreign).unwrap_err().code(), "drs.member");
        let none = read(&json!({ "checksums": "x", "access_methods": 3, "size": "5" })).unwrap();
        assert_eq!((none.size, none.sha256), (None, None));
    }
}
