//! ControlledAccessGrants: a committee's yes.

use crate::store::grants::Grant;
use crate::visa::VisaDraft;

/// The visa of a grant in force.
pub(crate) fn draft(grant: &Grant) -> VisaDraft {
    VisaDraft {
        kind: "ControlledAccessGrants".to_owned(),
        value: grant.dataset.clone(),
        source: grant.source.clone(),
        by: "dac".to_owned(),
        asserted: grant.starts,
        ends: grant.until,
        grant: Some(grant.id.clone()),
        conditions: grant.conditions.clone(),
        claim: None,
    }
}
