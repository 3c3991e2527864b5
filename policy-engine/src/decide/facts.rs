//! `Facts`: who asks and under what circumstances. Rights from what is presented, bars from every link ever proven (D2).

use std::{collections::BTreeSet, sync::Arc};

use visa_verifier::{Issuer, VerifiedPassport, VisaIdentity, VisaType, seam::Timestamp, trust::Role as TrustRole};

use super::{
    Ready, Session,
    grants::{Grant, grants},
    presented::{Held, Presented},
};
use crate::{
    consent::{Affiliation, Assertion, CountryCode, Name, ResearchPurpose, UserFacts, VouchedBy, dataset::Role},
    entity::{PurposePart, Types},
    snapshot::{Bar, PersonDigest, RoleGrant, Snapshot},
};

/// The value that ResearcherStatus and the registered-access terms carry (consent.md 2.8).
pub(crate) const REGISTERED: &str = "https://doi.org/10.1038/s41431-018-0219-y";

/// The end of the type of a visa that says that its holder sits in the committee which is its value.
pub const MEMBERSHIP: &str = "/visas/committee/v1";

/// The end of the type of a visa that says that its holder belongs to the group which is its value.
pub const GROUP: &str = "/visas/group/v1";

/// Who asks: a person with verified visas, or a service; and the session.
///
/// Made on one snapshot. Asked on another, the engine derives it anew from what was presented, so that a
/// revocation, a bar or a lost role of the newer snapshot counts.
#[derive(Clone, Debug)]
pub struct Facts {
    pub(crate) who: Who,
    pub(crate) session: Session,
    pub(crate) derived: Arc<Derived>,
    pub(crate) ready: Ready,
}

/// What is presented.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    Person(Arc<Presented>),
    Service(String),
}

/// What follows from it on one snapshot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Derived {
    pub(crate) version: u64,
    /// Every identity that was ever proven to be this person's.
    pub(crate) closure: BTreeSet<PersonDigest>,
    pub(crate) bars: Vec<Bar>,
    pub(crate) user: UserFacts,
    /// Houses of the register that the person belongs to, with the end of the proof.
    pub(crate) houses: Vec<House>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) roles: Vec<(RoleGrant, Timestamp)>,
    pub(crate) groups: BTreeSet<String>,
    /// Groups that a visa says, by `ISSUER/groups/NAME`, with the end of the proof.
    pub(crate) visa_groups: Vec<(String, Timestamp)>,
    /// Positions of the visas that count on this snapshot.
    pub(crate) counted: BTreeSet<usize>,
}

/// A proven affiliation with an institution of the register.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct House {
    pub(crate) institution: String,
    pub(crate) until: Timestamp,
    pub(crate) visa: usize,
}

impl Facts {
    /// The facts of a person, on a snapshot.
    pub fn of(passport: &VerifiedPassport, session: &Session, snapshot: &Snapshot) -> Self {
        Self::person(Presented::of(passport, snapshot), session.clone(), snapshot)
    }

    /// The facts of a registered service that acts by itself (work without a person, consent services).
    /// The caller has authenticated it; a service that the snapshot lacks is denied everything.
    pub fn service(id: impl Into<String>, session: &Session, snapshot: &Snapshot) -> Self {
        let derived = Derived {
            version: snapshot.version,
            ..Derived::default()
        };
        Self {
            who: Who::Service(id.into()),
            session: session.clone(),
            derived: Arc::new(derived),
            ready: Ready::default(),
        }
    }

    pub(crate) fn person(presented: impl Into<Arc<Presented>>, session: Session, snapshot: &Snapshot) -> Self {
        let presented = presented.into();
        let derived = Derived::of(&presented, snapshot);
        Self {
            who: Who::Person(presented),
            session,
            derived: Arc::new(derived),
            ready: Ready::default(),
        }
    }

    /// The same facts in another session of the same person: nothing is read or derived again.
    #[must_use]
    pub fn in_session(&self, session: Session) -> Self {
        Self {
            who: self.who.clone(),
            session,
            derived: Arc::clone(&self.derived),
            ready: Ready::default(),
        }
    }

