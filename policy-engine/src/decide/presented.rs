//! What a verified passport presents, as plain values: identities and visas, each with what it is and until when.

use serde_json::Value;
use visa_verifier::{By, VerifiedPassport, Visa, VisaIdentity, VisaType, seam::Timestamp};

use crate::consent::VouchedBy;

/// The member beside `ga4gh_visa_v1` that carries a purpose (consent.md 2.9).
pub(crate) const PURPOSE_CLAIM: &str = "visum_purpose";

/// One verified visa.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Held {
    pub(crate) kind: VisaType,
    pub(crate) issuer: String,
    pub(crate) value: String,
    pub(crate) source: String,
    /// `None`: not said, or a word that the specification lacks.
    pub(crate) by: Option<VouchedBy>,
    pub(crate) asserted: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) jti: Option<String>,
    pub(crate) digest: String,
    pub(crate) purpose: Option<Value>,
}

/// A person's identities, proven to be one, and the visas of all of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Presented {
    pub(crate) holder: VisaIdentity,
    pub(crate) identities: Vec<VisaIdentity>,
    pub(crate) visas: Vec<Held>,
    /// The passport's own end.
    pub(crate) ends: Timestamp,
}

impl Presented {
    /// Reads a verified passport; nothing else can be presented.
    pub(crate) fn of(passport: &VerifiedPassport) -> Self {
        Self {
            holder: passport.holder().clone(),
            identities: passport.identities().to_vec(),
            visas: passport.visas().iter().map(Held::of).collect(),
            ends: passport.valid_until(),
        }
    }
}

impl Held {
    fn of(visa: &Visa) -> Self {
        let object = visa.object();
        Self {
            kind: object.kind().clone(),
            issuer: visa.identity().iss.as_str().to_owned(),
            value: object.value().to_owned(),
            source: object.source().to_owned(),
            by: object.by().and_then(vouched),
            asserted: object.asserted(),
            expires: visa.expires(),
            jti: visa.jti().map(str::to_owned),
            digest: visa.digest().to_string(),
            purpose: visa.claim(PURPOSE_CLAIM).cloned(),
        }
    }
}

fn vouched(by: &By) -> Option<VouchedBy> {
    match by {
        By::Oneself => Some(VouchedBy::Own),
        By::Peer => Some(VouchedBy::Peer),
        By::System => Some(VouchedBy::System),
        By::SigningOfficial => Some(VouchedBy::SigningOfficial),
        By::Committee => Some(VouchedBy::Dac),
        By::Unknown(_) => None,
    }
}
