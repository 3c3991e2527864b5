//! The Visa Object (`ga4gh_visa_v1`): its members, read by the rules of its type.

use serde_json::{Map, Value};

use super::affiliation::Affiliation;
use super::condition::Conditions;
use super::kind::{By, VisaType};
use super::links::Links;
use super::url_claim::is_url_claim;
use crate::seam::Timestamp;
use crate::token::NumericDate;

/// What a visa asserts. Only read shape: whether it is to be believed, its [`Visa`](crate::Visa) says.
#[derive(Clone, Debug)]
pub struct VisaObject {
    kind: VisaType,
    asserted: Timestamp,
    value: String,
    source: String,
    conditions: Option<Conditions>,
    by: Option<By>,
}

/// Why an object is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ObjectError {
    /// A member is missing or of the wrong JSON type.
    Malformed,
    /// `by` is missing where its type demands it.
    MissingBy,
    /// A URL claim that is none.
    BadUrl,
    /// A value that does not follow its type.
    BadValue,
    /// `conditions` is no list of lists.
    BadConditions,
    /// More groups or clauses than we judge.
    TooManyConditions,
    /// A type that is neither standard nor supported here.
    UnsupportedType,
}

impl VisaObject {
    /// Reads `object`. Custom types must be listed in `supported`; their values stay free text. Unknown members
    /// are ignored (OBJ-16).
    pub fn read(object: &Value, supported: &[String]) -> Result<Self, ObjectError> {
        let Value::Object(members) = object else {
            return Err(ObjectError::Malformed);
        };
        let kind = VisaType::named(text(members, "type")?.ok_or(ObjectError::Malformed)?);
        let asserted = NumericDate::read(members.get("asserted").ok_or(ObjectError::Malformed)?, "asserted")
            .map_err(|_| ObjectError::Malformed)?
            .floor();
        let value = text(members, "value")?.ok_or(ObjectError::Malformed)?.to_owned();
        let source = text(members, "source")?.ok_or(ObjectError::Malformed)?.to_owned();
        let by = text(members, "by")?.map(By::named);
        if !is_url_claim(&source) {
            return Err(ObjectError::BadUrl);
        }
        let url_value = |needs_by: bool| match (is_url_claim(&value), needs_by && by.is_none()) {
            (false, _) => Err(ObjectError::BadUrl),
            (true, true) => Err(ObjectError::MissingBy),
            (true, false) => Ok(()),
        };
        match &kind {
            VisaType::AffiliationAndRole => Affiliation::read(&value).map(|_| ()).ok_or(ObjectError::BadValue)?,
            VisaType::AcceptedTermsAndPolicies | VisaType::ControlledAccessGrants => url_value(true)?,
            VisaType::ResearcherStatus => url_value(false)?,
            VisaType::LinkedIdentities => Links::read(&value).map(|_| ()).ok_or(ObjectError::BadValue)?,
            VisaType::Custom(name) => {
                if !is_url_claim(name) || !supported.iter().any(|s| s.as_str() == &**name) {
                    return Err(ObjectError::UnsupportedType);
                }
            }
        }
        let conditions = members.get("conditions").map(Conditions::read).transpose()?;
        Ok(Self {
            kind,
            asserted,
            value,
            source,
            conditions,
            by,
        })
    }

    /// The type.
    #[must_use]
    pub const fn kind(&self) -> &VisaType {
        &self.kind
    }

    /// When the source asserted it.
    #[must_use]
    pub const fn asserted(&self) -> Timestamp {
        self.asserted
    }

    /// The value, an opaque string.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The organisation that asserts it, a URL claim.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What must hold beside it; `None` if the member is absent.
    #[must_use]
    pub const fn conditions(&self) -> Option<&Conditions> {
        self.conditions.as_ref()
    }

    /// Who asserted it; `None` satisfies no policy that asks for a word (OBJ-14).
    #[must_use]
    pub const fn by(&self) -> Option<&By> {
        self.by.as_ref()
    }

    /// Role and institution part, if this is an AffiliationAndRole.
    #[must_use]
    pub fn affiliation(&self) -> Option<Affiliation<'_>> {
        (self.kind == VisaType::AffiliationAndRole)
            .then(|| Affiliation::read(&self.value))
            .flatten()
    }

    /// The identities named, if this is a LinkedIdentities.
    #[must_use]
    pub fn links(&self) -> Option<Links> {
        (self.kind == VisaType::LinkedIdentities)
            .then(|| Links::read(&self.value))
            .flatten()
    }
}

fn text<'m>(members: &'m Map<String, Value>, name: &str) -> Result<Option<&'m str>, ObjectError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ObjectError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_type_has_its_rules() {
        let with = |change: Value| {
            let mut object = json!({"type": "ControlledAccessGrants", "asserted": 1, "value": "https://d.example/1",
                "source": "https://dac.example", "by": "dac"});
            for (name, value) in change.as_object().unwrap() {
                object.as_object_mut().unwrap().insert(name.clone(), value.clone());
            }
            object.as_object_mut().unwrap().retain(|_, v| *v != json!("-"));
            VisaObject::read(&object, &["https://t.example/x".to_owned(), "plain".to_owned()]).err()
        };
        use ObjectError::{BadConditions, BadUrl, BadValue, Malformed, MissingBy, UnsupportedType};
        for (name, change, error) in [
            ("as it should be", json!({}), None),
            ("unknown members are ignored", json!({"x": 1}), None),
            ("an unknown by stays", json!({"by": "nobody"}), None),
            ("grant without by", json!({"by": "-"}), Some(MissingBy)),
            (
                "terms without by",
                json!({"type": "AcceptedTermsAndPolicies", "by": "-"}),
                Some(MissingBy),
            ),
            (
                "status without by",
                json!({"type": "ResearcherStatus", "by": "-"}),
                None,
            ),
            ("by is a list", json!({"by": ["dac"]}), Some(Malformed)),
            ("value is missing", json!({"value": "-"}), Some(Malformed)),
            ("value is a list", json!({"value": ["a"]}), Some(Malformed)),
            ("asserted is text", json!({"asserted": "1"}), Some(Malformed)),
            (
                "asserted is in milliseconds",
                json!({"asserted": 1_700_000_000_000_i64}),
                Some(Malformed),
            ),
            ("value without scheme", json!({"value": "d.example/1"}), Some(BadUrl)),
            ("source without scheme", json!({"source": "dac.example"}), Some(BadUrl)),
            ("conditions are null", json!({"conditions": null}), Some(BadConditions)),
            (
                "affiliation without role",
                json!({"type": "AffiliationAndRole"}),
                Some(BadValue),
            ),
            ("links", json!({"type": "LinkedIdentities", "value": "u,urn%3Ax"}), None),
            (
                "links with a blank",
                json!({"type": "LinkedIdentities", "value": "u, urn%3Ax"}),
                Some(BadValue),
            ),
            (
                "a supported custom type",
                json!({"type": "https://t.example/x", "value": "free text"}),
                None,
            ),
            (
                "an unsupported custom type",
                json!({"type": "https://t.example/y"}),
                Some(UnsupportedType),
            ),
            (
                "a custom type that is no URL",
                json!({"type": "plain"}),
                Some(UnsupportedType),
            ),
        ] {
            assert_eq!(with(change), error, "{name}");
        }
        assert_eq!(VisaObject::read(&json!("x"), &[]).err(), Some(Malformed));
    }
}
