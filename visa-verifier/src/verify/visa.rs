//! One visa's checks, in the order of section 3.6 of the requirements; a failure drops that visa only.

use std::sync::Arc;

use super::broker::code_of;
use super::cache::VerifiedTokens;
use super::polled::{PollState, Polled};
use super::times::Moment;
use crate::keys::{KeyError, KeyRequest, KeySet, Supplied, Verified};
use crate::passport::{Code, Dates, Draft, Facts, Rejected};
use crate::token::{Algorithm, Audience, ClaimError, CompactToken, Header, Issuer, TokenDigest, TokenError};
use crate::token::{claims, limits, same_type, scope_has};
use crate::trust::{Evidence, KeySource, Relaxation, Role, TrustEntry, TrustPolicy};
use crate::visa::{ObjectError, VisaIdentity, VisaObject, VisaType, dbgap};

/// The kinds of token that may stand in a visa's place; no `typ` at all is as good (VIS-17, CLH-26).
const TYPES: [&str; 3] = ["vnd.ga4gh.visa+jwt", "JWT", "at+jwt"];

/// A visa that waits for keys.
#[derive(Debug)]
pub(crate) struct Waiting<'t> {
    pub(crate) index: usize,
    digest: TokenDigest,
    text: Text,
    entry: &'t Arc<TrustEntry>,
    pub(crate) keys: Source<'t>,
}

/// What is known of its text.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it lives for one Passport; a box would be one allocation more a visa"
)]
enum Text {
    /// It was read, and is believed by no one.
    Read(Unsigned),
    /// Its signature was confirmed before, and it was judged by the very entry that stands today.
    Known(Arc<Facts>),
}

/// A visa that was read, its signature not looked at.
#[derive(Debug)]
struct Unsigned {
    token: CompactToken,
    identity: VisaIdentity,
    dates: Dates,
    relaxed: Vec<Relaxation>,
    /// What the check of the signature said, if it was made apart, and by which keys.
    signed: Option<(KeySet, Result<Verified, KeyError>)>,
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
    text: String,
    trust: &'t TrustPolicy,
    moment: Moment,
    memory: Option<&VerifiedTokens>,
) -> Result<Waiting<'t>, Box<Rejected>> {
    let digest = TokenDigest::of(&text);
    if let Some(known) = memory.and_then(|memory| known(index, digest, trust, moment, memory)) {
        return Ok(known);
    }
    let token = CompactToken::read(text, limits::VISA_BYTES).map_err(|e: TokenError| {
        Box::new(Rejected {
            index,
            code: if matches!(e, TokenError::TooLarge { .. }) {
                Code::TooLarge
            } else {
                Code::MalformedVisa
            },
            detail: Some(e.to_string()),
            digest,
            claims: serde_json::Map::new(),
        })
    })?;
    match begin(&token, trust, moment) {
        Ok((identity, dates, entry, keys, relaxed)) => Ok(Waiting {
            index,
            digest,
            text: Text::Read(Unsigned {
                token,
                identity,
                dates,
                relaxed,
                signed: None,
            }),
            entry,
            keys,
        }),
        Err(Drop(code, detail)) => Err(Box::new(Rejected {
            index,
            code,
            detail,
            digest,
            claims: token.into_claims(),
        })),
    }
}

/// A visa that is remembered, if the entry that it was judged by is the one that stands now.
fn known<'t>(
    index: usize,
    digest: TokenDigest,
    trust: &'t TrustPolicy,
    moment: Moment,
    memory: &VerifiedTokens,
) -> Option<Waiting<'t>> {
    let facts = memory.get(&digest)?;
    let entry = trust
        .entry(Role::VisaIssuer, &facts.identity.iss)
        .filter(|entry| entry.stands(moment.now) && Arc::ptr_eq(entry, &facts.entry));
    let keys = entry.and_then(|entry| source(entry, &facts.header));
    let (Some(entry), Some(keys)) = (entry, keys) else {
        memory.forget(&digest);
        return None;
    };
    Some(Waiting {
        index,
        digest,
        text: Text::Known(facts),
        entry,
        keys,
    })
}

/// Where the keys for a token with this header are; `None` if its `jku` is not one of the entry's.
fn source<'t>(entry: &'t TrustEntry, header: &Header) -> Option<Source<'t>> {
    Some(match entry.keys_for(header.jku.as_deref())? {
        KeySource::Here(set) => Source::Here(set),
        KeySource::Joined(set) => Source::Joined(set),
        KeySource::Ask(server) => Source::Ask(KeyRequest {
            server,
            kid: header.kid.clone(),
            grace: entry.stale_grace,
        }),
    })
}

type Begun<'t> = (VisaIdentity, Dates, &'t Arc<TrustEntry>, Source<'t>, Vec<Relaxation>);

