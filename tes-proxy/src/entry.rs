//! The entry: what is refused of a request before its target is looked at (E37 to E45), and what every answer gets.

use std::net::{IpAddr, SocketAddr};

use axum::{body::Body, extract::ConnectInfo, response::Response};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header, request::Parts};
use http_body::Body as _;

use crate::{
    api::{Incoming, parse_path},
    config::Network,
    forwarded,
    problem::Problem,
};

/// In a request's extensions: its connection showed a certificate of a compute node, and that was verified.
#[derive(Clone, Copy, Debug)]
pub struct Certified;

/// Names that a request's `Host` may have, and the proxies in front that tell whom a request is from.
#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    names: Vec<String>,
    in_front: Vec<Network>,
}

impl Hosts {
    /// The URL's own, and further ones.
    pub(crate) fn of(url: &url::Url, more: &[String]) -> Self {
        let mut hosts: Vec<String> = more.iter().map(|host| host.to_ascii_lowercase()).collect();
        if let Some(host) = url.host_str() {
            let own = url
                .port()
                .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
            hosts.push(own.to_ascii_lowercase());
        }
        Self {
            names: hosts,
            in_front: Vec::new(),
        }
    }

    /// The same behind these proxies.
    pub(crate) fn behind(self, in_front: &[Network]) -> Self {
        Self {
            in_front: in_front.to_vec(),
            ..self
        }
    }

    fn know(&self, host: &str) -> bool {
        self.names.iter().any(|known| known.eq_ignore_ascii_case(host))
    }
}

/// Reads the head of a request.
///
/// # Errors
/// A [`Problem`] for what two readers could read differently, or that asks for a tunnel.
pub(crate) fn read(request: Request<Body>, request_id: String, hosts: &Hosts) -> Result<(Incoming, Body), Problem> {
    let (parts, body) = request.into_parts();
    let address = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip())
        .map(|peer| forwarded::client(peer, &parts.headers, &hosts.in_front))
        .transpose()?;
    let certified = parts.extensions.get::<Certified>().is_some();
    let incoming = Incoming {
        certified,
        ..head(&parts, request_id, address, hosts)?
    };
    Ok((incoming, body))
}

fn head(parts: &Parts, request_id: String, address: Option<IpAddr>, hosts: &Hosts) -> Result<Incoming, Problem> {
    if parts.method == Method::CONNECT || parts.method == Method::TRACE {
        return Err(Problem {
            allow: Some("GET, HEAD, POST"),
            ..Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "request.method",
                "this method is not served",
            )
        });
    }
    if parts.headers.contains_key(header::UPGRADE) {
        return Err(Problem::refused("request.upgrade", "connections are not upgraded here"));
    }
    if parts.headers.contains_key(header::CONTENT_LENGTH) && parts.headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(Problem::refused(
            "request.framing",
            "Content-Length and Transfer-Encoding stand together",
        ));
    }
    if parts.headers.get_all(header::CONTENT_LENGTH).iter().count() > 1 {
        return Err(Problem::refused("request.framing", "Content-Length stands twice"));
    }
    host(&parts.headers, &parts.uri, hosts)?;
    let segments = parse_path(parts.uri.path())?;
    crate::operation::slashes(&segments)?;
    Ok(Incoming {
        request_id,
        method: parts.method.clone(),
        path: parts.uri.path().to_owned(),
        segments,
        query: parts.uri.query().map(str::to_owned),
        headers: end_to_end(&parts.headers),
        address,
        certified: false,
    })
}

/// Headers of one hop (RFC 9110 7.6.1), beside those that `Connection` names.
const HOP: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What is meant for us: nothing of the hop, and nothing that `Connection` names (E41). Whoever names `Authorization`
/// there has sent none.
fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    for value in headers.get_all(header::CONNECTION) {
        for name in value.as_bytes().split(|byte| *byte == b',') {
            if let Ok(name) = http::HeaderName::from_bytes(name.trim_ascii()) {
                kept.remove(name);
            }
        }
    }
    for name in HOP {
        kept.remove(name);
    }
    kept
}

