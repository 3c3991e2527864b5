//! What this node says of a person by a change of facts.

use crate::store::governed::Governed as _;
use crate::store::statements::StatementRow;
use crate::visa::VisaDraft;

/// The visa of a statement in force.
pub(crate) fn draft(row: &StatementRow) -> VisaDraft {
    VisaDraft {
        kind: row.kind.clone(),
        value: row.value.clone(),
        source: row.source.clone(),
        by: row.by.word().to_owned(),
        asserted: row.asserted,
        ends: row.until,
        grant: Some(row.id()),
        conditions: row.conditions.clone(),
        claim: None,
    }
}
