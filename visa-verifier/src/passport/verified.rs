//! [`VerifiedPassport`]: what counts, what not and why, who is meant, until when.

use std::collections::BTreeSet;

use super::code::Code;
use super::rejected::{PassportRejected, Rejected};
use super::researcher::People;
use super::visa::Visa;
use crate::seam::Timestamp;
use crate::token::Audience;
use crate::trust::{Evidence, Relaxation};
use crate::visa::{VisaIdentity, VisaType};

/// A Passport that passed its checks: each visa that counts, each that does not with its reason, and which
/// identities are proven to be one person.
#[derive(Clone, Debug)]
pub struct VerifiedPassport {
    pub(crate) holder: VisaIdentity,
    pub(crate) identities: Vec<VisaIdentity>,
    pub(crate) people: People,
    pub(crate) visas: Vec<Visa>,
    pub(crate) rejected: Vec<Rejected>,
    pub(crate) valid_until: Timestamp,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) issued: Option<Timestamp>,
    pub(crate) audience: Option<Audience>,
    pub(crate) evidence: Option<Evidence>,
    /// Why the brokers of further Passports were believed, where several are one.
    pub(crate) beside: Vec<Evidence>,
    pub(crate) claims: serde_json::Map<String, serde_json::Value>,
}

/// A Passport without `aud` may be presented for this long after its `iat`.
const WITHOUT_AUDIENCE_SECONDS: i64 = 600;

impl VerifiedPassport {
    /// Whose Passport it is: `sub` and `iss` of the Passport or the UserInfo answer (of a visa alone: the visa's).
    #[must_use]
    pub const fn holder(&self) -> &VisaIdentity {
        &self.holder
    }

    /// The holder's identities, proven to be one person; the holder first. Visas of other identities may stand
    /// beside and speak of somebody else.
    #[must_use]
    pub fn identities(&self) -> &[VisaIdentity] {
        &self.identities
    }

    /// Whether a visa speaks of the holder.
    #[must_use]
    pub fn is_holders(&self, visa: &Visa) -> bool {
        self.identities.contains(visa.identity())
    }

    /// All that links prove, beyond the holder too.
    #[must_use]
    pub const fn people(&self) -> &People {
        &self.people
    }

    /// The visas that count, in the Passport's order. Of whom each speaks, its identity says.
    #[must_use]
    pub fn visas(&self) -> &[Visa] {
        &self.visas
    }

    /// The visas that count, speak of the holder and are of this type.
    pub fn holders(&self, kind: &VisaType) -> impl Iterator<Item = &Visa> {
        self.visas
            .iter()
            .filter(move |v| v.object().kind() == kind && self.is_holders(v))
    }

    /// The visas that do not count, with their reasons.
    #[must_use]
    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }

    /// The link visas by which these identities are proven to be one person: each names some of them, and nobody
    /// else that its issuer may link.
    pub fn links_between<'p>(&'p self, person: &'p BTreeSet<VisaIdentity>) -> impl Iterator<Item = &'p Visa> {
        self.visas.iter().filter(move |visa| {
            let entry = visa.evidence().entry();
            let named = visa.object().links();
            let joins = |one: &&VisaIdentity| entry.may_join(&one.iss) && *one != visa.identity();
            let mut joined = named.iter().flat_map(|links| links.entries()).filter(joins).peekable();
            person.contains(visa.identity()) && joined.peek().is_some() && joined.all(|one| person.contains(one))
        })
    }

    /// The link visas that were refused because they would give one person two subjects of a provider that never
    /// gives two. Somebody shares an account or a linker is wrong: whoever holds this tells the operator.
    pub fn contradictions(&self) -> impl Iterator<Item = &Rejected> {
        self.rejected.iter().filter(|one| one.code() == Code::LinksContradict)
    }

    /// Which deviations from the profiles the Passport or a visa that counts needed.
    #[must_use]
    pub fn relaxed(&self) -> BTreeSet<Relaxation> {
        self.grounds()
            .flat_map(|evidence| evidence.relaxed().iter().copied())
            .collect()
    }

    /// Whether a key of this list signed the Passport or a visa that counts: then the result stands no longer, however
    /// long it is kept (`revoked_keys` beats every cache).
    #[must_use]
    pub fn rests_on(&self, revoked: &BTreeSet<String>) -> bool {
        !revoked.is_empty() && self.grounds().any(|e| revoked.contains(e.thumbprint()))
    }

    fn grounds(&self) -> impl Iterator<Item = &Evidence> {
        let visas = self.visas.iter().map(Visa::evidence);
        visas.chain(&self.evidence).chain(&self.beside)
    }

    /// The earliest end among the Passport, all visas that count and the keys that were fetched for them (the end of
    /// their server's grace): until then this result stands as a whole.
    #[must_use]
    pub const fn valid_until(&self) -> Timestamp {
        self.valid_until
    }

    /// The Passport's own end; `None` if the visas came without one.
    #[must_use]
    pub const fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// The Passport's `iat`.
    #[must_use]
    pub const fn issued(&self) -> Option<Timestamp> {
        self.issued
    }

    /// The Passport's `aud`; if there is one, it names us.
    #[must_use]
    pub const fn audience(&self) -> Option<&Audience> {
        self.audience.as_ref()
    }

    /// Why its broker was believed; `None` for a visa alone and for UserInfo.
    #[must_use]
    pub const fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    /// Any claim of a signed Passport, such as `visum_default_purpose`.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&serde_json::Value> {
        self.claims.get(name)
    }

    /// Whether it may be presented as a credential of its own (D35, A-26): it names us in `aud`, or its broker
    /// may leave that out and it is at most 10 minutes old. The latter never opens compute-only data; the door
    /// asks [`audience`](Self::audience) for that.
    pub fn presentable(&self, now: Timestamp) -> Result<(), PassportRejected> {
        let Some(evidence) = &self.evidence else {
            return Err(PassportRejected::new(Code::PassportTyp));
        };
        if self.audience.is_some() {
            return Ok(());
        }
        let young = self
            .issued
            .is_some_and(|issued| now.unix() - issued.unix() <= WITHOUT_AUDIENCE_SECONDS);
        if evidence.entry().passport_without_audience && young {
            return Ok(());
        }
        Err(PassportRejected::new(Code::NoAudience))
    }
}
