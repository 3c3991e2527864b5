//! The Passport's own JWS: header `typ` `vnd.ga4gh.passport+jwt`, always an `aud`, no name, no scope (PAS-01 to PAS-14).

use std::time::Duration;

use serde_json::json;
use visa_verifier::VisaIdentity;
use visa_verifier::seam::{Timestamp, token};

use super::assemble;
use crate::front::Front;
use crate::keys::KeyError;
use crate::limits;
use crate::person::record::Unrecorded;
use crate::store::StoreError;
use crate::store::people::PersonId;
use crate::visa::VisaProblem;

/// A Passport that could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PassportProblem {
    /// The database.
    #[error("what the person holds could not be read")]
    Store(#[from] StoreError),
    /// A visa.
    #[error("a visa could not be made")]
    Visa(#[from] VisaProblem),
    /// The signing key.
    #[error("the Passport could not be signed")]
    Key(#[from] KeyError),
    /// The log: what is not on record is not handed out.
    #[error("the Passport could not be recorded")]
    Unrecorded(#[from] Unrecorded),
}

impl PassportProblem {
    /// Stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Visa(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Unrecorded(error) => error.code(),
        }
    }
}

/// How its person logged in: a clearinghouse that takes the Passport alone can ask for no other word of it. Those
/// that don't know these claims ignore them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoggedIn<'a> {
    /// The upstream identity, if known.
    pub(crate) identity: Option<&'a VisaIdentity>,
    /// When.
    pub(crate) auth_time: i64,
    /// The provider's word on the login's strength.
    pub(crate) acr: Option<&'a str>,
    /// Its methods.
    pub(crate) amr: &'a [String],
    /// Identity assurance, 0 to 3.
    pub(crate) assurance: u8,
}

/// A signed Passport.
#[derive(Debug)]
pub(crate) struct SignedPassport {
    /// The compact JWS.
    pub(crate) compact: String,
    /// Seconds until it ends.
    pub(crate) seconds: u64,
}

/// Makes a person's Passport for these clearinghouses; over with `until` at the latest (the subject token's end).
pub(crate) async fn issue(
    front: &Front,
    person: &PersonId,
    login: LoggedIn<'_>,
    audience: &[String],
    until: Timestamp,
    client: &str,
    now: Timestamp,
) -> Result<SignedPassport, PassportProblem> {
    let visas = assemble::visas(front, person, login.identity, Some(client), now).await?;
    let expires = until.min(now.plus(limits::PASSPORT.min(Duration::from_secs(3600))));
    let mut claims = json!({
        "iss": front.issuer(),
        "sub": person.as_str(),
        "aud": audience,
        "iat": now.unix(),
        "exp": expires.unix(),
        "jti": token(front.broker.random(), 16),
        "ga4gh_passport_v1": visas,
        "auth_time": login.auth_time,
        "visum_assurance": login.assurance,
    });
    if let (Some(purpose), Some(members)) = (front.broker.default_purpose_of(person).await?, claims.as_object_mut()) {
        members.insert("visum_default_purpose".into(), json!(purpose));
    }
    if let Some(members) = claims.as_object_mut() {
        members.extend(login.acr.map(|acr| ("acr".to_owned(), json!(acr))));
        if !login.amr.is_empty() {
            members.insert("amr".to_owned(), json!(login.amr));
        }
    }
    let compact = front.broker.signer().sign_visa("vnd.ga4gh.passport+jwt", &claims)?;
    Ok(SignedPassport {
        compact,
        seconds: expires.since(now).as_secs(),
    })
}
