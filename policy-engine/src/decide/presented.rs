//! What a verified passport presents, as plain values: identities and visas, each with what it is and until when.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use visa_verifier::{
    By, VerifiedPassport, Visa, VisaIdentity, VisaType,
    seam::Timestamp,
    trust::{Affiliated, Register},
};

use crate::{consent::VouchedBy, snapshot::Snapshot};

/// The member beside `ga4gh_visa_v1` that carries a purpose (consent.md 2.9).
pub(crate) const PURPOSE_CLAIM: &str = "visum_purpose";

/// One verified visa of the person.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Held {
    #[serde(deserialize_with = "kind_named", serialize_with = "kind_name")]
    pub(crate) kind: VisaType,
    pub(crate) issuer: String,
    pub(crate) value: String,
    pub(crate) source: String,
    /// `None`: not said, or a word that the specification lacks.
    pub(crate) by: Option<VouchedBy>,
    pub(crate) asserted: Timestamp,
    /// With what its conditions rest on.
    pub(crate) expires: Timestamp,
    pub(crate) jti: Option<String>,
    pub(crate) digest: String,
    pub(crate) purpose: Option<Value>,
    /// The institution of the register that it proves, for which its issuer or source may speak.
    pub(crate) institution: Option<String>,
    /// What was let by for it: relaxations of its issuer by name, `stale_keys` if its keys live by a grace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) let_by: Vec<String>,
}

/// A person's identities, proven to be one, and the visas of all of them.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Presented {
    pub(crate) holder: VisaIdentity,
    pub(crate) identities: Vec<VisaIdentity>,
    pub(crate) visas: Vec<Held>,
}

impl Presented {
    /// Reads a verified passport. Visas beside that speak of somebody else are left out.
    pub(crate) fn of(passport: &VerifiedPassport, snapshot: &Snapshot) -> Self {
        Self {
            holder: passport.holder().clone(),
            identities: passport.identities().to_vec(),
            visas: passport
                .visas()
                .iter()
                .filter(|visa| passport.is_holders(visa))
                .map(|visa| Held::of(visa, snapshot))
                .collect(),
        }
    }
}

impl Held {
    fn of(visa: &Visa, snapshot: &Snapshot) -> Self {
        let object = visa.object();
        Self {
            kind: object.kind().clone(),
            issuer: visa.identity().iss.as_str().to_owned(),
            value: object.value().to_owned(),
            source: object.source().to_owned(),
            by: object.by().and_then(vouched),
            asserted: object.asserted(),
            expires: visa.holds_until(),
            jti: visa.jti().map(str::to_owned),
            digest: visa.digest().to_string(),
            purpose: visa.claim(PURPOSE_CLAIM).cloned(),
            institution: match visa.affiliated(&Houses(snapshot)) {
                Affiliated::At { institution, .. } => Some(institution),
                Affiliated::NotSpokenFor | Affiliated::Unknown => None,
            },
            let_by: let_by(visa),
        }
    }
}

fn let_by(visa: &Visa) -> Vec<String> {
    let stale = visa.evidence().stale_keys().then_some("stale_keys");
    let relaxed = visa.evidence().relaxed().iter().map(|one| one.as_str());
    stale.into_iter().chain(relaxed).map(str::to_owned).collect()
}

/// The snapshot's institutions as the verifier asks for them.
struct Houses<'s>(&'s Snapshot);

impl Register for Houses<'_> {
    fn by_id(&self, source: &str) -> Option<&str> {
        self.0
            .institutions
            .iter()
            .find(|house| house.id == source)
            .map(|house| house.id.as_str())
    }

    fn by_scope(&self, scope: &str) -> Option<&str> {
        self.0
            .institutions
            .iter()
            .find(|house| house.scopes.contains(scope))
            .map(|house| house.id.as_str())
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

fn kind_name<S: Serializer>(kind: &VisaType, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(kind.as_str())
}

fn kind_named<'de, D: Deserializer<'de>>(from: D) -> Result<VisaType, D::Error> {
    String::deserialize(from).map(|name| VisaType::named(&name))
}
