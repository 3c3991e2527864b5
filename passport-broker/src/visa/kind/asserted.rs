//! AffiliationAndRole, AcceptedTermsAndPolicies, ResearcherStatus and groups: what somebody asserted of a person.

use policy_engine::decide::GROUP;

use crate::store::people::{Fact, FactKind};
use crate::visa::VisaDraft;

/// The type of the visas of the broker `issuer` that name a group.
pub(crate) fn group_type(issuer: &str) -> String {
    format!("{}{GROUP}", issuer.trim_end_matches('/'))
}

/// The visa of a fact, if facts of its kind become visas.
pub(crate) fn draft(issuer: &str, fact: &Fact) -> Option<VisaDraft> {
    let kind = match fact.kind {
        FactKind::Affiliation => "AffiliationAndRole".to_owned(),
        FactKind::Terms => "AcceptedTermsAndPolicies".to_owned(),
        FactKind::ResearcherStatus => "ResearcherStatus".to_owned(),
        FactKind::GroupVisa => group_type(issuer),
        // How well somebody is known goes into the access token, for this login.
        FactKind::Assurance | FactKind::Group => return None,
    };
    Some(VisaDraft {
        kind,
        value: fact.value.clone(),
        source: fact.source.clone(),
        by: fact.by.clone(),
        asserted: fact.asserted,
        ends: fact.expires,
        grant: None,
        conditions: None,
        claim: None,
    })
}
