//! The Visa Object (`ga4gh_visa_v1`): its members, read by the rules of its type.

use serde_json::{Map, Value};

use super::affiliation::Affiliation;
use super::condition::Conditions;
use super::dbgap;
use super::kind::{By, VisaType};
use super::links::Links;
use super::url_claim::is_url_claim;
use crate::seam::Timestamp;
use crate::token::{NumericDate, limits};
use crate::trust::Relaxation;

/// What a visa asserts. Only read shape: whether it is to be believed, its [`Visa`](crate::Visa) says.
#[derive(Clone, Debug)]
pub struct VisaObject {
    kind: VisaType,
    asserted: Timestamp,
    value: String,
    source: String,
    conditions: Option<Conditions>,
    by: Option<By>,
    /// Its links are form-encoded.
    form_links: bool,
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
        Self::read_relaxed(object, supported, &|_| false, &mut Vec::new())
    }

    /// The same, with the deviations that `accepts` allows; those that were needed are added to `used`.
    pub(crate) fn read_relaxed(
        object: &Value,
        supported: &[String],
        accepts: &dyn Fn(Relaxation) -> bool,
        used: &mut Vec<Relaxation>,
    ) -> Result<Self, ObjectError> {
        let mut relaxed = |relaxation| {
            let accepted = accepts(relaxation);
            used.extend(accepted.then_some(relaxation));
            accepted
        };
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
        let mut form_links = false;
        match &kind {
            VisaType::AffiliationAndRole => Affiliation::read(&value).map(|_| ()).ok_or(ObjectError::BadValue)?,
            VisaType::AcceptedTermsAndPolicies | VisaType::ControlledAccessGrants => {
                let bare = kind == VisaType::ControlledAccessGrants && is_bare(&value);
                if !(is_url_claim(&value) || bare && relaxed(Relaxation::BareValues)) {
                    return Err(ObjectError::BadUrl);
                }
                if by.is_none() && !relaxed(Relaxation::MissingBy) {
                    return Err(ObjectError::MissingBy);
                }
            }
            VisaType::ResearcherStatus => is_url_claim(&value).then_some(()).ok_or(ObjectError::BadUrl)?,
            VisaType::LinkedIdentities => {
                form_links = value.contains('+') && relaxed(Relaxation::FormEncodedLinks);
                links(&value, form_links).map(|_| ()).ok_or(ObjectError::BadValue)?;
            }
            VisaType::Custom(name) => {
                let known = is_url_claim(name) && supported.iter().any(|s| s.as_str() == &**name);
                if !(known || &**name == dbgap::TYPE && relaxed(Relaxation::RasDbgapPermissions)) {
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
            form_links,
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
            .then(|| links(&self.value, self.form_links))
            .flatten()
    }
}

/// The entries of LinkedIdentities; form-encoded ones write a blank as `+`.
fn links(value: &str, form: bool) -> Option<Links> {
    if form {
        Links::read(&value.replace('+', "%20"))
    } else {
        Links::read(value)
    }
}

/// Whether `value` can be the bare name of a dataset: as long as a URL claim at most, no blanks.
fn is_bare(value: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control();
    !value.is_empty() && value.chars().count() <= limits::URL_CHARACTERS && !value.chars().any(odd)
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
