//! What a credential says of the login behind it: strength, assurance, client, purposes.

use policy_engine::consent::ResearchPurpose;
use policy_engine::decide::{Client, ClientKind, Session};
use visa_verifier::seam::Timestamp;
use visa_verifier::{AccessToken, VerifiedPassport};

use super::bearer::invalid;
use crate::problem::Problem;

/// The claim with which a person's default purpose comes.
const DEFAULT_PURPOSE: &str = "visum_default_purpose";
/// The type of `authorization_details` that says what a token is for.
const PURPOSE: &str = "visum_purpose";
/// REFEDS MFA: the second factor as home organisations assert it.
const REFEDS_MFA: &str = "https://refeds.org/profile/mfa";

/// The person's default purpose, chosen at the broker.
pub(super) fn default_purpose(passport: &VerifiedPassport) -> Option<ResearchPurpose> {
    passport
        .claim(DEFAULT_PURPOSE)
        .and_then(|claim| serde_json::from_value(claim.clone()).ok())
}

/// Strength, assurance and time of the login that a Passport of our broker tells of; what it leaves out is unknown.
pub(super) fn login_of(passport: &VerifiedPassport) -> (u8, u8, Option<Timestamp>) {
    let text = |name: &str| passport.claim(name).and_then(serde_json::Value::as_str);
    let methods = passport.claim("amr").and_then(serde_json::Value::as_array);
    let second = text("acr") == Some(REFEDS_MFA)
        || methods.is_some_and(|all| all.iter().any(|method| method.as_str() == Some("mfa")));
    let at = passport
        .claim("auth_time")
        .and_then(serde_json::Value::as_i64)
        .map(Timestamp::from_unix);
    let level = passport
        .claim("visum_assurance")
        .and_then(serde_json::Value::as_u64)
        .and_then(|level| u8::try_from(level).ok());
    let authn = match (at, second) {
        (None, _) => 0,
        (Some(_), false) => 1,
        (Some(_), true) => 2,
    };
    (authn, level.unwrap_or(0).min(3), at)
}

/// What a token and its Passport say of a session.
///
/// # Errors
/// 401 for a token that is narrowed by what we do not know.
pub(super) fn session_of(access: &AccessToken, passport: &VerifiedPassport) -> Result<Session, Problem> {
    let purpose = token_purpose(access)?;
    let second = access.acr() == Some(REFEDS_MFA) || access.amr().contains(&"mfa");
    let level = access
        .claim("visum_assurance")
        .and_then(serde_json::Value::as_u64)
        .and_then(|level| u8::try_from(level).ok());
    let kind = if access.client_id() == "visum-cli" {
        ClientKind::Cli
    } else {
        ClientKind::Browser
    };
    Ok(Session {
        authn: if second { 2 } else { 1 },
        identity: level.unwrap_or(0).min(3),
        authenticated: access.auth_time(),
        client: Client {
            id: access.client_id().to_owned(),
            kind,
            // Such a token gets no further than the proof of its key, request by request.
            sender_constrained: access.claim("cnf").is_some(),
        },
        default_purpose: default_purpose(passport),
        token_purpose: purpose,
        ..Session::unknown(std::net::Ipv4Addr::UNSPECIFIED.into(), access.expires())
    })
}

/// The purpose that a token is narrowed to (RFC 9396, type `visum_purpose`; consent.md 2.3). Details that we do not
/// know narrow too: a token with them is not taken as if they were not there.
fn token_purpose(access: &AccessToken) -> Result<Option<ResearchPurpose>, Problem> {
    let refused = || {
        invalid(
            "token.details",
            "the token is narrowed by `authorization_details` that this node does not know",
        )
    };
    let Some(details) = access.claim("authorization_details") else {
        return Ok(None);
    };
    match details.as_array().map(Vec::as_slice) {
        Some([]) => Ok(None),
        Some([serde_json::Value::Object(one)]) if one.get("type").is_some_and(|kind| kind == PURPOSE) => {
            let mut bare = one.clone();
            bare.remove("type");
            let purpose = serde_json::from_value(serde_json::Value::Object(bare)).map_err(|_| refused())?;
            Ok(Some(purpose))
        }
        Some(_) | None => Err(refused()),
    }
}

/// The key that a token is bound to. A binding that we cannot check (RFC 8705) is none that we can pass over.
///
/// # Errors
/// 401 for a binding of another kind.
pub(super) fn key_of(access: &AccessToken) -> Result<Option<String>, Problem> {
    let Some(binding) = access.claim("cnf") else {
        return Ok(None);
    };
    let members = binding.as_object().filter(|members| members.len() == 1);
    let key = members
        .and_then(|members| members.get("jkt"))
        .and_then(serde_json::Value::as_str);
    key.map(|key| Some(key.to_owned())).ok_or_else(not_held)
}

/// Whether the request's proven key is the one that its token is bound to.
///
/// # Errors
/// 401 for a bound token without its key, and for a key with a token that is bound to none.
pub(crate) fn held(bound: Option<&str>, proven: Option<&str>) -> Result<(), Problem> {
    if bound == proven { Ok(()) } else { Err(not_held()) }
}

fn not_held() -> Problem {
    invalid(
        "token.bound",
        "this token is bound to another key, to none, or came as a bearer token without a proof of its key",
    )
}
