//! What we protect ourselves, and who issues tokens for it (RFC 9728; `specs/trust.md` C.22): the metadata of UserInfo and
//! of our own API, and the pointer to it that every challenge carries.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use url::Url;

use super::scope::Scope;
use super::token::client_credentials;
use crate::front::Front;

/// Where metadata lies; the path of a resource's identifier follows it (RFC 9728 §3.1).
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// A protected resource of this broker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Resource {
    /// All of it: its identifier is our issuer, which is the audience of the tokens that count at both others.
    Whole,
    /// `/userinfo`
    UserInfo,
    /// `/visum/v1` and what is below.
    Api,
}

impl Resource {
    const ALL: [Self; 3] = [Self::Whole, Self::UserInfo, Self::Api];

    /// Its path below the issuer.
    const fn path(self) -> &'static str {
        match self {
            Self::Whole => "",
            Self::UserInfo => "/userinfo",
            Self::Api => "/visum/v1",
        }
    }

    /// Its identifier.
    fn id(self, issuer: &str) -> String {
        match self {
            Self::Whole => issuer.to_owned(),
            Self::UserInfo | Self::Api => format!("{}{}", issuer.trim_end_matches('/'), self.path()),
        }
    }

    /// Where its metadata lie: the well-known part stands between the host and the identifier's path.
    pub(crate) fn metadata_url(self, issuer: &str) -> Option<String> {
        let mut url = Url::parse(&self.id(issuer)).ok()?;
        let path = format!("{WELL_KNOWN}{}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Some(url.into())
    }

    fn scopes(self) -> Vec<&'static str> {
        let identity = [Scope::OpenId, Scope::Profile, Scope::Email, Scope::Passport].map(Scope::word);
        let own = [Scope::Own.word(), Scope::Admin.word(), client_credentials::CONSENT];
        match self {
            Self::Whole => identity.into_iter().chain(own).collect(),
            Self::UserInfo => identity.to_vec(),
            Self::Api => own.to_vec(),
        }
    }

    fn document(self, issuer: &str) -> Value {
        let mut document = json!({
            "resource": self.id(issuer),
            "authorization_servers": [issuer],
            "bearer_methods_supported": ["header"],
            "scopes_supported": self.scopes(),
        });
        // our API takes bearer tokens alone
        if self == Self::UserInfo
            && let Some(members) = document.as_object_mut()
        {
            members.insert("dpop_signing_alg_values_supported".into(), json!(["ES256", "RS256"]));
            members.insert("dpop_bound_access_tokens_required".into(), json!(false));
        }
        document
    }
}

/// `GET /.well-known/oauth-protected-resource`
pub(crate) async fn whole(State(front): State<Front>) -> Response {
    told(&front, "")
}

/// `GET /.well-known/oauth-protected-resource/…`: the path of the identifier follows.
pub(crate) async fn part(State(front): State<Front>, Path(path): Path<String>) -> Response {
    told(&front, &path)
}

/// The metadata of the resource whose identifier has this path, and of no other: a client compares `resource` with what
/// it asked for (RFC 9728 §3.3).
fn told(front: &Front, path: &str) -> Response {
    let issuer = front.issuer();
    let asked = |resource: &Resource| {
        let url = Url::parse(&resource.id(issuer)).ok();
        url.is_some_and(|url| url.path().trim_matches('/') == path)
    };
    match Resource::ALL.into_iter().find(asked) {
        Some(resource) => {
            let headers = [(header::CACHE_CONTROL, "public, max-age=300")];
            (headers, Json(resource.document(issuer))).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Adds the address of the metadata to the challenge of an answer, if it has one (RFC 9728 §5.1).
pub(crate) fn point(resource: Resource, issuer: &str, headers: &mut HeaderMap) {
    let Some(url) = resource.metadata_url(issuer) else {
        return;
    };
    let pointed = headers
        .get(header::WWW_AUTHENTICATE)
        .and_then(|challenge| challenge.to_str().ok())
        .map(|challenge| {
            let sign = if challenge.contains(' ') { "," } else { "" };
            format!("{challenge}{sign} resource_metadata=\"{url}\"")
        })
        .and_then(|challenge| HeaderValue::try_from(challenge).ok());
    if let Some(challenge) = pointed {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9728_the_well_known_part_stands_before_the_path_of_the_identifier() {
        for (issuer, resource, url) in [
            ("https://b.example.org", Resource::Whole, ""),
            ("https://b.example.org/", Resource::Whole, ""),
            ("https://b.example.org", Resource::UserInfo, "/userinfo"),
            ("https://b.example.org/node", Resource::Api, "/node/visum/v1"),
        ] {
            let expected = format!("https://b.example.org{WELL_KNOWN}{url}");
            assert_eq!(resource.metadata_url(issuer), Some(expected));
        }
    }

    #[test]
    fn a_challenge_keeps_what_it_says_and_an_answer_without_one_gets_none() {
        let issuer = "https://b.example.org";
        let pointer = "resource_metadata=\"https://b.example.org/.well-known/oauth-protected-resource/visum/v1\"";
        for (before, after) in [
            (Some("Bearer"), Some(format!("Bearer {pointer}"))),
            (
                Some("Bearer error=\"invalid_token\""),
                Some(format!("Bearer error=\"invalid_token\", {pointer}")),
            ),
            (None, None),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(before) = before {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(before));
            }
            point(Resource::Api, issuer, &mut headers);
            let said = headers.get(header::WWW_AUTHENTICATE);
            assert_eq!(said.and_then(|value| value.to_str().ok()), after.as_deref());
        }
    }
}
