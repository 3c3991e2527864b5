//! Which claims of a login provider are read for what, and what its groups mean here: a part of its governed row.

use serde::{Deserialize, Serialize};

/// Most names of claims for one thing.
const NAMES: usize = 16;
/// Longest name of a claim, in bytes.
const NAME_BYTES: usize = 128;
/// Longest text of a rule, in bytes.
const RULE_BYTES: usize = 255;

/// Claims that say who signed in where, for whom and how: they are read as OpenID Connect has them, never mapped.
const OF_THE_PROTOCOL: [&str; 13] = [
    "iss",
    "sub",
    "aud",
    "azp",
    "exp",
    "iat",
    "nbf",
    "nonce",
    "auth_time",
    "acr",
    "amr",
    "at_hash",
    "jti",
];

/// The names of the claims that are read for one thing, in this order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Vec<String>")]
pub struct ClaimNames(Vec<String>);

impl ClaimNames {
    fn of(names: &[&str]) -> Self {
        Self(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// Their names.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl TryFrom<Vec<String>> for ClaimNames {
    type Error = String;

    fn try_from(names: Vec<String>) -> Result<Self, String> {
        if names.len() > NAMES {
            return Err(format!("name at most {NAMES} claims for one thing"));
        }
        for name in &names {
            if name.is_empty() || name.len() > NAME_BYTES || name.chars().any(char::is_control) {
                return Err(format!("the name of a claim has 1 to {NAME_BYTES} bytes on one line"));
            }
            if OF_THE_PROTOCOL.contains(&name.as_str()) {
                return Err(format!("`{name}` is a claim of the protocol and says nothing else"));
            }
        }
        Ok(Self(names))
    }
}

/// Which claims are read for what. A list that is empty: nothing is read for it, whatever the provider says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClaimMap {
    /// `role@scope`; counts for the scopes of the institutions in `speaks_for` only.
    pub affiliation: ClaimNames,
    /// Values of the REFEDS Assurance Framework; count up to `assurance_cap`.
    pub assurance: ClaimNames,
    /// Group URNs (AARC-G069); count by the row's `groups` only.
    pub groups: ClaimNames,
    /// The name that pages show, the first that is there; `name` is OpenID Connect's own.
    pub name: ClaimNames,
    /// Visas.
    pub visas: ClaimNames,
}

impl Default for ClaimMap {
    fn default() -> Self {
        Self {
            affiliation: ClaimNames::of(&["eduperson_scoped_affiliation", "voperson_external_affiliation"]),
            assurance: ClaimNames::of(&["eduperson_assurance"]),
            groups: ClaimNames::of(&["eduperson_entitlement", "entitlements"]),
            name: ClaimNames::of(&["name"]),
            visas: ClaimNames::of(&["ga4gh_passport_v1"]),
        }
    }
}

impl ClaimMap {
    /// Whether it is what every provider is read by unless its row says otherwise.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// What membership of one group there means here.
///
/// An entitlement counts if it is a group URN of exactly this namespace, names this group, and has this role if one is
/// asked for. A provider whose row has no rule for a namespace can say nothing about it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Unchecked")]
pub struct GroupRule {
    /// `urn:NID:…`, as it stands before `:group:`.
    pub namespace: String,
    /// The group and its subgroups as they stand after `:group:`, such as `heart` or `heart:imaging`.
    pub group: String,
    /// Only for who has this role there; none: whatever the role, or without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Members of its subgroups count too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub subgroups: bool,
    /// The group's name here.
    pub becomes: String,
    /// Passports say so, by a visa of type `<issuer>/visas/group/v1`; else it is known at this broker only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub visa: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    namespace: String,
    group: String,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    subgroups: bool,
    becomes: String,
    #[serde(default)]
    visa: bool,
}

impl TryFrom<Unchecked> for GroupRule {
    type Error = String;

    fn try_from(rule: Unchecked) -> Result<Self, String> {
        use crate::upstream::group::{namespace, words};
        let words_of = |text: &str| (text.len() <= RULE_BYTES).then(|| words(text)).flatten();
        if rule.namespace.len() > RULE_BYTES || namespace(&rule.namespace).is_none() {
            return Err(format!(
                "`{}` is no namespace of groups: write `urn:NID:…`, without `:group:`",
                rule.namespace
            ));
        }
        if words_of(&rule.group).is_none_or(|words| words.iter().any(|word| word.starts_with("role="))) {
            return Err(format!(
                "`{}` is no group: write its name as it stands after `:group:`",
                rule.group
            ));
        }
        if rule
            .role
            .as_deref()
            .is_some_and(|role| words_of(role).is_none_or(|words| words.len() != 1))
        {
            return Err("the role is one word of a group URN".to_owned());
        }
        if rule.becomes.is_empty() || rule.becomes.len() > RULE_BYTES || rule.becomes.chars().any(char::is_control) {
            return Err(format!("`becomes` has 1 to {RULE_BYTES} bytes on one line"));
        }
        Ok(Self {
            namespace: rule.namespace,
            group: rule.group,
            role: rule.role,
            subgroups: rule.subgroups,
            becomes: rule.becomes,
            visa: rule.visa,
        })
    }
}

/// Most rules of one provider.
pub(super) const RULES: usize = 200;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_map_names_claims_of_the_provider_and_none_of_the_protocol() {
        let cases = [
            (
                "a claim of its own",
                json!({ "affiliation": ["home_affiliation"] }),
                true,
            ),
            ("nothing is read", json!({ "visas": [] }), true),
            ("the subject", json!({ "name": ["sub"] }), false),
            ("the strength of the login", json!({ "assurance": ["acr"] }), false),
            ("an empty name", json!({ "groups": [""] }), false),
            ("a thing that is not known", json!({ "email": ["mail"] }), false),
            ("too many", json!({ "groups": vec!["a"; 17] }), false),
        ];
        for (name, map, good) in cases {
            assert_eq!(serde_json::from_value::<ClaimMap>(map).is_ok(), good, "{name}");
        }
        assert!(serde_json::from_value::<ClaimMap>(json!({})).unwrap().is_usual());
    }

    #[test]
    fn a_rule_names_a_namespace_a_group_and_what_it_becomes() {
        let rule = |namespace: &str, group: &str, role: Option<&str>, becomes: &str| {
            let rule = json!({ "namespace": namespace, "group": group, "role": role, "becomes": becomes });
            serde_json::from_value::<GroupRule>(rule).is_ok()
        };
        assert!(rule(
            "urn:geant:uni.example.org",
            "heart:imaging",
            Some("manager"),
            "heart"
        ));
        assert!(!rule("geant:uni.example.org", "heart", None, "heart"), "no URN");
        assert!(
            !rule("urn:geant:uni.example.org:group:x", "heart", None, "heart"),
            "a group in it"
        );
        assert!(
            !rule("urn:geant:uni.example.org", "heart:role=manager", None, "heart"),
            "the role apart"
        );
        assert!(
            !rule("urn:geant:uni.example.org", "heart", Some("a:b"), "heart"),
            "two words"
        );
        assert!(
            !rule("urn:geant:uni.example.org", "heart#authority", None, "heart"),
            "an authority"
        );
        assert!(!rule("urn:geant:uni.example.org", "heart", None, ""), "becomes nothing");
    }
}
