//! An institution's claims, read into an identity and facts. What it may not say of a person is left out
//! (`specs/trust.md` C.28, Part B `scopes[]`).

use std::time::Duration;

use openidconnect::core::CoreGenderClaim;
use openidconnect::{AdditionalClaims, IdTokenClaims, UserInfoClaims};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use visa_verifier::seam::{Secret, Timestamp};

use super::group::{Membership, memberships};
use super::{LoginProblem, Upstream};
use crate::store::claim_map::ClaimNames;

/// REFEDS: authenticated with more than one factor.
const REFEDS_MFA: &str = "https://refeds.org/profile/mfa";
/// Front of the values of the REFEDS Assurance Framework.
const RAF: &str = "https://refeds.org/assurance";
/// Longest `acr`, and each of the `amr`, in bytes.
const WORD_BYTES: usize = 255;
/// Most methods of one login.
const AMR: usize = 20;
/// Longest name, in characters.
const NAME_CHARS: usize = 120;
/// Most affiliations and visas that are read of one login.
const MOST: usize = 100;

/// Claims beyond OpenID Connect's own, kept as they came, so that an odd one does not stop the login. Which of them are
/// read for what, the provider's row says.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct UpstreamClaims(Map<String, Value>);

impl AdditionalClaims for UpstreamClaims {}

/// An affiliation that this institution may state.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Affiliation {
    /// `faculty`, `student` or `member` (GA4GH AffiliationAndRole).
    pub(crate) role: String,
    /// The part after the `@`.
    pub(crate) scope: String,
    /// The institution of the register whose scope it is: the visa's `source`.
    pub(crate) institution: String,
}

/// Who an institution says has signed in, as far as it is believed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct UpstreamIdentity {
    /// Its issuer.
    pub(crate) issuer: String,
    /// The person's `sub` there.
    pub(crate) subject: String,
    /// Whether the provider never gives an identifier twice (`/ID/unique`).
    pub(crate) unique: bool,
    /// How well the institution knows who this is, 0 to 3.
    pub(crate) assurance: u8,
    /// `acr` as stated.
    pub(crate) acr: Option<String>,
    /// `amr` as stated.
    pub(crate) amr: Vec<String>,
    /// When the person signed in there.
    pub(crate) auth_time: Timestamp,
    /// Whether the institution said when that was; else it is the moment of its answer.
    pub(crate) auth_time_stated: bool,
    /// Affiliations.
    pub(crate) affiliations: Vec<Affiliation>,
    /// Groups, as they are called here.
    #[serde(default)]
    pub(crate) groups: Vec<Membership>,
    /// Name, for the pages and the scope `profile`.
    pub(crate) name: Option<String>,
    /// E-mail address, for the scope `email`; only one that the institution verified.
    pub(crate) email: Option<String>,
    /// Visas that came with the login, unread.
    pub(crate) visas: Vec<String>,
    /// What asks UserInfo again, if visas came with the login. Never in a row of a login under way.
    #[serde(skip)]
    pub(crate) userinfo: Option<UserInfoAccess>,
}

/// What the sign-in opened: UserInfo, for a while.
#[derive(Clone, Debug)]
pub(crate) struct UserInfoAccess {
    /// The endpoint, from the provider's metadata.
    pub(crate) endpoint: String,
    /// The access token.
    pub(crate) token: Secret,
    /// How long it is good.
    pub(crate) life: Duration,
}

impl UpstreamIdentity {
    /// Reads the verified ID Token and, if there is one, the answer of UserInfo (which the library has compared by
    /// `sub`). UserInfo may add facts; who and how somebody signed in is taken from the signed token alone.
    pub(crate) fn of(
        upstream: &Upstream,
        token: &IdTokenClaims<UpstreamClaims, CoreGenderClaim>,
        userinfo: Option<&UserInfoClaims<UpstreamClaims, CoreGenderClaim>>,
        now: Timestamp,
    ) -> Result<Self, LoginProblem> {
        let subject = token.subject().as_str();
        if subject.is_empty() || subject.len() > 255 || !subject.is_ascii() {
            return Err(LoginProblem::NoIdentifier);
        }
        let acr = token
            .auth_context_ref()
            .map(|acr| acr.as_str().to_owned())
            .filter(|acr| acr.len() <= WORD_BYTES);
        let amr: Vec<String> = token
            .auth_method_refs()
            .into_iter()
            .flatten()
            .map(|amr| amr.as_str().to_owned())
            .filter(|amr| amr.len() <= WORD_BYTES)
            .take(AMR)
            .collect();
        let multi = upstream.mfa && (acr.as_deref() == Some(REFEDS_MFA) || amr.iter().any(|amr| amr == "mfa"));
        // A word on strength that is not believed of this provider does not travel on into our tokens.
        let acr = if multi {
            Some(REFEDS_MFA.to_owned())
        } else {
            acr.filter(|acr| acr != REFEDS_MFA)
        };
        let (signed, more) = (
            token.additional_claims(),
            userinfo.map(UserInfoClaims::additional_claims),
        );
        let words = |names: &ClaimNames| -> Vec<String> {
            let mut all: Vec<String> = Vec::new();
            for claims in [Some(signed), more].into_iter().flatten() {
                for text in names.iter().filter_map(|name| claims.0.get(name)).flat_map(texts) {
                    if all.len() < MOST && !all.contains(&text) {
                        all.push(text);
                    }
                }
            }
            all
        };
        let assurance = words(&upstream.claims.assurance);
        let mut affiliations = Vec::new();
        for text in words(&upstream.claims.affiliation) {
            if let Some(affiliation) = affiliation(&text, &upstream.affiliation_scopes)
                && !affiliations.contains(&affiliation)
            {
                affiliations.push(affiliation);
            }
        }
        let own_name = token.name().or_else(|| userinfo.and_then(|info| info.name()));
        let own_name = own_name
            .and_then(|name| name.get(None))
            .map(|name| name.as_str().to_owned());
        let mut names = upstream.claims.name.iter().filter_map(|claim| match claim {
            "name" => own_name.clone(),
            other => [Some(signed), more].into_iter().flatten().find_map(|claims| {
                let text = claims.0.get(other)?.as_str()?;
                Some(text.to_owned())
            }),
        });
        let name = names.find_map(|name| Some(plain(&name)).filter(|name| !name.is_empty()));
        let email = match (token.email(), userinfo) {
            (Some(email), _) if token.email_verified() == Some(true) => Some(email.as_str().to_owned()),
            (None, Some(info)) if info.email_verified() == Some(true) => {
                info.email().map(|email| email.as_str().to_owned())
            }
            _ => None,
        };
        Ok(Self {
            issuer: upstream.issuer.clone(),
            subject: subject.to_owned(),
            unique: upstream.unique
                || assurance
                    .iter()
                    .any(|value| value.strip_prefix(RAF) == Some("/ID/unique")),
            assurance: proofing(&assurance).min(upstream.max_assurance),
            acr,
            amr: amr.into_iter().filter(|method| multi || method != "mfa").collect(),
            auth_time_stated: token.auth_time().is_some(),
            auth_time: token
                .auth_time()
                .map_or(now, |at| Timestamp::from_unix(at.timestamp()).min(now)),
            affiliations,
            groups: memberships(&words(&upstream.claims.groups), &upstream.groups),
            name,
            email: email.filter(|email| email.len() <= 254),
            visas: words(&upstream.claims.visas),
            userinfo: None,
        })
    }
}

