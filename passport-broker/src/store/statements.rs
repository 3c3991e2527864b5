//! What this node says of a person beside grants: rows that become visas (`visum visa issue`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;
use visa_verifier::visa::{Clause, Conditions, VisaObject};
use visa_verifier::{VisaIdentity, VisaType};

use super::governed::{Governed, RowKind};

/// Who said it, of those who may say it here (GA4GH Passport 1.2 "by"): never the person themself, whose word is taken on
/// the pages, and never a committee, whose word is a grant.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SaidBy {
    /// A signing official of the source.
    So,
    /// A system of the source.
    System,
    /// A colleague there.
    Peer,
}

impl SaidBy {
    /// The word in the visa.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::So => "so",
            Self::System => "system",
            Self::Peer => "peer",
        }
    }
}

/// One statement on one person, until a date.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, try_from = "Written")]
pub struct StatementRow {
    /// Of whom, by one of their identities.
    pub person: VisaIdentity,
    /// The visa's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its value.
    pub value: String,
    /// The organisation that says so.
    pub source: String,
    /// Who there.
    pub by: SaidBy,
    /// The visa's `conditions`, as they are written into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Value>,
    /// When it was said.
    pub asserted: Timestamp,
    /// Until when it holds.
    pub until: Timestamp,
}

/// A row as it was written, not judged yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    person: VisaIdentity,
    #[serde(rename = "type")]
    kind: String,
    value: String,
    source: String,
    by: SaidBy,
    #[serde(default)]
    conditions: Option<Value>,
    asserted: Timestamp,
    until: Timestamp,
}

/// Why a statement can be none of ours.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StatementError {
    /// A type whose visas come into being otherwise.
    #[error("visas of type {0} are not issued by hand: {1}")]
    OtherWay(&'static str, &'static str),
    /// A reader of visas would not take it.
    #[error("no reader would take this visa: {0}")]
    Unreadable(&'static str),
    /// It ends before it was said.
    #[error("`until` has to be after `asserted`")]
    OverBefore,
}

impl TryFrom<Written> for StatementRow {
    type Error = StatementError;

    fn try_from(written: Written) -> Result<Self, StatementError> {
        let Written {
            person,
            kind,
            value,
            source,
            by,
            conditions,
            asserted,
            until,
        } = written;
        readable(&kind, &value, &source, by.word(), asserted, conditions.as_ref())?;
        if until <= asserted {
            return Err(StatementError::OverBefore);
        }
        Ok(Self {
            person,
            kind,
            value,
            source,
            by,
            conditions,
            asserted,
            until,
        })
    }
}

/// Whether a visa that says this would be read by any clearinghouse, as `visa-verifier` reads.
///
/// # Errors
/// [`StatementError`]
pub fn readable(
    kind: &str,
    value: &str,
    source: &str,
    by: &str,
    asserted: Timestamp,
    conditions: Option<&Value>,
) -> Result<(), StatementError> {
    let mut object = json!({ "type": kind, "value": value, "source": source, "by": by, "asserted": asserted.unix() });
    if let (Some(conditions), Some(members)) = (conditions, object.as_object_mut()) {
        members.insert("conditions".to_owned(), conditions.clone());
    }
    let read = VisaObject::read(&object, &[kind.to_owned()]).map_err(|error| StatementError::Unreadable(why(error)))?;
    match read.kind() {
        VisaType::ControlledAccessGrants => {
            let way = "a committee's grant makes them (visum grant issue)";
            return Err(StatementError::OtherWay("ControlledAccessGrants", way));
        }
        VisaType::LinkedIdentities => {
            let way = "a person who signs in with both identities makes them";
            return Err(StatementError::OtherWay("LinkedIdentities", way));
        }
        VisaType::AffiliationAndRole
        | VisaType::AcceptedTermsAndPolicies
        | VisaType::ResearcherStatus
        | VisaType::Custom(_) => {}
    }
    conditions.map_or(Ok(()), sound)
}

