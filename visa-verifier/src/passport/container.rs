//! [`Passport`]: what came in, parsed, believed by no one.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::code::Code;
use super::rejected::PassportRejected;
use crate::token::{ClaimError, CompactToken, Issuer, Subject, TokenError, limits, shown};
use crate::visa::VisaIdentity;

/// A Passport that was read: shape only. [`Verification`](crate::Verification) judges it.
#[derive(Clone)]
pub struct Passport {
    pub(crate) carrier: Carrier,
    pub(crate) visas: Vec<String>,
    /// What is wrong with the claim that lists them: judged in its order, by the verification.
    pub(crate) listed: Result<(), PassportRejected>,
    /// A signed Passport inside of a UserInfo answer (RAS); read only if its broker's entry accepts that.
    pub(crate) inside: Option<String>,
}

/// How the visas came.
#[derive(Clone, Debug)]
pub enum Carrier {
    /// In a signed Passport.
    Signed(Box<CompactToken>),
    /// In the UserInfo answer of a broker that we asked ourselves (v1.0).
    UserInfo(VisaIdentity),
    /// One visa on its own, vouched for by nobody but its issuer.
    Alone,
}

/// A broker's UserInfo answer as far as it matters here; other members are the broker's own affair.
#[derive(Debug, Deserialize)]
struct UserInfo {
    iss: Issuer,
    sub: Subject,
    #[serde(default)]
    ga4gh_passport_v1: Option<Value>,
    #[serde(default)]
    passport_jwt_v11: Option<Value>,
}

impl Passport {
    /// Reads a Passport JWS: at most 1 MiB, strict; its visas stay texts. Nothing is believed yet.
    pub fn parse(compact: &str) -> Result<Self, PassportRejected> {
        let mut token = CompactToken::parse(compact, limits::PASSPORT_BYTES).map_err(|e| refused(&e))?;
        let claim = token.take("ga4gh_passport_v1").ok_or(ClaimError::Missing {
            claim: "ga4gh_passport_v1",
        });
        let claim = claim.map_err(|e| PassportRejected::detailed(Code::MalformedPassport, e));
        let (visas, listed) = match claim.and_then(visas) {
            Ok(visas) => (visas, Ok(())),
            Err(rejected) => (Vec::new(), Err(rejected)),
        };
        Ok(Self {
            carrier: Carrier::Signed(Box::new(token)),
            visas,
            listed,
            inside: None,
        })
    }

    /// One visa on its own.
    pub fn of_one(visa: &str) -> Result<Self, PassportRejected> {
        if visa.len() > limits::VISA_BYTES {
            return Err(refused(&TokenError::TooLarge {
                limit: limits::VISA_BYTES,
                unit: "bytes",
            }));
        }
        Ok(Self {
            carrier: Carrier::Alone,
            visas: vec![visa.to_owned()],
            listed: Ok(()),
            inside: None,
        })
    }

    /// The visas of a UserInfo answer, with the issuer that was asked as `iss`. An answer without the claim is a
    /// Passport without visas.
    pub fn from_userinfo(answer: &Value) -> Result<Self, PassportRejected> {
        let answer = UserInfo::deserialize(answer)
            .map_err(|e| PassportRejected::detailed(Code::MalformedPassport, shown(&e.to_string())))?;
        let inside = match (&answer.ga4gh_passport_v1, answer.passport_jwt_v11) {
            (None, Some(Value::String(compact))) => Some(compact),
            (Some(_), _) | (None, _) => None,
        };
        let visas = match answer.ga4gh_passport_v1 {
            Some(claim) => visas(claim)?,
            None => Vec::new(),
        };
        bounded(&visas)?;
        Ok(Self {
            carrier: Carrier::UserInfo(VisaIdentity::new(answer.iss, answer.sub)),
            visas,
            listed: Ok(()),
            inside,
        })
    }

    /// How many visas it holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.visas.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.visas.is_empty()
    }
}

impl fmt::Debug for Passport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passport")
            .field("carrier", &self.carrier)
            .field("visas", &self.visas.len())
            .finish()
    }
}

/// The claim as texts: an array of strings, nothing else (ERR-06).
pub(crate) fn visas(claim: Value) -> Result<Vec<String>, PassportRejected> {
    let wrong = || PassportRejected::detailed(Code::MalformedPassport, "`ga4gh_passport_v1` is no array of strings");
    let Value::Array(list) = claim else {
        return Err(wrong());
    };
    list.into_iter()
        .map(|v| match v {
            Value::String(text) => Ok(text),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => Err(wrong()),
        })
        .collect()
}

/// Over the bound the whole is refused, never read in part. A visa that is too long is dropped by itself.
pub(crate) fn bounded(visas: &[String]) -> Result<(), PassportRejected> {
    if visas.len() > limits::VISAS {
        return Err(PassportRejected::detailed(
            Code::TooLarge,
            format_args!("more than {} visas", limits::VISAS),
        ));
    }
    Ok(())
}

fn refused(error: &TokenError) -> PassportRejected {
    let code = if matches!(error, TokenError::TooLarge { .. }) {
        Code::TooLarge
    } else {
        Code::MalformedPassport
    };
    PassportRejected::detailed(code, error)
}
