//! The provider's metadata and public keys (OpenID Connect Discovery §3, RFC 8414; `specs/trust.md` C.21).

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use serde_json::{Value, json};

use super::details;
use super::scope::Scope;
use super::token::{client_credentials, device_code, exchange};
use crate::front::Front;
use crate::keys::SigningAlg;
use crate::store::registrations::RegistrationRow;

/// `GET /.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`: the same content.
pub(crate) async fn metadata(State(front): State<Front>) -> Response {
    let mut document = document(&front);
    // there is such an endpoint for whoever has a token for it, and none while nobody has
    let now = front.broker.now();
    let opened = front.broker.live::<RegistrationRow>().await;
    if opened.is_ok_and(|rows| rows.iter().any(|row| now < row.until))
        && let Some(members) = document.as_object_mut()
    {
        members.insert("registration_endpoint".to_owned(), json!(front.url("/register")));
    }
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(document)).into_response()
}

/// `GET /jwks`
pub(crate) async fn jwks(State(front): State<Front>) -> Response {
    let headers = [
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::CONTENT_TYPE, "application/jwk-set+json"),
    ];
    (headers, front.broker.signer().jwks().to_string()).into_response()
}

/// What `authorization_details` may be of: sessions only where there is a node that starts them.
fn types(front: &Front) -> Vec<&'static str> {
    let session = front.broker.sessions().map(|_| details::SESSION);
    std::iter::once(details::PURPOSE).chain(session).collect()
}

fn document(front: &Front) -> Value {
    json!({
        "issuer": front.issuer(),
        "authorization_endpoint": front.url("/authorize"),
        "token_endpoint": front.url("/token"),
        "userinfo_endpoint": front.url("/userinfo"),
        "revocation_endpoint": front.url("/revoke"),
        "introspection_endpoint": front.url("/introspect"),
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "introspection_endpoint_auth_signing_alg_values_supported": ["ES256", "RS256"],
        "end_session_endpoint": front.url("/end_session"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "dpop_signing_alg_values_supported": ["ES256", "RS256"],
        "pushed_authorization_request_endpoint": front.url("/par"),
        "require_pushed_authorization_requests": false,
        "authorization_details_types_supported": types(front),
        "device_authorization_endpoint": front.url("/device_authorization"),
        "jwks_uri": front.broker.signer().jku(),
        "scopes_supported": Scope::ALL.map(Scope::word).into_iter().chain([client_credentials::VERIFY, client_credentials::CONSENT]).collect::<Vec<_>>(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported":
            ["authorization_code", "refresh_token", client_credentials::GRANT, device_code::GRANT, exchange::GRANT],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [SigningAlg::RS256.word(), SigningAlg::ES256.word()],
        "token_endpoint_auth_methods_supported":
            ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256", "RS256"],
        "revocation_endpoint_auth_methods_supported":
            ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid", "name", "email",
            "email_verified", "ga4gh_passport_v1",
        ],
    })
}
