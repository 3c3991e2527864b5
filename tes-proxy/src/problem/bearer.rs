//! 401 and its pointers (RFC 6750 section 3, RFC 9728).

use serde_json::{Value, json};
use url::Url;

/// What the `WWW-Authenticate` header of a 401 says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Challenge {
    /// No credential came: no error code (RFC 6750 3.1).
    Missing,
    /// One came and does not count.
    InvalidToken,
    /// The proof of its key does not count, or has to be made anew (RFC 9449 §7.1, §9): OAuth's word.
    Dpop(&'static str),
}

impl Challenge {
    /// The header's value; `origin` is the configured public URL, never one of the request.
    pub(crate) fn header(self, origin: &Url) -> String {
        let metadata = origin
            .join("/.well-known/oauth-protected-resource")
            .map_or_else(|_| String::new(), String::from);
        match self {
            Self::Dpop(error) => format!(
                "DPoP realm=\"visum\", error=\"{error}\", algs=\"ES256 RS256\", resource_metadata=\"{metadata}\""
            ),
            Self::Missing => format!("Bearer realm=\"visum\", resource_metadata=\"{metadata}\""),
            Self::InvalidToken => {
                format!("Bearer realm=\"visum\", error=\"invalid_token\", resource_metadata=\"{metadata}\"")
            }
        }
    }
}

/// The protected resource's metadata (RFC 9728 section 2).
pub(crate) fn resource_metadata(resource: &str, issuer: &str) -> Value {
    json!({
        "resource": resource,
        "authorization_servers": [issuer],
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["openid", "ga4gh_passport_v1"],
        "dpop_signing_alg_values_supported": ["ES256", "RS256"],
        "dpop_bound_access_tokens_required": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_401_points_to_the_metadata_and_names_an_error_only_for_a_token_that_came() {
        let origin = Url::parse("https://data.example.org/").unwrap();
        assert_eq!(
            Challenge::Missing.header(&origin),
            r#"Bearer realm="visum", resource_metadata="https://data.example.org/.well-known/oauth-protected-resource""#
        );
        assert!(
            Challenge::InvalidToken
                .header(&origin)
                .contains(r#"error="invalid_token""#)
        );
    }
}