    /// The same facts without any role: for a login that governs nothing, whoever it is.
    #[must_use]
    pub fn without_roles(&self) -> Self {
        let mut derived = (*self.derived).clone();
        derived.roles.clear();
        Self {
            derived: Arc::new(derived),
            ..self.clone()
        }
    }

    /// Whether they were made on this snapshot, by its version.
    pub fn are_of(&self, snapshot: &Snapshot) -> bool {
        self.derived.version == snapshot.version
    }

    /// A purpose as Cedar takes it.
    pub(crate) fn purpose_part(&self, purpose: &ResearchPurpose, types: &Types) -> PurposePart {
        let (known, part) = self
            .ready
            .purpose
            .get_or_init(|| (purpose.clone(), PurposePart::new(purpose, types)));
        if known == purpose {
            part.clone()
        } else {
            PurposePart::new(purpose, types)
        }
    }

    /// These facts on another snapshot.
    pub(crate) fn on(&self, snapshot: &Snapshot) -> Self {
        match &self.who {
            Who::Person(presented) => Self::person(presented.clone(), self.session.clone(), snapshot),
            Who::Service(id) => Self::service(id.clone(), &self.session, snapshot),
        }
    }

    /// The identity that names the principal; `None` for a service.
    pub fn holder(&self) -> Option<&VisaIdentity> {
        match &self.who {
            Who::Person(presented) => Some(&presented.holder),
            Who::Service(_) => None,
        }
    }

    /// The identities presented and proven to be one person's.
    pub fn identities(&self) -> &[VisaIdentity] {
        match &self.who {
            Who::Person(presented) => &presented.identities,
            Who::Service(_) => &[],
        }
    }

    /// Whether this identity is, or ever was proven to be, the person's.
    pub fn is(&self, identity: &VisaIdentity, snapshot: &Snapshot) -> bool {
        self.identities().contains(identity) || self.derived.closure.contains(&snapshot.person(identity))
    }

    /// The session.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// Roles that the person holds at `now`: names of node roles, and ids of committees.
    pub fn roles(&self, now: Timestamp) -> impl Iterator<Item = &RoleGrant> {
        self.derived
            .roles
            .iter()
            .filter(move |(_, until)| now < *until)
            .map(|(grant, _)| grant)
    }

    /// Institutions of the register that the person belongs to at `now`, the longest proof first.
    pub fn institutions(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        self.houses(now).map(|house| house.institution.as_str())
    }

    pub(crate) fn houses(&self, now: Timestamp) -> impl Iterator<Item = &House> {
        self.derived.houses.iter().filter(move |house| now < house.until)
    }

    /// Suspended at `now`, by any identity ever linked.
    pub fn is_suspended(&self, now: Timestamp) -> bool {
        self.derived.bars.iter().any(|bar| bar.in_force(now))
    }

    pub(crate) fn visas(&self) -> &[Held] {
        match &self.who {
            Who::Person(presented) => &presented.visas,
            Who::Service(_) => &[],
        }
    }

    /// The name of the principal: `sub,iss`, or the service's id.
    pub fn principal(&self) -> String {
        match &self.who {
            Who::Person(presented) => presented.holder.to_string(),
            Who::Service(id) => id.clone(),
        }
    }

    /// SHA-256 (lower-case hex) of all that these facts say: a cache key for decisions on one snapshot.
    pub fn digest(&self) -> &str {
        self.ready.digest.get_or_init(|| self.digested())
    }

    fn digested(&self) -> String {
        let mut text = format!("{}\n{:?}\n", self.principal(), self.session);
        for identity in self.identities() {
            text.push_str(&format!("{identity}\n"));
        }
        for visa in self.visas() {
            text.push_str(&format!("{}\n", visa.digest));
        }
        super::hex_digest(text.as_bytes())
    }
}

