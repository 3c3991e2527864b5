//! [`discover`]: an issuer's discovery document, read in one place for keys and endpoints alike.

use serde::Deserialize;

use crate::seam::{Document, Fetch, FetchError, FetchUrl, Limit, document};
use crate::token::{Issuer, json, limits};

/// What is read of it; other members are the issuer's own affair.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Discovery {
    issuer: String,
    #[serde(default)]
    pub(crate) jwks_uri: Option<String>,
    #[serde(default)]
    pub(crate) token_endpoint: Option<String>,
    #[serde(default)]
    pub(crate) userinfo_endpoint: Option<String>,
}

/// Asks at the issuer without its final slash; the document must name the very issuer (BRK-26, BRK-27). Who calls has
/// the issuer in configuration (CLH-15).
pub(crate) async fn discover(issuer: &Issuer, fetch: &dyn Fetch, loopback_http: bool) -> Result<Discovery, FetchError> {
    let base = issuer.as_str().strip_suffix('/').unwrap_or(issuer.as_str());
    let url = FetchUrl::parse(&format!("{base}/.well-known/openid-configuration"), loopback_http)?;
    let Document { host, body, .. } = document(fetch, &url, Limit::DOCUMENT).await?;
    let unusable = |why: String| FetchError::Document {
        host: host.clone(),
        why,
    };
    let found: Discovery =
        json::parse(&body, Limit::DOCUMENT.bytes, limits::DOCUMENT_DEPTH).map_err(|e| unusable(e.to_string()))?;
    if found.issuer != issuer.as_str() {
        return Err(unusable("its `issuer` is another".to_owned()));
    }
    Ok(found)
}
