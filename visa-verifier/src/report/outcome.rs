//! The judgement of a request, as a document: accepted or not, every visa with its reason, the requirement.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::passport::{Code, PassportRejected, Rejected, VerifiedPassport, Visa};
use crate::seam::Timestamp;
use crate::trust::Relaxation;
use crate::verify::{Judged, Requirement};
use crate::visa::{By, VisaIdentity};

/// Whether the request may go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// No Passport failed, and one at least is of a broker that is trusted here.
    Accept,
    /// A Passport failed its checks, or none is of a trusted broker.
    Reject,
}

/// The judgement of one request.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether the request may go on.
    pub request: Answer,
    /// Why not: the code of the first Passport that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_code: Option<&'static str>,
    /// Each Passport, then each UserInfo answer, in the order of the input; a visa alone last.
    pub passports: Vec<PassportReport>,
    /// The requirement, if there is one and the request is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requirement: Option<RequirementReport>,
}

/// One Passport.
#[derive(Clone, Debug, Serialize)]
pub struct PassportReport {
    /// `OK` or why it does not count.
    pub code: &'static str,
    /// The same in words.
    pub sentence: &'static str,
    /// The row of the requirement table behind the code.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub row: &'static str,
    /// The section of the specification behind it.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub section: &'static str,
    /// The deviations from the profiles that its trust entry accepts and that it needed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub relaxed: Vec<Relaxation>,
    /// More of it, if more is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<VisaIdentity>,
    /// The holder's identities, proven to be one person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<VisaIdentity>,
    /// All that links prove, the holder's identities and others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<PersonReport>,
    /// Until when this result stands as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Its visas in their order; none if the Passport does not count.
    pub visas: Vec<VisaReport>,
}

/// Identities that are proven to be one person.
#[derive(Clone, Debug, Serialize)]
pub struct PersonReport {
    /// The identities.
    pub identities: Vec<VisaIdentity>,
    /// The digests of the LinkedIdentities visas that prove it.
    pub by: Vec<String>,
}

impl PersonReport {
    fn of(passport: &VerifiedPassport, person: &BTreeSet<VisaIdentity>) -> Self {
        Self {
            identities: person.iter().cloned().collect(),
            by: passport
                .links_between(person)
                .map(|visa| visa.digest().to_string())
                .collect(),
        }
    }
}

/// One visa. What an invalid one says is unverified.
#[derive(Clone, Debug, Default, Serialize)]
pub struct VisaReport {
    /// Whether it counts.
    pub valid: bool,
    /// `OK` or why not.
    pub code: &'static str,
    /// The same in words.
    pub sentence: &'static str,
    /// The row of the requirement table behind the code.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub row: &'static str,
    /// The section of the specification behind it.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub section: &'static str,
    /// The deviations from the profiles that its trust entry accepts and that it needed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub relaxed: Vec<Relaxation>,
    /// More of it, if more is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Its type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Its source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// By whom asserted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Its issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// Of whom it speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// Whether it counts and speaks of the Passport's holder. One that does not speaks of somebody else.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub of_holder: bool,
    /// Why its issuer is believed: what the trust entry gives as evidence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// RFC 7638 thumbprint of the key that signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// SHA-256 of the token, base64url.
    pub digest: String,
    /// Whether its keys live by the grace of an unreachable server.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stale_keys: bool,
    /// Since when that server is silent: the last good fetch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_since: Option<Timestamp>,
    /// When that grace ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_until: Option<Timestamp>,
}

/// How far the requirement is met, by the Passport that carries it longest.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct RequirementReport {
    /// Whether it is, for the time asked.
    pub granted: bool,
    /// Unix second until which the visas carry it; absent if nothing matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry: Option<i64>,
}

