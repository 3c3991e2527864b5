//! `ras_dbgap_permissions`: what a RAS visa grants, beside its Visa Object (NIH RAS, custom type v1.1).

use serde_json::Value;

use crate::seam::Timestamp;
use crate::token::NumericDate;

/// The registered custom type of RAS visas.
pub(crate) const TYPE: &str = "https://ras.nih.gov/visas/v1.1";
/// The claim.
pub(crate) const CLAIM: &str = "ras_dbgap_permissions";
/// Permissions in one visa; more than dbGaP has studies.
const PERMISSIONS: usize = 5_000;

/// One consent group of a dbGaP study that is open to the person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DbgapPermission {
    /// The study, as `phs000710`.
    pub phs_id: String,
    /// The consent group, as `c1`.
    pub consent_group: String,
    /// Until when.
    pub expires: Timestamp,
}

/// Reads the claim; `None` if it is no list of objects with `phs_id`, `consent_group` and `expiration`.
pub(crate) fn read(claim: &Value) -> Option<Vec<DbgapPermission>> {
    let list = claim.as_array().filter(|list| list.len() <= PERMISSIONS)?;
    list.iter()
        .map(|one| {
            let text = |member: &str| one.get(member)?.as_str().filter(|t| !t.is_empty()).map(str::to_owned);
            Some(DbgapPermission {
                phs_id: text("phs_id")?,
                consent_group: text("consent_group")?,
                expires: NumericDate::read(one.get("expiration")?, "expiration").ok()?.floor(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_odd_permission_spoils_all() {
        let good = json!({"phs_id": "phs000710", "consent_group": "c1", "expiration": 1_700_000_000, "version": "v1"});
        for (name, claim, count) in [
            ("two", json!([good, good]), Some(2)),
            ("none", json!([]), Some(0)),
            ("no list", json!({"phs_id": "x"}), None),
            (
                "no study",
                json!([good, {"consent_group": "c1", "expiration": 1}]),
                None,
            ),
            (
                "milliseconds",
                json!([{"phs_id": "p", "consent_group": "c", "expiration": 1_700_000_000_000_i64}]),
                None,
            ),
            (
                "an empty group",
                json!([{"phs_id": "p", "consent_group": "", "expiration": 1}]),
                None,
            ),
        ] {
            assert_eq!(read(&claim).map(|list| list.len()), count, "{name}");
        }
    }
}
