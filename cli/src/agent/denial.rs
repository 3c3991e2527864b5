//! What an answer says of a denial: its code, its words, what would help, and whether a stronger sign-in would (RFC 9470).

use http::{HeaderMap, header};
use serde_json::Value;

use super::notices::plain;

/// The second factor that this node's policies ask for (REFEDS MFA).
const SECOND_FACTOR: &str = "https://refeds.org/profile/mfa";
/// The code of a denial that a stronger sign-in turns.
const STEP_UP: &str = "policy.step_up";

/// A sign-in that is asked for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct StepUp {
    /// How strong.
    pub(crate) acr_values: Option<String>,
    /// How fresh, in seconds.
    pub(crate) max_age: Option<u64>,
}

/// The challenge of a `WWW-Authenticate` header, if it asks for another sign-in (RFC 9470 §3).
pub(crate) fn challenged(headers: &HeaderMap) -> Option<StepUp> {
    headers
        .get_all(header::WWW_AUTHENTICATE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(|text| {
            (parameter(text, "error").as_deref() == Some("insufficient_user_authentication")).then(|| StepUp {
                acr_values: parameter(text, "acr_values"),
                max_age: parameter(text, "max_age").and_then(|text| text.parse().ok()),
            })
        })
}

/// A parameter of a challenge, quoted or not.
fn parameter(challenge: &str, name: &str) -> Option<String> {
    let mut rest = challenge;
    loop {
        let at = rest.find(name)?;
        let (before, from) = rest.split_at(at);
        let after = from.get(name.len()..)?;
        let begins = before.chars().last().is_none_or(|c| c == ' ' || c == ',');
        if let Some(value) = after.trim_start().strip_prefix('=').filter(|_| begins) {
            let value = value.trim_start();
            return match value.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').map(|(text, _)| text.to_owned()),
                None => Some(value.split([',', ' ']).next().unwrap_or_default().to_owned()),
            };
        }
        rest = after;
    }
}

/// What a denial says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Denial {
    /// Its code.
    pub(crate) code: String,
    words: String,
    remedies: Vec<String>,
    decision: Option<String>,
}

impl Denial {
    /// Of an error's body, in whatever shape its API has.
    pub(crate) fn of(body: &Value) -> Option<Self> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(plain);
        let code = text("code").or_else(|| text("error_code")).or_else(|| text("error"))?;
        let words = text("message")
            .or_else(|| text("msg"))
            .or_else(|| text("error_description"));
        let mut remedies: Vec<String> = Vec::new();
        for reason in body.get("reasons").and_then(Value::as_array).into_iter().flatten() {
            let remedy = reason
                .get("remedy")
                .and_then(Value::as_str)
                .map(plain)
                .unwrap_or_default();
            if !remedy.is_empty() && !remedies.contains(&remedy) && remedies.len() < 5 {
                remedies.push(remedy);
            }
        }
        Some(Self {
            code,
            words: words.unwrap_or_default(),
            remedies,
            decision: text("decision_id"),
        })
    }

    /// The sign-in that would turn it.
    pub(crate) fn step_up(&self) -> Option<StepUp> {
        (self.code == STEP_UP).then(|| StepUp {
            acr_values: Some(SECOND_FACTOR.to_owned()),
            max_age: None,
        })
    }

    /// What makes it the same as another one: each has a decision of its own.
    pub(crate) fn key(&self, what: &str) -> String {
        format!("{what} {} {}", self.code, self.words)
    }

    /// For the terminal: what was denied, why, and what would help.
    pub(crate) fn told(&self, what: &str) -> String {
        let mut said = format!("denied: {what}: {} ({})", self.words, self.code);
        for remedy in &self.remedies {
            said.push_str("\n  ");
            said.push_str(remedy);
        }
        if let Some(decision) = &self.decision {
            said.push_str("\n  more: visum explain ");
            said.push_str(decision);
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_challenge_is_read_in_every_spelling_and_another_401_is_none() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::WWW_AUTHENTICATE, text.parse().unwrap());
            challenged(&headers)
        };
        let asked = StepUp {
            acr_values: Some("a b".to_owned()),
            max_age: Some(900),
        };
        for text in [
            r#"Bearer error="insufficient_user_authentication", acr_values="a b", max_age="900""#,
            r#"Bearer realm="visum",error="insufficient_user_authentication",max_age=900,acr_values="a b""#,
        ] {
            assert_eq!(read(text), Some(asked.clone()), "{text}");
        }
        assert_eq!(read(r#"Bearer error="invalid_token""#), None);
        assert_eq!(
            read(r#"Bearer error_description="insufficient_user_authentication""#),
            None
        );
    }

    #[test]
    fn a_denial_is_told_with_its_code_and_what_helps() {
        let body = json!({ "code": "consent.approval_missing", "message": "no grant\u{7} for c", "decision_id": "D1",
            "reasons": [{ "remedy": "Apply at the committee." }, { "remedy": "Apply at the committee." }] });
        let said = Denial::of(&body).unwrap().told("POST /tasks");
        assert_eq!(
            said,
            "denied: POST /tasks: no grant  for c (consent.approval_missing)\n  Apply at the committee.\n  more: visum explain D1"
        );
        assert_eq!(Denial::of(&json!({ "id": "t1" })), None);
        assert!(
            Denial::of(&json!({ "error_code": "policy.step_up" }))
                .unwrap()
                .step_up()
                .is_some()
        );
        assert!(Denial::of(&body).unwrap().step_up().is_none());
    }
}
