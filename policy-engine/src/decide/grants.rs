//! ControlledAccessGrants visas, with the purpose visas that go with them, as approvals (consent.md 2.9).

use std::collections::BTreeSet;

use serde::Deserialize;
use visa_verifier::VisaType;

use super::{GrantTimes, presented::Held};
use crate::consent::{Approval, ApprovedPurpose, Basis, Categories, EthicsEntry, InstitutionFacts, Name, VouchedBy};

/// An approval and the visas that it was read from (positions among those presented).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grant {
    pub(crate) approval: Approval,
    /// Ethics papers that the committee read, as it recorded them; they come from nowhere else (consent.md 3).
    pub(crate) papers: Vec<EthicsEntry>,
    pub(crate) visas: Vec<usize>,
    pub(crate) times: GrantTimes,
}

/// `visum_purpose`: what the purpose visa carries. Members beyond these void it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PurposeClaim {
    #[serde(default)]
    project: Option<Name>,
    #[serde(default)]
    institution: Option<Name>,
    #[serde(default)]
    users: Vec<Name>,
    purpose: RecordedPurpose,
    #[serde(default)]
    settles: Vec<Name>,
    #[serde(default)]
    ethics: BTreeSet<Name>,
    /// The entries behind `ethics`.
    #[serde(default)]
    papers: Vec<EthicsEntry>,
    #[serde(default)]
    facts: Vec<InstitutionFacts>,
}

/// The purpose inside; its basis follows from who says it, whatever it says of itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordedPurpose {
    categories: Categories,
    #[serde(default)]
    diseases: BTreeSet<Name>,
    #[serde(default)]
    commercial: Option<bool>,
    #[serde(default)]
    basis: Option<Basis>,
}

/// All approvals that these visas make. A purpose visa without its grant makes none.
///
/// Where a grant has purpose visas, it counts under their purposes only: without one it would bound nothing.
pub(crate) fn grants(visas: &[Held]) -> Vec<Grant> {
    let mut grants = Vec::new();
    for (at, visa) in visas
        .iter()
        .enumerate()
        .filter(|(_, visa)| visa.kind == VisaType::ControlledAccessGrants)
    {
        let Some(plain) = plain(visa) else { continue };
        let mut purposed = false;
        for (beside, purpose) in visas.iter().enumerate().filter(|(_, other)| goes_with(other, visa)) {
            purposed = true;
            if let Some((approval, papers)) = with_purpose(&plain, purpose) {
                grants.push(Grant {
                    approval,
                    papers,
                    visas: vec![at, beside],
                    times: GrantTimes::default(),
                });
            }
        }
        if !purposed {
            grants.push(Grant {
                approval: plain,
                papers: Vec::new(),
                visas: vec![at],
                times: GrantTimes::default(),
            });
        }
    }
    grants
}

/// The grant by itself: no purpose is recorded.
fn plain(visa: &Held) -> Option<Approval> {
    Some(Approval {
        dataset: Name::try_from(visa.value.as_str()).ok()?,
        source: Name::try_from(visa.source.as_str()).ok()?,
        starts: visa.asserted,
        expires: visa.expires,
        project: None,
        institution: None,
        users: Vec::new(),
        purpose: None,
        settles: Vec::new(),
        ethics: BTreeSet::new(),
        facts: Vec::new(),
    })
}

/// A purpose visa of its issuer's own type, for the same dataset, source and moment.
fn goes_with(purpose: &Held, grant: &Held) -> bool {
    let VisaType::Custom(kind) = &purpose.kind else {
        return false;
    };
    kind.strip_suffix("/visas/purpose/v1")
        .is_some_and(|issuer| issuer == purpose.issuer.trim_end_matches('/'))
        && purpose.value == grant.value
        && purpose.source == grant.source
        && purpose.asserted == grant.asserted
}

/// The grant under the purpose that its purpose visa records; `None` if that can't be read or says too much.
fn with_purpose(plain: &Approval, visa: &Held) -> Option<(Approval, Vec<EthicsEntry>)> {
    let claim: PurposeClaim = serde_json::from_value(visa.purpose.clone()?).ok()?;
    let categories = claim.purpose.categories;
    if categories.is_unstated() || categories.has_barred() {
        return None;
    }
    let basis = match visa.by {
        Some(VouchedBy::Dac) => Basis::Bound,
        Some(VouchedBy::Own) => Basis::Attested,
        Some(VouchedBy::Peer | VouchedBy::System | VouchedBy::SigningOfficial) | None => return None,
    };
    // An attested purpose may carry project, institution and purpose, and nothing else.
    let papers = claim.papers;
    let more = !(claim.users.is_empty()
        && claim.settles.is_empty()
        && claim.ethics.is_empty()
        && papers.is_empty()
        && claim.facts.is_empty());
    if basis == Basis::Attested && more || claim.purpose.basis.is_some_and(|said| said != basis) {
        return None;
    }
    // a paper that the approval does not name is none that its committee read
    if papers.iter().any(|paper| !claim.ethics.contains(&paper.id)) {
        return None;
    }
    let approval = Approval {
        expires: plain.expires.min(visa.expires),
        project: claim.project,
        institution: claim.institution,
        users: claim.users,
        purpose: Some(ApprovedPurpose {
            categories,
            diseases: claim.purpose.diseases,
            commercial: claim.purpose.commercial,
            basis,
        }),
        settles: claim.settles,
        ethics: claim.ethics,
        facts: claim.facts,
        ..plain.clone()
    };
    Some((approval, papers))
}
