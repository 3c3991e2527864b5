//! AffiliationAndRole, AcceptedTermsAndPolicies and ResearcherStatus: what somebody asserted of a person.

use crate::store::people::{Fact, FactKind};
use crate::visa::VisaDraft;

/// The visa of a fact, if facts of its kind become visas.
pub(crate) fn draft(fact: &Fact) -> Option<VisaDraft> {
    let kind = match fact.kind {
        FactKind::Affiliation => "AffiliationAndRole",
        FactKind::Terms => "AcceptedTermsAndPolicies",
        FactKind::ResearcherStatus => "ResearcherStatus",
        // How well somebody is known goes into the access token, for this login.
        FactKind::Assurance => return None,
    };
    Some(VisaDraft {
        kind: kind.to_owned(),
        value: fact.value.clone(),
        source: fact.source.clone(),
        by: fact.by.clone(),
        asserted: fact.asserted,
        ends: fact.expires,
        grant: None,
        claim: None,
    })
}
