//! The Passport's own checks, in the order of section 3.6 of the requirements; a failure rejects the request.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::times::Moment;
use crate::keys::{KeyError, KeyRequest, Supplied};
use crate::passport::{Code, PassportRejected};
use crate::seam::Timestamp;
use crate::token::{Algorithm, Audience, CompactToken, Issuer, Subject, same_type};
use crate::token::{ClaimError, claims};
use crate::trust::{Evidence, KeySource, Relaxation, Role, TrustEntry, TrustPolicy};
use crate::visa::VisaIdentity;

/// The exact `typ` of a Passport (PAS-04).
pub(crate) const PASSPORT_TYP: &str = "vnd.ga4gh.passport+jwt";

/// A Passport whose checks passed.
#[derive(Debug)]
pub(crate) struct CheckedPassport {
    pub(crate) holder: VisaIdentity,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) issued: Option<Timestamp>,
    pub(crate) audience: Option<Audience>,
    pub(crate) evidence: Option<Evidence>,
    pub(crate) claims: Map<String, Value>,
}

impl CheckedPassport {
    /// The same, having needed this too.
    pub(crate) fn relaxing(mut self, relaxation: Relaxation) -> Self {
        self.evidence = self.evidence.map(|evidence| evidence.relaxing([relaxation]));
        self
    }
}

/// Steps 1 to 4: what needs no key. Hands back the broker's entry; nothing is fetched for an unknown one.
pub(crate) fn entry<'t>(
    token: &CompactToken,
    trust: &'t TrustPolicy,
    now: Timestamp,
) -> Result<&'t Arc<TrustEntry>, PassportRejected> {
    let header = token.header();
    if header.crit {
        return Err(PassportRejected::new(Code::UnsupportedCrit));
    }
    let is_let_by = || is_plain_typ(token) && accepts_plain_typ(token, trust, now);
    if !(is_passport_typ(token) || is_let_by()) {
        return Err(PassportRejected::new(Code::PassportTyp));
    }
    if Algorithm::named(&header.alg).is_none() {
        return Err(PassportRejected::new(Code::AlgNotAllowed));
    }
    let iss: Issuer = claims::required(token.claims(), "iss")
        .and_then(str::parse)
        .map_err(malformed)?;
    known(&iss, trust, now)
}

fn is_passport_typ(token: &CompactToken) -> bool {
    let typ = token.header().typ.as_deref();
    typ.is_some_and(|typ| same_type(typ, PASSPORT_TYP))
}

fn is_plain_typ(token: &CompactToken) -> bool {
    let typ = token.header().typ.as_deref();
    typ.is_none_or(|typ| same_type(typ, "JWT"))
}

/// Whether it says that it is of a broker whose Passports may have a plain `typ`; an access token or a visa is none.
fn accepts_plain_typ(token: &CompactToken, trust: &TrustPolicy, now: Timestamp) -> bool {
    let said = token.claims();
    let iss = said.get("iss").and_then(Value::as_str).and_then(|iss| iss.parse().ok());
    !said.contains_key("ga4gh_visa_v1")
        && iss.is_some_and(|iss| known(&iss, trust, now).is_ok_and(|entry| entry.accepts(Relaxation::PassportTypJwt)))
}

/// The entry of a broker that is trusted now.
pub(crate) fn known<'t>(
    iss: &Issuer,
    trust: &'t TrustPolicy,
    now: Timestamp,
) -> Result<&'t Arc<TrustEntry>, PassportRejected> {
    trust
        .entry(Role::Broker, iss)
        .filter(|entry| entry.stands(now))
        .ok_or_else(|| PassportRejected::new(Code::UntrustedBroker))
}

/// Step 5: where its key is. A Passport's `jku` is not looked at.
pub(crate) fn key_source<'t>(token: &CompactToken, entry: &'t TrustEntry) -> Result<KeySource<'t>, KeyRequest> {
    match entry.keys_for(None) {
        Some(KeySource::Ask(server)) => Err(KeyRequest {
            server,
            kid: token.header().kid.clone(),
            grace: entry.stale_grace,
        }),
        Some(here) => Ok(here),
        None => Ok(KeySource::Joined(crate::keys::KeySet::empty())),
    }
}

/// Steps 6 to 8: signature, times, audience, claims.
pub(crate) fn check(
    token: &CompactToken,
    entry: &Arc<TrustEntry>,
    keys: &Supplied,
    trust: &TrustPolicy,
    moment: Moment,
) -> Result<CheckedPassport, PassportRejected> {
    let verified = keys
        .keys
        .verify(token, trust.revoked_keys())
        .map_err(|e| PassportRejected::detailed(code_of(e), e))?;
    let said = token.claims();
    let exp = claims::required_instant(said, "exp").map_err(malformed)?;
    let iat = claims::required_instant(said, "iat").map_err(malformed)?;
    let nbf = claims::instant(said, "nbf").map_err(malformed)?;
    moment.check(exp, nbf, iat).map_err(PassportRejected::new)?;
    let audience = Audience::read(said).map_err(malformed)?;
    if audience.as_ref().is_some_and(|aud| !aud.names(trust.audience())) {
        return Err(PassportRejected::new(Code::AudienceMismatch));
    }
    let sub: Subject = claims::required(said, "sub").and_then(str::parse).map_err(malformed)?;
    let relaxed = (!is_passport_typ(token)).then_some(Relaxation::PassportTypJwt);
    // trust that ends before the Passport does ends what rests on it
    let expires = entry.until.map_or(exp.ceiling(), |until| until.min(exp.ceiling()));
    Ok(CheckedPassport {
        holder: VisaIdentity::new(entry.id.clone(), sub),
        expires: Some(expires),
        issued: Some(iat.floor()),
        audience,
        evidence: Some(Evidence::new(Arc::clone(entry), verified.thumbprint, keys).relaxing(relaxed)),
        claims: said.clone(),
    })
}

/// The code of a failed signature.
pub(crate) const fn code_of(error: KeyError) -> Code {
    match error {
        KeyError::Algorithm => Code::AlgNotAllowed,
        KeyError::Revoked => Code::RevokedKey,
        KeyError::UnknownKey | KeyError::Signature => Code::BadSignature,
    }
}

fn malformed(error: ClaimError) -> PassportRejected {
    PassportRejected::detailed(Code::MalformedPassport, error)
}
