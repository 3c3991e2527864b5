//! Our custom visa: the purpose of an approval (`specs/consent.md` 2.9). Type `<issuer>/visas/purpose/v1`.
//!
//! `bound`: beside our own grant, by the committee that decided on it. `attested`: beside another issuer's grant that
//! carries none, by the person; it says project, institution and purpose, and nothing else.

use policy_engine::consent::ResearchPurpose;
use serde_json::{Map, Value, json};

use crate::store::grants::{AttestedPurpose, Grant};
use crate::visa::VisaDraft;

/// The type of purpose visas of the broker `issuer`.
pub(crate) fn visa_type(issuer: &str) -> String {
    format!("{}/visas/purpose/v1", issuer.trim_end_matches('/'))
}

/// The purpose visa of a grant of ours, if it carries a purpose.
pub(crate) fn bound(issuer: &str, grant: &Grant) -> Option<VisaDraft> {
    let claim = claim(
        grant.purpose.as_ref()?,
        grant.project.as_deref(),
        grant.institution.as_deref(),
        "bound",
    )?;
    let claim = with_papers(claim, grant.purpose.as_ref()?);
    Some(VisaDraft {
        kind: visa_type(issuer),
        value: grant.dataset.clone(),
        source: grant.source.clone(),
        by: "dac".to_owned(),
        asserted: grant.starts,
        ends: grant.until,
        grant: Some(grant.id.clone()),
        conditions: None,
        claim: Some(("visum_purpose", claim)),
    })
}

/// The purpose visa of what a person attested for another issuer's grant.
pub(crate) fn attested(issuer: &str, row: &AttestedPurpose) -> Option<VisaDraft> {
    let claim = claim(
        &row.purpose,
        row.project.as_deref(),
        row.institution.as_deref(),
        "attested",
    )?;
    Some(VisaDraft {
        kind: visa_type(issuer),
        value: row.dataset.clone(),
        source: row.source.clone(),
        by: "self".to_owned(),
        asserted: row.asserted,
        ends: row.until,
        grant: None,
        conditions: None,
        claim: Some(("visum_purpose", claim)),
    })
}

/// The ethics papers that the committee read: their ids, as an approval names them, and the entries behind them.
fn with_papers(mut claim: Value, purpose: &ResearchPurpose) -> Value {
    if let (false, Some(members)) = (purpose.ethics.is_empty(), claim.as_object_mut()) {
        let ids: Vec<&str> = purpose.ethics.iter().map(|paper| paper.id.as_str()).collect();
        members.insert("ethics".to_owned(), json!(ids));
        members.insert("papers".to_owned(), json!(purpose.ethics));
    }
    claim
}

/// `visum_purpose`: the members of an approval in the Evaluate interface. Of the purpose only what bounds it; agreements
/// and ethics papers are a request's, not an approval's.
fn claim(purpose: &ResearchPurpose, project: Option<&str>, institution: Option<&str>, basis: &str) -> Option<Value> {
    let stated = serde_json::to_value(purpose).ok()?;
    let stated = stated.as_object()?;
    let mut bounds = Map::new();
    for member in ["categories", "diseases", "commercial"] {
        if let Some(value) = stated.get(member).filter(|value| !value.is_null()) {
            bounds.insert(member.to_owned(), value.clone());
        }
    }
    bounds.insert("basis".to_owned(), json!(basis));
    let mut claim = Map::new();
    for (member, value) in [("project", project), ("institution", institution)] {
        if let Some(value) = value {
            claim.insert(member.to_owned(), json!(value));
        }
    }
    claim.insert("purpose".to_owned(), Value::Object(bounds));
    Some(Value::Object(claim))
}