fn begin<'t>(token: &CompactToken, trust: &'t TrustPolicy, moment: Moment) -> Result<Begun<'t>, Drop> {
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
    let iss = claims::required(said, "iss")?;
    Issuer::check(iss)?;
    let sub = claims::required(said, "sub")?.parse()?;
    let exp = claims::required_instant(said, "exp")?;
    let iat = claims::required_instant(said, "iat")?;
    let nbf = claims::instant(said, "nbf")?;
    let audience = Audience::read(said)?;
    let openid = claims::text(said, "scope")?.is_some_and(|scope| scope_has(scope, "openid"));
    if !said.contains_key("ga4gh_visa_v1") {
        return Err(ClaimError::Missing { claim: "ga4gh_visa_v1" }.into());
    }
    let entry = trust
        .entry_named(Role::VisaIssuer, iss)
        .filter(|entry| entry.stands(moment.now));
    let mut relaxed = Vec::new();
    match (&header.jku, openid) {
        (Some(_), true) => return Err(Code::TokenKindConflict.into()),
        (None, false) if !entry.is_some_and(|e| e.accepts(Relaxation::MissingKeyReference)) => {
            return Err(Code::NoKeyReference.into());
        }
        (None, false) => relaxed.push(Relaxation::MissingKeyReference),
        (Some(_), false) | (None, true) => {}
    }
    let entry = entry.ok_or(Code::UntrustedIssuer)?;
    let keys = source(entry, header).ok_or(Code::UntrustedJku)?;
    let dates = Dates {
        exp,
        nbf,
        iat,
        audience,
        access_token: openid,
    };
    // the entry's own text: one less to keep
    Ok((VisaIdentity::new(entry.id.clone(), sub), dates, entry, keys, relaxed))
}

impl Waiting<'_> {
    /// Whether its signature is still to be checked.
    pub(crate) const fn is_costly(&self) -> bool {
        matches!(self.text, Text::Read(_))
    }

    /// Checks the signature alone and keeps what came out: what costs most, and takes no memory of its own, so that
    /// another thread can do it.
    pub(crate) fn check_signature(&mut self, keys: &KeySet, trust: &TrustPolicy) {
        if let Text::Read(read) = &mut self.text {
            let checked = keys.verify(&read.token, trust.revoked_keys());
            read.signed = Some((keys.clone(), checked));
        }
    }

    /// Steps 11 to 14 with the keys: signature, times, object, and trust in what it says.
    pub(crate) fn check(
        self,
        keys: Result<&Supplied, String>,
        trust: &TrustPolicy,
        moment: Moment,
        polled: &Polled,
        memory: Option<&VerifiedTokens>,
    ) -> Result<Draft, Box<Rejected>> {
        let (index, digest, entry) = (self.index, self.digest, self.entry);
        let dates = match &self.text {
            Text::Read(read) => &read.dates,
            Text::Known(facts) => &facts.dates,
        };
        let poll = dates
            .access_token
            .then(|| polled.state(&digest, dates.iat.floor(), moment.now));
        let passing = Passing { trust, moment, poll };
        let until = entry.until;
        let exp = dates.exp.ceiling();
        let judged = match self.text {
            Text::Known(facts) => again(&facts, keys, &passing, memory)
                .map(|keys| (Arc::clone(&facts), keys))
                .map_err(|why| (why, facts.claims.clone())),
            Text::Read(read) => match keys
                .map_err(unavailable)
                .and_then(|keys| judged(&read, keys, entry, &passing).map(|judged| (judged, keys)))
            {
                Ok(((object, key, relaxed), keys)) => {
                    let length = read.token.length();
                    let (header, claims) = read.token.into_parts();
                    let facts = Arc::new(Facts {
                        digest,
                        header,
                        identity: read.identity,
                        dates: read.dates,
                        object,
                        claims,
                        key,
                        relaxed,
                        entry: Arc::clone(entry),
                    });
                    if let Some(memory) = memory {
                        memory.keep(&facts, length);
                    }
                    Ok((facts, keys))
                }
                Err(why) => Err((why, read.token.into_claims())),
            },
        };
        match judged {
            Ok((facts, keys)) => Ok(Draft {
                index,
                expires: until.map_or(exp, |until| until.min(exp)),
                poll_before: match poll {
                    Some(PollState::Until(until)) => Some(until),
                    Some(PollState::Stale | PollState::Withdrawn) | None => None,
                },
                evidence: Evidence::new(Arc::clone(entry), Arc::clone(&facts.key), keys)
                    .relaxing(facts.relaxed.iter().copied()),
                facts,
            }),
            Err((Drop(code, detail), claims)) => Err(Box::new(Rejected {
                index,
                code,
                detail,
                digest,
                claims,
            })),
        }
    }
}