/// The `Host` is one of ours, and an absolute-form or HTTP/2 authority agrees with it (E45).
fn host(headers: &HeaderMap, uri: &Uri, hosts: &Hosts) -> Result<(), Problem> {
    let refused = || {
        Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "request.host",
            "this is not a host of this node",
        )
    };
    // what is no host at all is a malformed request (RFC 9112 3.2), another host's is not for us (RFC 9110 7.4)
    let malformed = || Problem::refused("request.host", "there is no Host, or it is none");
    let mut values = headers.get_all(header::HOST).iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(Problem::refused("request.host", "there are two Host headers"));
    }
    let named = match first {
        Some(value) => Some(
            value
                .to_str()
                .ok()
                .filter(|text| {
                    text.parse::<http::uri::Authority>()
                        .is_ok_and(|known| !known.as_str().contains('@'))
                })
                .ok_or_else(malformed)?,
        ),
        None => None,
    };
    let authority = uri.authority().map(http::uri::Authority::as_str);
    match (named, authority) {
        (None, None) => Err(malformed()),
        (Some(host), None) | (None, Some(host)) => {
            if hosts.know(host) {
                Ok(())
            } else {
                Err(refused())
            }
        }
        (Some(host), Some(authority)) => {
            if hosts.know(host) && authority.eq_ignore_ascii_case(host) {
                Ok(())
            } else {
                Err(refused())
            }
        }
    }
}

/// What every answer gets; HEAD loses its body.
pub(crate) fn finish(mut response: Response, method: &Method, request_id: &str) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, private"));
    headers.insert(header::VARY, HeaderValue::from_static("Authorization"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", id);
    }
    if *method == Method::HEAD {
        // the length is that of GET's answer (RFC 9110 8.6), where it is known
        let length = response.body().size_hint().exact();
        if let Some(length) = length.filter(|_| !response.headers().contains_key(header::CONTENT_LENGTH)) {
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        *response.body_mut() = Body::empty();
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(change: impl FnOnce(http::request::Builder) -> http::request::Builder) -> Result<Incoming, String> {
        let hosts = Hosts::of(
            &url::Url::parse("http://127.0.0.1:8081/").unwrap(),
            &["data.example.org".to_owned()],
        );
        let builder = Request::builder().uri("/ga4gh/drs/v1/objects/a");
        let request = change(builder).body(Body::empty()).unwrap();
        read(request, "r".into(), &hosts)
            .map(|(incoming, _)| incoming)
            .map_err(|problem| problem.code.into_owned())
    }

    #[test]
    fn e45_the_host_is_one_of_ours_and_stands_once() {
        let cases: [(&str, &[&str], &str, Option<&str>); 8] = [
            ("our own", &["127.0.0.1:8081"], "/healthz", None),
            ("another name of ours", &["DATA.example.org"], "/healthz", None),
            ("a foreign one", &["evil.example.net"], "/healthz", Some("request.host")),
            ("without the port", &["127.0.0.1"], "/healthz", Some("request.host")),
            ("none", &[], "/healthz", Some("request.host")),
            (
                "two",
                &["127.0.0.1:8081", "evil.example.net"],
                "/healthz",
                Some("request.host"),
            ),
            (
                "absolute form, ours",
                &["127.0.0.1:8081"],
                "http://127.0.0.1:8081/healthz",
                None,
            ),
            (
                "absolute form, foreign",
                &["127.0.0.1:8081"],
                "http://backend.example.net/healthz",
                Some("request.host"),
            ),
        ];
        for (name, hosts, target, fault) in cases {
            let got = request(|mut builder| {
                builder = builder.uri(target);
                for host in hosts {
                    builder = builder.header("host", *host);
                }
                builder
            });
            assert_eq!(got.err().as_deref(), fault, "{name}");
        }
    }

    #[test]
    fn e41_what_is_of_the_hop_or_named_by_connection_is_not_there() {
        let incoming = request(|builder| {
            builder
                .header("host", "127.0.0.1:8081")
                .header("connection", "keep-alive, Authorization ,, {}")
                .header("connection", "visum-purpose")
                .header("authorization", "Bearer a")
                .header("visum-purpose", "e30")
                .header("te", "trailers")
                .header("trailer", "authorization")
                .header("proxy-authorization", "Basic YTpi")
                .header("accept", "*/*")
        });
        let incoming = incoming.unwrap();
        let names: Vec<&str> = incoming.headers.keys().map(http::HeaderName::as_str).collect();
        assert_eq!(names, ["host", "accept"]);
    }

    #[test]
    fn e38_e40_e43_tunnels_and_double_framing_are_refused() {
        let with = |name: &'static str, value: &'static str| {
            request(|builder| builder.header("host", "127.0.0.1:8081").header(name, value))
        };
        assert_eq!(with("upgrade", "websocket").unwrap_err(), "request.upgrade");
        let both = request(|builder| {
            builder
                .header("host", "127.0.0.1:8081")
                .header("content-length", "1")
                .header("transfer-encoding", "chunked")
        });
        assert_eq!(both.unwrap_err(), "request.framing");
        let trace = request(|builder| builder.method("TRACE").header("host", "127.0.0.1:8081"));
        assert_eq!(trace.unwrap_err(), "request.method");
        assert!(
            with("x-http-method-override", "DELETE").unwrap().method == Method::GET,
            "an override changes nothing"
        );
    }
}
