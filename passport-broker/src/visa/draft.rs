//! A visa before it is signed: what it says, of whom, until when (GA4GH Passport 1.2, visa envelope and object).

use std::time::Duration;

use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

use crate::limits;

/// What a visa will say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct VisaDraft {
    /// Its type: a standard name or a URL.
    pub(crate) kind: String,
    /// Its value.
    pub(crate) value: String,
    /// The organisation that says so.
    pub(crate) source: String,
    /// Who there: `self`, `peer`, `system`, `so` or `dac`.
    pub(crate) by: String,
    /// When it was said.
    pub(crate) asserted: Timestamp,
    /// When it stops being true.
    pub(crate) ends: Timestamp,
    /// The grant, or the statement, that it carries: what ends its visas with it.
    pub(crate) grant: Option<String>,
    /// Its conditions, as they are written.
    pub(crate) conditions: Option<Value>,
    /// A claim of ours beside the visa object.
    pub(crate) claim: Option<(&'static str, Value)>,
}

impl VisaDraft {
    /// When the signed visa expires: after `life` (an hour at most), or when what it says ends. Revocation is by not
    /// issuing it again.
    pub(crate) fn expires(&self, life: Duration, now: Timestamp) -> Timestamp {
        self.ends.min(now.plus(life.min(limits::VISA)))
    }

    /// The claims of the visa document token. Nothing in them that access does not need (VIS-23).
    pub(crate) fn claims(&self, issuer: &str, subject: &str, jti: &str, life: Duration, now: Timestamp) -> Value {
        let mut claims = json!({
            "iss": issuer,
            "sub": subject,
            "iat": now.unix(),
            "exp": self.expires(life, now).unix(),
            "jti": jti,
            "ga4gh_visa_v1": {
                "type": self.kind,
                "asserted": self.asserted.unix(),
                "value": self.value,
                "source": self.source,
                "by": self.by,
            },
        });
        let object = claims.get_mut("ga4gh_visa_v1").and_then(Value::as_object_mut);
        if let (Some(conditions), Some(object)) = (&self.conditions, object) {
            object.insert("conditions".to_owned(), conditions.clone());
        }
        if let (Some((name, value)), Some(members)) = (&self.claim, claims.as_object_mut()) {
            members.insert((*name).to_owned(), value.clone());
        }
        claims
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(ends: i64) -> VisaDraft {
        VisaDraft {
            kind: "ControlledAccessGrants".into(),
            value: "https://data.example.org/a".into(),
            source: "https://dac.example.org".into(),
            by: "dac".into(),
            asserted: Timestamp::from_unix(50),
            ends: Timestamp::from_unix(ends),
            grant: None,
            conditions: None,
            claim: Some(("visum_purpose", json!({"project": "P1"}))),
        }
    }

    #[test]
    fn a_visa_ends_with_what_it_says_and_after_an_hour_at_the_latest() {
        let now = Timestamp::from_unix(1_000);
        for (ends, expires) in [(1_100, 1_100), (100_000, 4_600)] {
            assert_eq!(draft(ends).expires(limits::VISA, now).unix(), expires);
        }
    }

    #[test]
    fn a_visa_holds_the_claims_of_the_profile_and_no_scope() {
        let claims = draft(100_000).claims(
            "https://b.example.org",
            "s",
            "j",
            limits::VISA,
            Timestamp::from_unix(1_000),
        );
        let names: std::collections::BTreeSet<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["exp", "ga4gh_visa_v1", "iat", "iss", "jti", "sub", "visum_purpose"].into()
        );
        let members: std::collections::BTreeSet<&str> = claims["ga4gh_visa_v1"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            members,
            ["asserted", "by", "source", "type", "value"].into(),
            "names of GA4GH only"
        );
        assert_eq!(claims["ga4gh_visa_v1"]["asserted"], 50);
    }
}