fn unavailable(why: String) -> Drop {
    Drop(Code::KeysUnavailable, Some(why))
}

/// The checks that a visa must pass each time anew, whatever was found before: time, audience, polls.
struct Passing<'t> {
    trust: &'t TrustPolicy,
    moment: Moment,
    poll: Option<PollState>,
}

impl Passing<'_> {
    fn dates(&self, dates: &Dates) -> Result<(), Drop> {
        self.moment.check(dates.exp, dates.nbf, dates.iat)?;
        if dates
            .audience
            .as_ref()
            .is_some_and(|aud| !aud.names(self.trust.audience()))
        {
            return Err(Code::AudienceMismatch.into());
        }
        match self.poll {
            Some(PollState::Stale) => Err(Code::StaleAccessTokenVisa.into()),
            Some(PollState::Withdrawn) => Err(Code::Withdrawn.into()),
            Some(PollState::Until(_)) | None => Ok(()),
        }
    }

    fn object(&self, object: &VisaObject) -> Result<(), Drop> {
        if self.moment.is_ahead(object.asserted()) {
            return Err(Drop(Code::IssuedInFuture, Some("`asserted` lies ahead".to_owned())));
        }
        Ok(())
    }
}

/// The whole judgement of a text that was read: its object, and which key signed it.
fn judged(
    read: &Unsigned,
    keys: &Supplied,
    entry: &TrustEntry,
    passing: &Passing<'_>,
) -> Result<(VisaObject, Arc<str>, Vec<Relaxation>), Drop> {
    let checked = match &read.signed {
        Some((by, checked)) if by.is_same(&keys.keys) => checked.clone(),
        Some(_) | None => keys.keys.verify(&read.token, passing.trust.revoked_keys()),
    };
    let verified = checked.map_err(|e| Drop(code_of(e), Some(e.to_string())))?;
    passing.dates(&read.dates)?;
    let object = read.token.claims().get("ga4gh_visa_v1").ok_or(Code::MalformedVisa)?;
    let mut relaxed = read.relaxed.clone();
    let supported = passing.trust.supported_custom_types();
    let accepts = |relaxation| entry.accepts(relaxation);
    let object = VisaObject::read_relaxed(object, supported, &accepts, &mut relaxed).map_err(code_of_object)?;
    passing.object(&object)?;
    if !entry.may_assert(object.kind()) {
        return Err(Code::IssuerNotTrustedForType.into());
    }
    if !entry.may_name(object.source()) {
        return Err(Code::UntrustedSource.into());
    }
    if *object.kind() == VisaType::ControlledAccessGrants && !entry.may_grant(object.value()) {
        return Err(Code::IssuerNotTrustedForDataset.into());
    }
    if object.kind().as_str() == dbgap::TYPE
        && entry.accepts(Relaxation::RasDbgapPermissions)
        && let Some(permissions) = read.token.claims().get(dbgap::CLAIM)
    {
        dbgap::read(permissions).ok_or(Drop(Code::BadValueFormat, Some(format!("`{}`", dbgap::CLAIM))))?;
        relaxed.push(Relaxation::RasDbgapPermissions);
    }
    Ok((object, verified.thumbprint, relaxed))
}

/// The judgement of a text that counted before under the same entry: what may have changed since.
fn again<'k>(
    facts: &Facts,
    keys: Result<&'k Supplied, String>,
    passing: &Passing<'_>,
    memory: Option<&VerifiedTokens>,
) -> Result<&'k Supplied, Drop> {
    let keys = keys.map_err(unavailable)?;
    let checked = keys
        .keys
        .still_means(&facts.header, &facts.key, passing.trust.revoked_keys())
        .and_then(|same| if same { Ok(()) } else { Err(KeyError::Signature) })
        .map_err(|e| Drop(code_of(e), Some(e.to_string())))
        .and_then(|()| passing.dates(&facts.dates))
        .and_then(|()| passing.object(&facts.object))
        .and_then(|()| supported(facts, passing.trust));
    if checked.is_err()
        && let Some(memory) = memory
    {
        memory.forget(&facts.digest);
    }
    checked.map(|()| keys)
}

fn supported(facts: &Facts, trust: &TrustPolicy) -> Result<(), Drop> {
    match facts.object.kind() {
        VisaType::Custom(_) if facts.relaxed.contains(&Relaxation::RasDbgapPermissions) => Ok(()),
        VisaType::Custom(name) if !trust.supported_custom_types().iter().any(|s| s.as_str() == &**name) => {
            Err(Code::UnsupportedType.into())
        }
        VisaType::Custom(_)
        | VisaType::AffiliationAndRole
        | VisaType::AcceptedTermsAndPolicies
        | VisaType::ResearcherStatus
        | VisaType::ControlledAccessGrants
        | VisaType::LinkedIdentities => Ok(()),
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
