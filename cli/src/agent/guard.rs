//! Who may use the agent: whoever shows the secret of this start, at the agent's own address, and is no web page.
//!
//! A port of loopback is open to every user and every browser tab of the machine. The secret keeps the others out; the
//! check of `Host` stops names that somebody lets point here (DNS rebinding), and pages of a browser are refused as such.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode, Uri, header};
use visa_verifier::seam::{Random, Secret, token};

use super::answer::Refusal;

/// The secret, and the names that the agent has.
#[derive(Debug)]
pub(crate) struct Guard {
    secret: Secret,
    hosts: Vec<String>,
}

impl Guard {
    /// Of a new start, on this port.
    pub(crate) fn new(random: &dyn Random, address: std::net::SocketAddr) -> Self {
        let port = address.port();
        Self {
            secret: Secret::from(token(random, 32)),
            hosts: vec![address.to_string(), format!("localhost:{port}")],
        }
    }

    /// The secret, for the clients of this start.
    pub(crate) fn secret(&self) -> &str {
        self.secret.expose_str().unwrap_or_default()
    }

    /// The path that is meant, if the caller may use the agent: the secret comes as bearer, as password of Basic, or as the
    /// path's first segment, for clients that send no credential.
    ///
    /// # Errors
    /// A [`Refusal`], the same for no secret and a wrong one.
    pub(crate) fn admits<'p>(&self, uri: &'p Uri, headers: &HeaderMap) -> Result<&'p str, Refusal> {
        self.at_home(uri, headers)?;
        if ["origin", "sec-fetch-site", "sec-fetch-mode"]
            .iter()
            .any(|name| headers.contains_key(*name))
        {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "agent.browser",
                "the agent serves programs, and no page of a browser",
            ));
        }
        let path = uri.path();
        let mut credentials = headers.get_all(header::AUTHORIZATION).iter();
        let (first, second) = (credentials.next(), credentials.next());
        let shown = first
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| self.shows(value));
        if shown && second.is_none() {
            return Ok(path);
        }
        if let Some((segment, _)) = path.strip_prefix('/').and_then(|rest| rest.split_once('/'))
            && self.secret.same(segment.as_bytes())
            && let Some(rest) = path.get(segment.len() + 1..)
        {
            return Ok(rest);
        }
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "agent.secret",
            "the agent's secret of this start is missing: it stands in TES_TOKEN where the agent printed or set it",
        ))
    }

    fn at_home(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut named = headers
            .get_all(header::HOST)
            .iter()
            .map(|value| value.to_str().unwrap_or_default());
        let (first, second) = (named.next(), named.next());
        let host = first.or_else(|| uri.authority().map(http::uri::Authority::as_str));
        let ours = host.is_some_and(|host| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)));
        if ours && second.is_none() {
            return Ok(());
        }
        Err(Refusal::new(
            StatusCode::MISDIRECTED_REQUEST,
            "agent.host",
            "the agent is called by its loopback address, and by no other name",
        ))
    }

    fn shows(&self, value: &str) -> bool {
        let Some((scheme, rest)) = value.split_once(' ') else {
            return false;
        };
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return self.secret.same(rest.as_bytes());
        }
        scheme.eq_ignore_ascii_case("basic")
            && STANDARD.decode(rest).is_ok_and(|bytes| {
                let password = bytes.splitn(2, |byte| *byte == b':').nth(1);
                password.is_some_and(|password| self.secret.same(password))
            })
    }
}

#[cfg(test)]
mod tests {
    use visa_verifier::seam::SystemRandom;

    use super::*;

    fn ask(guard: &Guard, path: &str, headers: &[(&str, &str)]) -> Result<String, u16> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
                value.parse().unwrap(),
            );
        }
        let uri: Uri = path.parse().unwrap();
        guard
            .admits(&uri, &map)
            .map(str::to_owned)
            .map_err(|refusal| refusal.status().as_u16())
    }

    #[test]
    fn the_secret_opens_in_three_ways_and_nothing_else_does() {
        let guard = Guard::new(&SystemRandom::new(), "127.0.0.1:4711".parse().unwrap());
        let secret = guard.secret().to_owned();
        let host = ("host", "127.0.0.1:4711");
        let bearer = format!("Bearer {secret}");
        let basic = format!("Basic {}", STANDARD.encode(format!("anybody:{secret}")));
        let path = format!("/{secret}/ga4gh/tes/v1/tasks");
        let good = Ok("/ga4gh/tes/v1/tasks".to_owned());
        let tasks = "/ga4gh/tes/v1/tasks";
        assert_eq!(ask(&guard, tasks, &[host, ("authorization", &bearer)]), good);
        assert_eq!(
            ask(
                &guard,
                tasks,
                &[host, ("authorization", &bearer.replace("Bearer", "bearer"))]
            ),
            good
        );
        assert_eq!(ask(&guard, tasks, &[host, ("authorization", &basic)]), good);
        assert_eq!(ask(&guard, &path, &[("host", "localhost:4711")]), good);
        for (path, headers, status) in [
            (tasks, vec![host], 403),
            (tasks, vec![host, ("authorization", "Bearer wrong")], 403),
            (
                tasks,
                vec![host, ("authorization", &bearer), ("authorization", "Bearer wrong")],
                403,
            ),
            (tasks, vec![host, ("authorization", "Basic bm90IGl0")], 403),
            ("/wrong/ga4gh/tes/v1/tasks", vec![host], 403),
            (&path, vec![host, ("origin", "https://evil.example.net")], 403),
            (&path, vec![host, ("sec-fetch-site", "cross-site")], 403),
            (&path, vec![("host", "evil.example.net:4711")], 421),
            (&path, vec![host, host], 421),
            (&path, vec![], 421),
        ] {
            assert_eq!(ask(&guard, path, &headers), Err(status), "{path} {headers:?}");
        }
        assert!(!format!("{guard:?}").contains(&secret));
    }
}
