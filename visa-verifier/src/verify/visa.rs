//! One visa's checks, in the order of section 3.6 of the requirements; a failure drops that visa only.

use std::sync::Arc;

use super::broker::code_of;
use super::polled::{PollState, Polled};
use super::times::Moment;
use crate::keys::{KeyRequest, KeySet, Supplied};
use crate::passport::{Code, Draft, Rejected};
use crate::token::{Algorithm, Audience, ClaimError, CompactToken, NumericDate, TokenDigest, TokenError};
use crate::token::{claims, limits, same_type, scope_has};
use crate::trust::{Evidence, KeySource, Role, TrustEntry, TrustPolicy};
use crate::visa::{ObjectError, VisaIdentity, VisaObject, VisaType};

/// The kinds of token that may stand in a visa's place; no `typ` at all is as good (VIS-17, CLH-26).
const TYPES: [&str; 3] = ["vnd.ga4gh.visa+jwt", "JWT", "at+jwt"];

/// A visa that waits for keys.
#[derive(Debug)]
pub(crate) struct Waiting<'t> {
    pub(crate) index: usize,
    token: CompactToken,
    identity: VisaIdentity,
    exp: NumericDate,
    nbf: Option<NumericDate>,
    iat: NumericDate,
    audience: Option<Audience>,
    /// An access-token visa: no `jku`, scope `openid`.
    access_token: bool,
    entry: &'t Arc<TrustEntry>,
    pub(crate) keys: Source<'t>,
}

/// Where its keys are.
#[derive(Debug)]
pub(crate) enum Source<'t> {
    Here(&'t KeySet),
    Joined(KeySet),
    Ask(KeyRequest),
}

/// Why a visa is dropped: a code, perhaps with words.
struct Drop(Code, Option<String>);

impl From<Code> for Drop {
    fn from(code: Code) -> Self {
        Self(code, None)
    }
}

impl From<ClaimError> for Drop {
    fn from(error: ClaimError) -> Self {
        Self(Code::MalformedVisa, Some(error.to_string()))
    }
}

/// Steps 9 to 11 up to the keys: all that can be said without them. Nothing is fetched for what fails here.
pub(crate) fn read<'t>(
    index: usize,
    text: &str,
    trust: &'t TrustPolicy,
    moment: Moment,
) -> Result<Waiting<'t>, Box<Rejected>> {
    let digest = TokenDigest::of(text);
    let token = CompactToken::parse(text, limits::VISA_BYTES).map_err(|e: TokenError| {
        Box::new(Rejected {
            index,
            code: Code::MalformedVisa,
            detail: Some(e.to_string()),
            digest,
            claims: serde_json::Map::new(),
        })
    })?;
    match begin(index, &token, trust, moment) {
        Ok(parts) => Ok(Waiting { token, ..parts }),
        Err(Drop(code, detail)) => Err(Box::new(Rejected {
            index,
            code,
            detail,
            digest,
            claims: token.into_claims(),
        })),
    }
}

fn begin<'t>(index: usize, token: &CompactToken, trust: &'t TrustPolicy, moment: Moment) -> Result<Waiting<'t>, Drop> {
    let (header, said) = (token.header(), token.claims());
    if header.crit {
        return Err(Code::UnsupportedCrit.into());
    }
    if header
        .typ
        .as_deref()
        .is_some_and(|typ| !TYPES.iter().any(|known| same_type(typ, known)))
    {
        return Err(Code::TypNotAllowed.into());
    }
    if Algorithm::named(&header.alg).is_none() {
        return Err(Code::AlgNotAllowed.into());
    }
    let iss = claims::required(said, "iss")?.parse()?;
    let sub = claims::required(said, "sub")?.parse()?;
    let exp = claims::required_instant(said, "exp")?;
    let iat = claims::required_instant(said, "iat")?;
    let nbf = claims::instant(said, "nbf")?;
    let audience = Audience::read(said)?;
    let openid = claims::text(said, "scope")?.is_some_and(|scope| scope_has(scope, "openid"));
    if !said.contains_key("ga4gh_visa_v1") {
        return Err(ClaimError::Missing { claim: "ga4gh_visa_v1" }.into());
    }
    match (&header.jku, openid) {
        (Some(_), true) => return Err(Code::TokenKindConflict.into()),
        (None, false) => return Err(Code::NoKeyReference.into()),
        (Some(_), false) | (None, true) => {}
    }
    let entry = trust
        .entry(Role::VisaIssuer, &iss)
        .filter(|entry| entry.stands(moment.now))
        .ok_or(Code::UntrustedIssuer)?;
    let keys = match entry.keys_for(header.jku.as_deref()).ok_or(Code::UntrustedJku)? {
        KeySource::Here(set) => Source::Here(set),
        KeySource::Joined(set) => Source::Joined(set),
        KeySource::Ask(server) => Source::Ask(KeyRequest {
            server,
            kid: header.kid.clone(),
            grace: entry.stale_grace,
        }),
    };
    let identity = VisaIdentity::new(iss, sub);
    Ok(Waiting {
        index,
        token: token.clone(),
        identity,
        exp,
        nbf,
        iat,
        audience,
        access_token: openid,
        entry,
        keys,
    })
}