impl Derived {
    /// The groups that they belong to at a moment: by the register, and by visas that count.
    pub(crate) fn groups(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let by_visa = self.visa_groups.iter().filter(move |(_, until)| now < *until);
        self.groups
            .iter()
            .map(String::as_str)
            .chain(by_visa.map(|(id, _)| id.as_str()))
    }

    /// Whether both say the same, on whichever snapshots.
    pub(crate) fn says_as(&self, other: &Self) -> bool {
        let Self {
            version: _,
            closure,
            bars,
            user,
            houses,
            grants,
            roles,
            groups,
            visa_groups,
            counted,
        } = self;
        std::ptr::eq(self, other)
            || (*closure == other.closure
                && *bars == other.bars
                && *user == other.user
                && *houses == other.houses
                && *grants == other.grants
                && *roles == other.roles
                && *groups == other.groups
                && *visa_groups == other.visa_groups
                && *counted == other.counted)
    }

    fn of(presented: &Presented, snapshot: &Snapshot) -> Self {
        let counted: BTreeSet<usize> = presented
            .visas
            .iter()
            .enumerate()
            .filter(|(_, visa)| counts(visa, snapshot))
            .map(|(at, _)| at)
            .collect();
        let closure = closure(&presented.identities, snapshot);
        let mut derived = Self {
            version: snapshot.version,
            bars: snapshot
                .bars
                .iter()
                .filter(|bar| closure.contains(&bar.person))
                .cloned()
                .collect(),
            closure,
            roles: snapshot
                .roles
                .iter()
                .filter(|row| presented.identities.contains(&row.person))
                .map(|row| (row.grant.clone(), row.until))
                .collect(),
            groups: snapshot
                .groups
                .iter()
                .filter(|group| group.members.iter().any(|member| presented.identities.contains(member)))
                .map(|group| group.id.clone())
                .collect(),
            ..Self::default()
        };
        derived.user.ids = presented
            .identities
            .iter()
            .filter_map(|identity| name(&identity.to_string()))
            .collect();
        for at in &counted {
            if let Some(visa) = presented.visas.get(*at) {
                derived.take(*at, visa, snapshot);
            }
        }
        derived
            .houses
            .sort_by(|a, b| b.until.cmp(&a.until).then_with(|| a.institution.cmp(&b.institution)));
        derived.grants = grants(&presented.visas)
            .into_iter()
            .filter(|grant| grant.visas.iter().all(|at| counted.contains(at)))
            .collect();
        derived.counted = counted;
        derived
    }

    /// Bars against a person who is only named.
    pub(crate) fn bars_of(person: &VisaIdentity, snapshot: &Snapshot) -> Vec<Bar> {
        let closure = closure(std::slice::from_ref(person), snapshot);
        snapshot
            .bars
            .iter()
            .filter(|bar| closure.contains(&bar.person))
            .cloned()
            .collect()
    }

    fn take(&mut self, at: usize, visa: &Held, snapshot: &Snapshot) {
        let assertion = || {
            Some(Assertion {
                value: name(&visa.value)?,
                source: name(&visa.source)?,
                by: visa.by,
                expires: visa.expires,
            })
        };
        match visa.kind {
            VisaType::AffiliationAndRole => self.affiliation(at, visa, snapshot),
            VisaType::ResearcherStatus => self.user.researcher_status.extend(assertion()),
            VisaType::AcceptedTermsAndPolicies => self.user.accepted_terms.extend(assertion()),
            VisaType::Custom(_) => {
                self.membership(visa, snapshot);
                self.group(visa, snapshot);
            }
            VisaType::ControlledAccessGrants | VisaType::LinkedIdentities => {}
        }
    }

    /// Membership of a committee, until the visa's end: from an issuer whose trust entry names this very type (`*` does
    /// not do), said by the committee or its institution.
    fn membership(&mut self, visa: &Held, snapshot: &Snapshot) {
        let vouched = matches!(
            visa.by,
            Some(VouchedBy::Dac | VouchedBy::SigningOfficial | VouchedBy::System)
        );
        let speaks = snapshot.committees.iter().any(|committee| {
            committee.id == visa.value && (visa.source == committee.id || visa.source == committee.institution)
        });
        if vouched && speaks && is_of_its_issuer(visa, MEMBERSHIP, snapshot) {
            self.roles
                .push((RoleGrant::Committee(visa.value.clone()), visa.expires));
        }
    }

