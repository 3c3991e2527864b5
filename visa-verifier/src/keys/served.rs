//! [`served`]: the keys that a server serves, read from its documents. No memory: who asks often asks a store.

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL};

use super::discovery::discover;
use super::server::KeyServer;
use super::set::KeySet;
use crate::seam::{Document, Fetch, FetchError, FetchUrl, Limit, document};

/// A key set as it was served.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) keys: KeySet,
    /// The address of the set itself.
    pub(super) address: String,
    /// The answer that held the set.
    pub(super) document: Document,
}

/// Fetches the keys of `server`: one document, or two if the first is the issuer's metadata.
pub(super) async fn served(server: &KeyServer, fetch: &dyn Fetch, loopback_http: bool) -> Result<Served, FetchError> {
    let address = match server {
        KeyServer::Jku { url, .. } => url.clone(),
        KeyServer::Discovery { issuer } => {
            let named = discover(issuer, fetch, loopback_http).await?.jwks_uri;
            named.ok_or_else(|| FetchError::Document {
                host: issuer.to_string(),
                why: "it names no `jwks_uri`".to_owned(),
            })?
        }
    };
    let document = document(fetch, &FetchUrl::parse(&address, loopback_http)?, Limit::DOCUMENT).await?;
    let keys = KeySet::from_slice(&document.body).map_err(|e| FetchError::Document {
        host: document.host.clone(),
        why: e.to_string(),
    })?;
    Ok(Served {
        keys,
        address,
        document,
    })
}

/// For how many seconds the answer says that it may be kept (RFC 9111): `max-age` less `Age`; 0 for `no-store`,
/// `no-cache` and what cannot be read; `None` if it says nothing.
pub(super) fn lifetime(headers: &HeaderMap) -> Option<u64> {
    let mut said: Option<u64> = None;
    for value in headers.get_all(CACHE_CONTROL) {
        for directive in value.to_str().unwrap_or("no-store").split(',') {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let seconds = match name.trim().to_ascii_lowercase().as_str() {
                "no-store" | "no-cache" => 0,
                "max-age" => delta(value.trim().trim_matches('"')),
                _ => continue,
            };
            said = Some(said.map_or(seconds, |before| before.min(seconds)));
        }
    }
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()).map_or(0, delta);
    said.map(|seconds| seconds.saturating_sub(age))
}

/// Seconds as RFC 9111 1.2.2 writes them; 0 for what is none.
fn delta(text: &str) -> u64 {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        text.parse().unwrap_or(u64::from(u32::MAX))
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_on_caching_are_read() {
        for (name, lines, age, seconds) in [
            ("nothing", vec![], None, None),
            ("max-age", vec!["max-age=600"], None, Some(600)),
            (
                "in capitals among others",
                vec!["public, Max-Age=600, must-revalidate"],
                None,
                Some(600),
            ),
            ("quoted", vec!["max-age=\"600\""], None, Some(600)),
            ("no-store", vec!["no-store"], None, Some(0)),
            ("no-store wins", vec!["max-age=600, no-store"], None, Some(0)),
            (
                "no-cache with fields",
                vec!["max-age=600, no-cache=\"x\""],
                None,
                Some(0),
            ),
            (
                "in two headers, the shorter",
                vec!["max-age=600", "max-age=60"],
                None,
                Some(60),
            ),
            ("negative", vec!["max-age=-1"], None, Some(0)),
            ("no number", vec!["max-age=soon"], None, Some(0)),
            ("none given", vec!["max-age"], None, Some(0)),
            (
                "too large",
                vec!["max-age=99999999999999999999999"],
                None,
                Some(u64::from(u32::MAX)),
            ),
            ("what others may do", vec!["s-maxage=600, private"], None, None),
            ("on the way for a while", vec!["max-age=600"], Some("100"), Some(500)),
            ("on the way for too long", vec!["max-age=600"], Some("700"), Some(0)),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(CACHE_CONTROL, line.parse().unwrap());
            }
            if let Some(age) = age {
                headers.insert(AGE, age.parse().unwrap());
            }
            assert_eq!(lifetime(&headers), seconds, "{name}");
        }
    }
}
