//! A broker's UserInfo answer as it came from the wire (AAI 1.2 "UserInfo"; v1.0 style): JSON, or a JWT that the
//! broker signed. Either way it is no Passport and never taken for one (CLH-26): visas stand in it, and each visa
//! must count by itself.

use serde_json::{Map, Value};

use super::broker::code_of;
use super::times::Moment;
use crate::keys::KeySet;
use crate::passport::{Code, Passport, PassportRejected};
use crate::seam::Timestamp;
use crate::token::{Algorithm, Audience, ClaimError, CompactToken, Issuer, Subject, claims, json, limits, same_type};
use crate::trust::TrustPolicy;

/// An answer before its broker's word is taken: JSON is ready, a JWT waits for the broker's keys.
#[derive(Debug)]
pub enum UserInfoAnswer {
    /// `application/json`, over the connection that we made ourselves.
    Plain(Passport),
    /// `application/jwt`: hand the broker's keys to [`SignedUserInfo::check`].
    Signed(SignedUserInfo),
}

/// A UserInfo answer as a JWT, unverified.
#[derive(Debug)]
pub struct SignedUserInfo {
    broker: Issuer,
    subject: Option<Subject>,
    token: CompactToken,
}

/// Reads the answer that `broker` gave us at its UserInfo endpoint. `subject` is whose token we showed, if we know:
/// an answer about somebody else is refused (OIDC Core §5.3.2; token substitution).
///
/// An answer without `ga4gh_passport_v1` is one without visas. An `iss` is needed in neither form of 1.2; if
/// it is there it must be the broker's.
pub fn read(
    broker: &Issuer,
    subject: Option<&Subject>,
    content_type: &str,
    body: &[u8],
) -> Result<UserInfoAnswer, PassportRejected> {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        let claims: Map<String, Value> =
            json::parse(body, limits::PASSPORT_BYTES, limits::TOKEN_DEPTH).map_err(malformed)?;
        return visas(broker, subject, claims).map(UserInfoAnswer::Plain);
    }
    if kind.eq_ignore_ascii_case("application/jwt") {
        let text = std::str::from_utf8(body).map_err(malformed)?.trim();
        let token = CompactToken::parse(text, limits::PASSPORT_BYTES).map_err(malformed)?;
        return Ok(UserInfoAnswer::Signed(SignedUserInfo {
            broker: broker.clone(),
            subject: subject.cloned(),
            token,
        }));
    }
    Err(malformed("a UserInfo answer is application/json or application/jwt"))
}

impl SignedUserInfo {
    /// The key that it names.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.token.header().kid.as_deref()
    }

    /// Verifies it by the keys of the broker that we asked (UI-06). `iss` and `aud` are checked if they are there;
    /// so are times. A Passport, a visa or an access token is none, whoever signed it.
    pub fn check(self, keys: &KeySet, trust: &TrustPolicy, now: Timestamp) -> Result<Passport, PassportRejected> {
        let (header, said) = (self.token.header(), self.token.claims());
        if header.crit {
            return Err(PassportRejected::new(Code::UnsupportedCrit));
        }
        if Algorithm::named(&header.alg).is_none() {
            return Err(PassportRejected::new(Code::AlgNotAllowed));
        }
        let is_jwt = |typ: &str| same_type(typ, "JWT");
        if !header.typ.as_deref().is_none_or(is_jwt) || said.contains_key("ga4gh_visa_v1") {
            return Err(PassportRejected::new(Code::TypNotAllowed));
        }
        keys.verify(&self.token, trust.revoked_keys())
            .map_err(|e| PassportRejected::detailed(code_of(e), e))?;
        let moment = Moment::new(now, trust.clock_skew());
        let instant = |claim| claims::instant(said, claim).map_err(malformed);
        let (exp, nbf, iat) = (instant("exp")?, instant("nbf")?, instant("iat")?);
        moment.check_known(exp, nbf, iat).map_err(PassportRejected::new)?;
        let audience = Audience::read(said).map_err(malformed)?;
        if audience.is_some_and(|aud| !aud.names(trust.audience())) {
            return Err(PassportRejected::new(Code::AudienceMismatch));
        }
        visas(&self.broker, self.subject.as_ref(), self.token.into_claims())
    }
}

/// The answer in the shape that a verification takes, with the broker that was asked as `iss`.
fn visas(
    broker: &Issuer,
    subject: Option<&Subject>,
    mut claims: Map<String, Value>,
) -> Result<Passport, PassportRejected> {
    let sub: Subject = claims::required(&claims, "sub")
        .and_then(str::parse)
        .map_err(malformed)?;
    if subject.is_some_and(|subject| *subject != sub) {
        return Err(malformed("it is about another subject than the access token"));
    }
    let iss = claims::text(&claims, "iss").map_err(malformed)?;
    if iss.is_some_and(|iss| iss != broker.as_str()) {
        return Err(malformed("its `iss` is not the broker that was asked"));
    }
    claims.insert("iss".to_owned(), Value::from(broker.as_str()));
    // a member that is there and holds nothing is not an absent one
    if claims.get("ga4gh_passport_v1").is_some_and(Value::is_null) {
        return Err(malformed(ClaimError::Type {
            claim: "ga4gh_passport_v1",
            want: "an array of strings",
        }));
    }
    Passport::from_userinfo(&Value::Object(claims))
}

fn malformed(why: impl ToString) -> PassportRejected {
    PassportRejected::detailed(Code::MalformedPassport, why)
}
