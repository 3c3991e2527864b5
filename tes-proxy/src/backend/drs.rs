//! To a DRS: an object's description, where its bytes are, and the bytes.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, header};
use hyper::body::Incoming;
use url::Url;

use crate::{
    api::{
        drs::{AccessUrl, BackendMethod, BackendObject},
        encode,
    },
    gate::Recorded,
};

use super::{BackendError, Client};

/// One byte range of a request (RFC 9110 section 14.1.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Range {
    /// From, to (inclusive) if it has an end.
    From(u64, Option<u64>),
    /// The last so many.
    Last(u64),
}

impl Range {
    /// Parses the header; `None` for anything but one sound range (E39).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
        let number = |text: &str| {
            let plain = !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
            if plain { text.parse::<u64>().ok() } else { None }
        };
        match (first, last) {
            ("", last) => Some(Self::Last(number(last)?)),
            (first, "") => Some(Self::From(number(first)?, None)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }

    /// First and last byte of an object of this size; `None` if there is none of them.
    pub(crate) fn of(self, size: u64) -> Option<(u64, u64)> {
        let end = size.checked_sub(1)?;
        match self {
            Self::From(first, last) => {
                let last = last.unwrap_or(end).min(end);
                (first <= last).then_some((first, last))
            }
            Self::Last(0) => None,
            Self::Last(count) => Some((size.saturating_sub(count), end)),
        }
    }

    fn text(self) -> String {
        match self {
            Self::From(first, Some(last)) => format!("bytes={first}-{last}"),
            Self::From(first, None) => format!("bytes={first}-"),
            Self::Last(count) => format!("bytes=-{count}"),
        }
    }
}

/// Bytes that a backend began to send.
#[derive(Debug)]
pub(crate) struct Bytes {
    /// Its answer: 200, 206 or 416.
    pub(crate) response: Response<Incoming>,
    /// The whole object's size, where it told it.
    pub(crate) size: Option<u64>,
}

/// The DRS behind the gate.
#[derive(Clone, Debug)]
pub(crate) struct DrsBackend {
    client: Client,
    byte_hosts: Vec<String>,
}

/// Methods whose bytes we can fetch.
fn servable(method: &BackendMethod) -> bool {
    matches!(method.kind.as_str(), "https" | "http")
        || method
            .access_url
            .as_ref()
            .is_some_and(|url| url.url.starts_with("http"))
}

impl DrsBackend {
    /// To this backend.
    pub(crate) const fn new(client: Client, byte_hosts: Vec<String>) -> Self {
        Self { client, byte_hosts }
    }

    /// What the backend says of an object. Asked while the record is written; the answer waits for it.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn object(&self, _proof: &impl Recorded, id: &str) -> Result<BackendObject, BackendError> {
        self.describe(id).await
    }

    async fn describe(&self, id: &str) -> Result<BackendObject, BackendError> {
        self.client
            .json(Method::GET, &format!("/objects/{}", encode(id)), &[], None)
            .await
    }

    /// The methods of an object whose bytes the proxy can serve, in the backend's order.
    pub(crate) fn methods(object: &BackendObject) -> Vec<&BackendMethod> {
        object
            .access_methods
            .iter()
            .flatten()
            .filter(|method| servable(method))
            .collect()
    }

    /// Opens an object's bytes by its `at`th servable method.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn bytes(
        &self,
        proof: &impl Recorded,
        id: &str,
        at: usize,
        range: Option<Range>,
        head: bool,
    ) -> Result<Bytes, BackendError> {
        let object = self.describe(id).await?;
        self.bytes_of(proof, id, &object, at, range, head).await
    }

    /// The same of an object that was just described.
    ///
    /// # Errors
    /// [`BackendError`].
    pub(crate) async fn bytes_of(
        &self,
        _proof: &impl Recorded,
        id: &str,
        object: &BackendObject,
        at: usize,
        range: Option<Range>,
        head: bool,
    ) -> Result<Bytes, BackendError> {
        let api = self.client.api();
        let methods = Self::methods(object);
        let method = methods.get(at).ok_or(BackendError::Unknown { api })?;
        let access = match (&method.access_url, &method.access_id) {
            (Some(url), _) => url.clone(),
            (None, Some(access)) => {
                self.client
                    .json(
                        Method::GET,
                        &format!("/objects/{}/access/{}", encode(id), encode(access)),
                        &[],
                        None,
                    )
                    .await?
            }
            (None, None) => {
                return Err(BackendError::Unreadable {
                    api,
                    why: "it names no way to the bytes",
                });
            }
        };
        let unreadable = |why| BackendError::Unreadable { api, why };
        let url = Url::parse(&access.url).map_err(|_| unreadable("it names no URL for the bytes"))?;
        let mut headers = headers_of(&access).ok_or_else(|| unreadable("it names headers that cannot be sent"))?;
        if let Some(range) = range {
            let value = HeaderValue::from_str(&range.text()).map_err(|_| unreadable("a range"))?;
            headers.insert(header::RANGE, value);
        }
        let response = self.client.open(url, &self.byte_hosts, headers, head).await?;
        if response.status() == http::StatusCode::PARTIAL_CONTENT && range.is_none() {
            return Err(unreadable("it sends a part that nobody asked for"));
        }
        Ok(Bytes {
            response,
            size: object.size,
        })
    }
}

/// `Name: value` lines; names of framing and hops are refused.
fn headers_of(access: &AccessUrl) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for line in &access.headers {
        let (name, value) = line.split_once(':')?;
        let name: HeaderName = name.trim().parse().ok()?;
        let hop = [
            "connection",
            "transfer-encoding",
            "content-length",
            "te",
            "trailer",
            "upgrade",
            "host",
            "range",
            "keep-alive",
        ];
        if hop.contains(&name.as_str()) || name.as_str().starts_with("proxy-") {
            return None;
        }
        let mut value = HeaderValue::from_str(value.trim()).ok()?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e39_one_sound_range_is_read_and_no_other() {
        let cases = [
            ("bytes=0-", Some(Range::From(0, None))),
            ("bytes=5-9", Some(Range::From(5, Some(9)))),
            ("bytes=-7", Some(Range::Last(7))),
            ("bytes=9-5", None),
            ("bytes=0-1,5-6", None),
            ("bytes=-", None),
            ("bytes= 0-1", None),
            ("items=0-1", None),
            ("bytes=+1-2", None),
            ("bytes=0-99999999999999999999", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Range::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn e47_headers_of_a_backend_do_not_reframe_our_request() {
        let access = |line: &str| AccessUrl {
            url: "https://b.example.org/x".into(),
            headers: vec![line.into()],
        };
        assert!(headers_of(&access("Authorization: Bearer x")).is_some());
        for bad in [
            "Transfer-Encoding: chunked",
            "Host: other",
            "Range: bytes=0-",
            "no colon",
            "Bad Name: x",
            "X: a\r\nY: b",
        ] {
            assert!(headers_of(&access(bad)).is_none(), "{bad:?}");
        }
    }
}
