//! The address of a client behind proxies that the settings name (`apis.md` E37). From all others, and of all other
//! headers that a proxy in front might set, nothing is read.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

use crate::{config::Network, problem::Problem};

/// Proxies that one request may have passed.
const HOPS: usize = 32;
/// Bytes of such headers.
const BYTES: usize = 4_096;

fn refused() -> Problem {
    Problem::refused(
        "request.forwarded",
        "the proxy in front of this node tells no address of a client that can be read",
    )
}

/// The client's address: the peer's own, unless that is one of the proxies; then the last address that they tell and
/// that is none of theirs.
///
/// # Errors
/// 400 if a trusted proxy tells what can't be read, or two things.
pub(crate) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Result<IpAddr, Problem> {
    let ours = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !ours(peer) {
        return Ok(peer);
    }
    let by_one = chain(headers, "x-forwarded-for", |text| Ok(text.to_owned()))?;
    let by_other = chain(headers, "forwarded", element)?;
    let last = |chain: &[String]| -> Result<Option<IpAddr>, Problem> {
        let mut first = None;
        for text in chain.iter().rev() {
            let address = address(text).ok_or_else(refused)?;
            if !ours(address) {
                return Ok(Some(address));
            }
            first = Some(address);
        }
        Ok(first)
    };
    match (last(&by_one)?, last(&by_other)?) {
        (None, None) => Ok(peer),
        (Some(address), None) | (None, Some(address)) => Ok(address),
        (Some(one), Some(other)) if one == other => Ok(one),
        (Some(_), Some(_)) => Err(refused()),
    }
}

/// The entries of a header, over all lines that it has, in their order.
fn chain(
    headers: &HeaderMap,
    name: &str,
    read: impl Fn(&str) -> Result<String, Problem>,
) -> Result<Vec<String>, Problem> {
    let (mut found, mut bytes) = (Vec::new(), 0_usize);
    for value in headers.get_all(name) {
        let text = value.to_str().map_err(|_| refused())?;
        bytes = bytes.saturating_add(text.len());
        if bytes > BYTES {
            return Err(refused());
        }
        for entry in text.split(',') {
            if found.len() == HOPS {
                return Err(refused());
            }
            found.push(read(entry.trim())?);
        }
    }
    Ok(found)
}

/// The `for` of an element of `Forwarded` (RFC 7239 section 4). A comma inside of quotes is in no address.
fn element(text: &str) -> Result<String, Problem> {
    let mut named = text.split(';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    });
    let value = named.next().ok_or_else(refused)?;
    if named.next().is_some() {
        return Err(refused());
    }
    let bare = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').ok_or_else(refused)?,
        None => value,
    };
    if bare.contains(['"', '\\']) {
        return Err(refused());
    }
    Ok(bare.to_owned())
}

/// An address, with or without port and brackets.
fn address(text: &str) -> Option<IpAddr> {
    let plain = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    plain
        .or_else(with_port)
        .or_else(bracketed)
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e37_only_a_configured_proxy_tells_the_address_of_a_client() {
        let trusted = [Network {
            address: "10.0.0.0".parse().unwrap(),
            prefix: 8,
        }];
        let one = "x-forwarded-for";
        type Case<'c> = (&'c str, &'c str, &'c [(&'c str, &'c str)], Option<&'c str>);
        let cases: [Case<'_>; 16] = [
            (
                "a stranger's word",
                "192.0.2.1",
                &[(one, "198.51.100.1")],
                Some("192.0.2.1"),
            ),
            ("a stranger's odd word", "192.0.2.1", &[(one, "x")], Some("192.0.2.1")),
            (
                "a proxy's word",
                "10.0.0.1",
                &[(one, "198.51.100.1")],
                Some("198.51.100.1"),
            ),
            ("no word", "10.0.0.1", &[], Some("10.0.0.1")),
            (
                "what the client put in front",
                "10.0.0.1",
                &[(one, "203.0.113.9, 198.51.100.1")],
                Some("198.51.100.1"),
            ),
            (
                "two proxies",
                "10.0.0.1",
                &[(one, "203.0.113.9, 198.51.100.1, 10.0.0.2")],
                Some("198.51.100.1"),
            ),
            (
                "two lines",
                "10.0.0.1",
                &[(one, "203.0.113.9"), (one, "198.51.100.1")],
                Some("198.51.100.1"),
            ),
            (
                "proxies alone",
                "10.0.0.1",
                &[(one, "10.0.0.3, 10.0.0.2")],
                Some("10.0.0.3"),
            ),
            (
                "with a port",
                "10.0.0.1",
                &[(one, "198.51.100.1:4711")],
                Some("198.51.100.1"),
            ),
            (
                "RFC 7239",
                "10.0.0.1",
                &[("forwarded", "for=203.0.113.9, For=\"[2001:db8::1]:4711\";proto=https")],
                Some("2001:db8::1"),
            ),
            (
                "both, alike",
                "10.0.0.1",
                &[(one, "198.51.100.1"), ("forwarded", "for=198.51.100.1")],
                Some("198.51.100.1"),
            ),
            (
                "both, unlike",
                "10.0.0.1",
                &[(one, "198.51.100.1"), ("forwarded", "for=198.51.100.2")],
                None,
            ),
            ("hidden", "10.0.0.1", &[("forwarded", "for=_hidden")], None),
            ("no address", "10.0.0.1", &[(one, "ada, 10.0.0.2")], None),
            (
                "twice",
                "10.0.0.1",
                &[("forwarded", "for=198.51.100.1;for=198.51.100.2")],
                None,
            ),
            ("empty", "10.0.0.1", &[(one, "")], None),
        ];
        for (name, peer, lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for (key, value) in lines {
                headers.append(
                    http::HeaderName::from_bytes(key.as_bytes()).unwrap(),
                    value.parse().unwrap(),
                );
            }
            let got = client(peer.parse().unwrap(), &headers, &trusted).ok();
            assert_eq!(got, expected.map(|text| text.parse().unwrap()), "{name}");
        }
    }
}
