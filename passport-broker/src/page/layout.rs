//! The frame of every page and the headers that keep it safe (`specs/trust.md` C.12).

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use url::Url;

/// What stands around a page's content.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// The page's title.
    pub(crate) title: String,
    /// The node's name, as its operator set it.
    pub(crate) node: String,
    /// The path of the issuer, without its last slash: in front of every link of ours.
    pub(crate) base: String,
    /// A sentence above every page, such as that all people and data are fictional.
    pub(crate) banner: Option<String>,
    /// Whether one person governs this node (D16).
    pub(crate) single: bool,
    /// Who is signed in.
    pub(crate) signed: Option<Signed>,
}

/// The person in whose session a page is shown.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    /// What the page calls the person.
    pub(crate) name: String,
    /// The token of the sign-out form.
    pub(crate) logout: String,
}

/// Where a page's forms may lead.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Targets {
    /// To this broker only.
    Own,
    /// And, by a redirect, to the origin of this URI: `form-action` governs redirects after a POST too.
    OwnAnd(Url),
}

impl Targets {
    /// The value of `form-action`.
    fn sources(&self) -> String {
        match self {
            Self::Own => "'self'".to_owned(),
            Self::OwnAnd(uri) if can_be_a_source(uri) => format!("'self' {}", uri.origin().ascii_serialization()),
            Self::OwnAnd(_) => "'self'".to_owned(),
        }
    }
}

/// Whether a content security policy can name this URI's origin: it has no grammar for IPv6 addresses.
/// After a form, a browser is led to such a target by a page with a link.
pub(crate) fn can_be_a_source(uri: &Url) -> bool {
    matches!(uri.scheme(), "http" | "https") && matches!(uri.host(), Some(url::Host::Domain(_) | url::Host::Ipv4(_)))
}

/// A page as a response: escaped by its template, with every header that it needs.
///
/// A template that fails to render is our fault: an empty 500, logged.
pub(crate) fn show(status: StatusCode, page: &impl Template, targets: &Targets) -> Response {
    let text = match page.render() {
        Ok(text) => text,
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action {}; frame-ancestors 'none'; base-uri 'none'",
        targets.sources()
    );
    let mut response = (status, text).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in PAGE_HEADERS {
        headers.insert(header::HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// The same for every page. No page is kept by a cache: each shows one person's facts or holds a form's token.
const PAGE_HEADERS: [(&str, &str); 6] = [
    ("cache-control", "no-store"),
    ("pragma", "no-cache"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// A page that says what went wrong and what to do.
#[derive(Debug, Template)]
#[template(path = "problem.html")]
pub(crate) struct ProblemPage {
    /// The frame.
    pub(crate) frame: Frame,
    /// What happened, in a few words.
    pub(crate) heading: String,
    /// What happened, in a sentence.
    pub(crate) sentence: String,
    /// What would help.
    pub(crate) remedy: Option<String>,
    /// The stable code.
    pub(crate) code: &'static str,
    /// Where to begin anew.
    pub(crate) again: Option<String>,
}

/// A page with a link that leads back to the client, where no redirect can.
#[derive(Debug, Template)]
#[template(path = "leave.html")]
pub(crate) struct LeavePage {
    /// The frame.
    pub(crate) frame: Frame,
    /// The client's name.
    pub(crate) client: String,
    /// Where the link leads.
    pub(crate) target: String,
}

/// `GET /static/visum.css`.
pub(crate) async fn style_sheet() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, include_str!("../../static/visum.css")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame {
            title: "T".into(),
            node: "Node <1>".into(),
            base: String::new(),
            banner: Some("All people and data here are fictional".into()),
            single: false,
            signed: None,
        }
    }

    #[tokio::test]
    async fn a_page_is_escaped_and_carries_its_headers() {
        let page = LeavePage {
            frame: frame(),
            client: "<script>".into(),
            target: "http://[::1]:9/cb?code=x".into(),
        };
        let response = show(
            StatusCode::OK,
            &page,
            &Targets::OwnAnd("https://client.example.org/cb".parse().unwrap()),
        );
        let policy = response.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(
            policy.contains("form-action 'self' https://client.example.org;"),
            "{policy}"
        );
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(!text.contains("<script>"), "{text}");
        assert!(text.contains("All people and data here are fictional"));
    }

    #[test]
    fn form_action_names_an_origin_and_nothing_else() {
        let cases = [
            ("https://c.example.org/cb?x=1", "'self' https://c.example.org"),
            ("http://127.0.0.1:8123/cb", "'self' http://127.0.0.1:8123"),
            ("http://[::1]:8123/cb", "'self'"),
        ];
        for (uri, sources) in cases {
            assert_eq!(Targets::OwnAnd(uri.parse().unwrap()).sources(), sources);
        }
    }

    #[test]
    fn no_page_has_a_script_or_a_style_of_its_own() {
        let pages = [
            include_str!("../../templates/frame.html"),
            include_str!("../../templates/account.html"),
            include_str!("../../templates/consent.html"),
            include_str!("../../templates/login.html"),
            include_str!("../../templates/change.html"),
            include_str!("../../templates/changes.html"),
            include_str!("../../templates/application.html"),
            include_str!("../../templates/application_form.html"),
            include_str!("../../templates/application_join.html"),
            include_str!("../../templates/applications.html"),
            include_str!("../../templates/policy.html"),
            include_str!("../../templates/policies.html"),
        ];
        for page in pages {
            assert!(!page.contains("<script") && !page.contains("style=") && !page.contains("|safe"));
        }
    }
}