    /// Membership of a group (AARC-G069, read by a broker), until the visa's end, from an issuer whose trust entry names
    /// this very type. The group is the issuer's: its name begins with the issuer, so that nobody says who belongs to a
    /// group of this node's register or of somebody else.
    fn group(&mut self, visa: &Held, snapshot: &Snapshot) {
        if is_of_its_issuer(visa, GROUP, snapshot) {
            let issuer = visa.issuer.trim_end_matches('/');
            self.visa_groups
                .push((format!("{issuer}/groups/{}", visa.value), visa.expires));
        }
    }

    /// An affiliation proves an institution that its issuer or source may speak for (trust.md part B, rule 9; the
    /// verifier judged that); any other proves none and counts for nothing.
    fn affiliation(&mut self, at: usize, visa: &Held, snapshot: &Snapshot) {
        let Some(id) = &visa.institution else { return };
        let Some(house) = snapshot.institutions.iter().find(|house| house.id == *id) else {
            return;
        };
        let (Some(institution), Some(role), Some(source)) = (name(id), name(&visa.value), name(&visa.source)) else {
            return;
        };
        self.user.affiliations.push(Affiliation {
            institution,
            role,
            country: CountryCode::try_from(house.country.as_str()).ok(),
            nonprofit: house.nonprofit,
            source,
            by: visa.by,
            expires: visa.expires,
        });
        let role = visa.value.split('@').next().unwrap_or_default();
        let proves = matches!(visa.by, Some(VouchedBy::SigningOfficial | VouchedBy::System));
        if proves && role.parse::<Role>().is_ok() {
            self.houses.push(House {
                institution: id.clone(),
                until: visa.expires,
                visa: at,
            });
        }
    }
}

/// A visa of the issuer's own type with this end, and the issuer's trust entry names the type (`*` does not do).
pub(crate) fn is_of_its_issuer(visa: &Held, end: &str, snapshot: &Snapshot) -> bool {
    let kind = visa.kind.as_str();
    let issuer = visa.issuer.trim_end_matches('/');
    let named = || {
        let issuer: Issuer = visa.issuer.parse().ok()?;
        let entry = snapshot.trust.entry(TrustRole::VisaIssuer, &issuer)?;
        Some(entry.visa_types.iter().any(|named| named == kind))
    };
    kind.strip_suffix(end).is_some_and(|named| named == issuer) && named() == Some(true)
}

/// Neither called back, nor of an issuer that is stopped or no longer trusted.
fn counts(visa: &Held, snapshot: &Snapshot) -> bool {
    let trusted = visa.issuer.parse::<Issuer>().is_ok_and(|issuer| {
        [TrustRole::VisaIssuer, TrustRole::Broker]
            .iter()
            .any(|role| snapshot.trust.entry(*role, &issuer).is_some())
    });
    trusted
        && !visa
            .jti
            .as_ref()
            .is_some_and(|jti| snapshot.revocations.visas.contains(jti))
        && !snapshot.revocations.digests.contains(&visa.digest)
        && !snapshot.stop.issuers.contains(&visa.issuer)
}

/// All identities that were ever proven to be one person with any of these.
fn closure(identities: &[VisaIdentity], snapshot: &Snapshot) -> BTreeSet<PersonDigest> {
    let mut found: BTreeSet<PersonDigest> = identities.iter().map(|identity| snapshot.person(identity)).collect();
    loop {
        let before = found.len();
        for set in &snapshot.persons {
            if !set.is_disjoint(&found) {
                found.extend(set.iter().cloned());
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

fn name(text: &str) -> Option<Name> {
    Name::try_from(text).ok()
}