/// Conditions that could hold: of at least one group, each clause one that a reader understands.
///
/// # Errors
/// [`StatementError::Unreadable`]
pub fn sound(conditions: &Value) -> Result<(), StatementError> {
    let read = Conditions::read(conditions).map_err(|error| StatementError::Unreadable(why(error)))?;
    let hold = |group: &Vec<Clause>| !group.is_empty() && !group.contains(&Clause::Broken);
    if !read.is_empty() && read.groups().iter().all(hold) {
        Ok(())
    } else {
        Err(StatementError::Unreadable(
            "a clause of its conditions could never hold",
        ))
    }
}

const fn why(error: visa_verifier::visa::ObjectError) -> &'static str {
    use visa_verifier::visa::ObjectError;
    match error {
        ObjectError::BadUrl => "value or source is no URL claim",
        ObjectError::BadValue => "the value does not follow its type (an affiliation is `role@institution`)",
        ObjectError::BadConditions => "`conditions` is no list of lists",
        ObjectError::TooManyConditions => "more than 64 groups or clauses of conditions",
        ObjectError::UnsupportedType => "the type is neither a standard one nor a URL",
        ObjectError::Malformed | ObjectError::MissingBy | _ => "a member is missing or of the wrong kind",
    }
}

impl Governed for StatementRow {
    const KIND: RowKind = RowKind::Statement;

    /// Of what it says of whom: said again with another end, it is the same row.
    fn id(&self) -> String {
        let said = json!([self.person, self.kind, self.value, self.source]).to_string();
        let digest = digest(&SHA256, said.as_bytes());
        let short = digest.as_ref().get(..12).unwrap_or_default();
        format!("visa-{}", URL_SAFE_NO_PAD.encode(short))
    }

    fn person(&self) -> Option<String> {
        Some(self.person.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_reader_would_take_or_what_comes_into_being_otherwise_is_no_statement() {
        let base = json!({
            "person": "ada,https%3A%2F%2Fidp.example.org", "type": "AffiliationAndRole", "value": "faculty@uni.example.org",
            "source": "https://uni.example.org", "by": "so", "asserted": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z",
        });
        let with = |changes: &[(&str, Value)]| {
            let mut row = base.clone();
            for (member, value) in changes {
                row[*member] = value.clone();
            }
            serde_json::from_value::<StatementRow>(row).map_err(|error| error.to_string())
        };
        assert_eq!(with(&[]).unwrap().by, SaidBy::So);
        let held = json!([[{ "type": "ResearcherStatus", "value": "const:https://terms.example.org/1" }]]);
        assert!(with(&[("conditions", held)]).is_ok());
        let custom = [
            ("type", json!("https://visas.example.org/trained/v1")),
            ("value", json!("2026")),
        ];
        assert!(with(&custom).is_ok());
        type Case<'c> = (&'c str, &'c [(&'c str, Value)], &'c str);
        let refused: [Case<'_>; 9] = [
            (
                "a grant",
                &[
                    ("type", json!("ControlledAccessGrants")),
                    ("value", json!("https://data.example.org/a")),
                ],
                "visum grant issue",
            ),
            (
                "an affiliation of nowhere",
                &[("value", json!("faculty"))],
                "role@institution",
            ),
            ("a source that is no URL", &[("source", json!("the dean"))], "URL claim"),
            ("one's own word", &[("by", json!("self"))], "unknown variant"),
            ("a committee's word", &[("by", json!("dac"))], "unknown variant"),
            (
                "over before",
                &[("until", json!("2025-01-01T00:00:00Z"))],
                "after `asserted`",
            ),
            ("no type", &[("type", json!("Trained"))], "neither a standard one"),
            (
                "conditions that never hold",
                &[("conditions", json!([[{ "type": "ResearcherStatus" }]]))],
                "never hold",
            ),
            ("an unknown member", &[("scope", json!("openid"))], "unknown field"),
        ];
        for (name, changes, why) in refused {
            let error = with(changes).unwrap_err();
            assert!(error.contains(why), "{name}: {error}");
        }
    }
}