impl Report {
    /// The judgement of a request as a document.
    #[must_use]
    pub fn of(judged: &Judged, require: Option<&Requirement>, now: Timestamp) -> Self {
        let rejection = judged.rejection().map(PassportRejected::code);
        let met = require.filter(|_| rejection.is_none()).map(|r| judged.meets(r, now));
        let requirement = met.map(|met| RequirementReport {
            granted: met.granted,
            expiry: met.expiry.map(Timestamp::unix),
        });
        Self {
            request: if rejection.is_some() {
                Answer::Reject
            } else {
                Answer::Accept
            },
            request_code: rejection.map(Code::as_str),
            passports: judged.results().iter().map(PassportReport::of).collect(),
            requirement,
        }
    }
}

impl PassportReport {
    fn of(result: &Result<VerifiedPassport, PassportRejected>) -> Self {
        match result {
            Ok(passport) => {
                let mut visas: Vec<(usize, VisaReport)> = passport
                    .visas()
                    .iter()
                    .map(|v| (v.index(), VisaReport::of(v, passport.is_holders(v))))
                    .collect();
                visas.extend(passport.rejected().iter().map(|r| (r.index(), VisaReport::rejected(r))));
                visas.sort_by_key(|(index, _)| *index);
                Self {
                    code: Code::Ok.as_str(),
                    sentence: Code::Ok.sentence(),
                    row: Code::Ok.row(),
                    section: Code::Ok.section(),
                    relaxed: passport.evidence().map(|e| e.relaxed().to_vec()).unwrap_or_default(),
                    detail: None,
                    holder: Some(passport.holder().clone()),
                    identities: passport.identities().to_vec(),
                    people: passport
                        .people()
                        .sets()
                        .iter()
                        .map(|set| PersonReport::of(passport, set))
                        .collect(),
                    valid_until: Some(passport.valid_until()),
                    visas: visas.into_iter().map(|(_, visa)| visa).collect(),
                }
            }
            Err(rejected) => Self {
                code: rejected.code().as_str(),
                sentence: rejected.code().sentence(),
                row: rejected.code().row(),
                section: rejected.code().section(),
                relaxed: Vec::new(),
                detail: rejected.detail.clone(),
                holder: None,
                identities: Vec::new(),
                people: Vec::new(),
                valid_until: None,
                visas: Vec::new(),
            },
        }
    }
}

impl VisaReport {
    fn of(visa: &Visa, of_holder: bool) -> Self {
        let object = visa.object();
        Self {
            valid: true,
            code: Code::Ok.as_str(),
            sentence: Code::Ok.sentence(),
            row: Code::Ok.row(),
            section: Code::Ok.section(),
            relaxed: visa.evidence().relaxed().to_vec(),
            detail: None,
            kind: Some(object.kind().to_string()),
            value: Some(object.value().to_owned()),
            source: Some(object.source().to_owned()),
            by: object.by().map(By::as_str).map(str::to_owned),
            iss: Some(visa.identity().iss.to_string()),
            sub: Some(visa.identity().sub.to_string()),
            of_holder,
            evidence: visa.evidence().entry().evidence.clone(),
            key: Some(visa.evidence().thumbprint().to_owned()),
            expires: Some(visa.holds_until()),
            digest: visa.digest().to_string(),
            stale_keys: visa.evidence().stale_keys(),
            stale_since: visa.evidence().stale().map(|stale| stale.since),
            stale_until: visa.evidence().stale().map(|stale| stale.until),
        }
    }

    fn rejected(visa: &Rejected) -> Self {
        let said = |member: &str| visa.said_of_object(member).map(str::to_owned);
        Self {
            valid: false,
            code: visa.code().as_str(),
            sentence: visa.sentence(),
            row: visa.code().row(),
            section: visa.code().section(),
            relaxed: Vec::new(),
            detail: visa.detail().map(str::to_owned),
            kind: said("type"),
            value: said("value"),
            source: said("source"),
            by: said("by"),
            iss: visa.said("iss").map(str::to_owned),
            sub: visa.said("sub").map(str::to_owned),
            of_holder: false,
            evidence: Vec::new(),
            key: None,
            expires: visa.said_expires(),
            digest: visa.digest().to_string(),
            stale_keys: false,
            stale_since: None,
            stale_until: None,
        }
    }
}