impl Waiting<'_> {
    /// Steps 11 to 14 with the keys: signature, times, object, and trust in what it says.
    pub(crate) fn check(
        self,
        keys: Result<&Supplied, String>,
        trust: &TrustPolicy,
        moment: Moment,
        polled: &Polled,
    ) -> Result<Draft, Box<Rejected>> {
        let digest = self.token.digest();
        let poll = self
            .access_token
            .then(|| polled.state(&digest, self.iat.floor(), moment.now));
        match self.judged(keys, trust, moment, poll) {
            Ok((object, evidence)) => Ok(Draft {
                index: self.index,
                identity: self.identity,
                object,
                expires: self
                    .entry
                    .until
                    .map_or(self.exp.ceiling(), |until| until.min(self.exp.ceiling())),
                issued: self.iat.floor(),
                poll_before: match poll {
                    Some(PollState::Until(until)) => Some(until),
                    Some(PollState::Stale | PollState::Withdrawn) | None => None,
                },
                digest,
                claims: self.token.into_claims(),
                evidence,
            }),
            Err(Drop(code, detail)) => Err(Box::new(Rejected {
                index: self.index,
                code,
                detail,
                digest,
                claims: self.token.into_claims(),
            })),
        }
    }

    fn judged(
        &self,
        keys: Result<&Supplied, String>,
        trust: &TrustPolicy,
        moment: Moment,
        poll: Option<PollState>,
    ) -> Result<(VisaObject, Evidence), Drop> {
        let keys = keys.map_err(|why| Drop(Code::KeysUnavailable, Some(why)))?;
        let verified = keys
            .keys
            .verify(&self.token, trust.revoked_keys())
            .map_err(|e| Drop(code_of(e), Some(e.to_string())))?;
        moment.check(self.exp, self.nbf, self.iat)?;
        if self.audience.as_ref().is_some_and(|aud| !aud.names(trust.audience())) {
            return Err(Code::AudienceMismatch.into());
        }
        match poll {
            Some(PollState::Stale) => return Err(Code::StaleAccessTokenVisa.into()),
            Some(PollState::Withdrawn) => return Err(Code::Withdrawn.into()),
            Some(PollState::Until(_)) | None => {}
        }
        let object = self.token.claims().get("ga4gh_visa_v1").ok_or(Code::MalformedVisa)?;
        let object = VisaObject::read(object, trust.supported_custom_types()).map_err(code_of_object)?;
        if moment.is_ahead(object.asserted()) {
            return Err(Drop(Code::IssuedInFuture, Some("`asserted` lies ahead".to_owned())));
        }
        if !self.entry.may_assert(object.kind()) {
            return Err(Code::IssuerNotTrustedForType.into());
        }
        if !self.entry.may_name(object.source()) {
            return Err(Code::UntrustedSource.into());
        }
        if *object.kind() == VisaType::ControlledAccessGrants && !self.entry.may_grant(object.value()) {
            return Err(Code::IssuerNotTrustedForDataset.into());
        }
        Ok((object, Evidence::new(Arc::clone(self.entry), verified.thumbprint, keys)))
    }
}

const fn code_of_object(error: ObjectError) -> Code {
    match error {
        ObjectError::Malformed => Code::MalformedVisa,
        ObjectError::MissingBy => Code::MissingBy,
        ObjectError::BadUrl => Code::BadUrlClaim,
        ObjectError::BadValue => Code::BadValueFormat,
        ObjectError::BadConditions => Code::ConditionsMalformed,
        ObjectError::TooManyConditions => Code::TooManyConditions,
        ObjectError::UnsupportedType => Code::UnsupportedType,
    }
}
