//! The body of a request to an endpoint of OAuth (RFC 6749 appendix B).

use http::{HeaderMap, header};

use super::problem::TokenProblem;
use crate::page::Fields;

/// The fields of a form that says that it is one.
///
/// # Errors
/// `invalid_request`: another content type, or no form.
pub(in crate::provider) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Fields, TokenProblem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind.and_then(|kind| kind.split(';').next()).map(str::trim) != Some("application/x-www-form-urlencoded") {
        return Err(TokenProblem::request(
            "the body must be application/x-www-form-urlencoded",
        ));
    }
    Ok(Fields::parse(body)?)
}