/// A name as pages show it: one line, without characters that turn what stands around it.
fn plain(name: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept: String = name
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .filter(|c| !turns(*c))
        .take(NAME_CHARS)
        .collect();
    kept.trim().to_owned()
}

/// A text or a list of texts; anything else is nothing.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(many) => many
            .iter()
            .filter_map(Value::as_str)
            .take(MOST)
            .map(str::to_owned)
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

/// `role@scope`, if the scope is one that this institution may speak for. eduPerson's `staff` and `employee` are
/// members; `alum`, `affiliate` and `library-walk-in` are no affiliation that a visa could carry.
fn affiliation(text: &str, scopes: &[(String, String)]) -> Option<Affiliation> {
    let (role, scope) = text.split_once('@')?;
    let role = match role {
        "faculty" => "faculty",
        "student" => "student",
        "member" | "staff" | "employee" => "member",
        _ => return None,
    };
    let (_, institution) = scopes.iter().find(|(allowed, _)| allowed == scope)?;
    Some(Affiliation {
        role: role.to_owned(),
        scope: scope.to_owned(),
        institution: institution.clone(),
    })
}

/// Identity proofing by the REFEDS Assurance Framework: low 1, medium 2, high 3.
fn proofing(values: &[String]) -> u8 {
    values
        .iter()
        .filter_map(|value| value.strip_prefix(RAF))
        .map(|rest| match rest {
            "/IAP/low" => 1,
            "/IAP/medium" => 2,
            "/IAP/high" => 3,
            _ => 0,
        })
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_affiliation_counts_only_for_a_scope_of_its_institution() {
        let scopes = [("uni.example.org".to_owned(), "https://uni.example.org".to_owned())];
        let cases = [
            ("faculty@uni.example.org", Some("faculty")),
            ("staff@uni.example.org", Some("member")),
            ("faculty@other.example.org", None),
            ("faculty@sub.uni.example.org", None),
            ("faculty@UNI.example.org", None),
            ("faculty@evil.net@uni.example.org", None),
            ("alum@uni.example.org", None),
            ("faculty", None),
        ];
        for (text, role) in cases {
            assert_eq!(
                affiliation(text, &scopes)
                    .map(|affiliation| affiliation.role)
                    .as_deref(),
                role,
                "{text}"
            );
        }
    }

    #[test]
    fn proofing_takes_the_highest_word_and_no_look_alike() {
        let cases: [(&[&str], u8); 5] = [
            (
                &[
                    "https://refeds.org/assurance/IAP/low",
                    "https://refeds.org/assurance/IAP/medium",
                ],
                2,
            ),
            (&["https://refeds.org/assurance/IAP/high"], 3),
            (&["https://refeds.org/assurance/IAP/local-enterprise"], 0),
            (&["https://refeds.example/assurance/IAP/high"], 0),
            (&[], 0),
        ];
        for (values, level) in cases {
            assert_eq!(
                proofing(&values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>()),
                level,
                "{values:?}"
            );
        }
    }

    #[test]
    fn odd_claims_are_nothing_and_do_not_stop_a_login() {
        let claims: UpstreamClaims =
            serde_json::from_str(r#"{"eduperson_assurance":7,"ga4gh_passport_v1":["a",1]}"#).unwrap();
        assert!(texts(&claims.0["eduperson_assurance"]).is_empty());
        assert_eq!(texts(&claims.0["ga4gh_passport_v1"]), ["a"]);
    }
}
