//! Group URNs (AARC-G069): `NAMESPACE:group:GROUP[:SUBGROUP…][:role=ROLE][#AUTHORITY]`, read strictly, and what they
//! mean here by the rules of the provider's row.
//!
//! The authority is an f-component (RFC 8141 §2.3.3) and no part of the name: who may say what is the row's to decide.

use serde::{Deserialize, Serialize};

use crate::store::claim_map::GroupRule;

/// Longest URN, in bytes.
const URN_BYTES: usize = 1_024;
/// Most words of a URN.
const WORDS: usize = 32;

/// What an institution says of a group, as this node calls it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Membership {
    /// The group's name here.
    pub(crate) group: String,
    /// Passports say so.
    pub(crate) visa: bool,
}

/// A group URN, read.
#[derive(Clone, Debug, Eq, PartialEq)]
struct GroupUrn {
    /// In one spelling: `urn` and the namespace identifier in lower case.
    namespace: String,
    /// The group, then its subgroups.
    path: Vec<String>,
    role: Option<String>,
}

/// A URN's namespace in one spelling, if it is one that groups can stand in.
pub(crate) fn namespace(text: &str) -> Option<String> {
    let words = words(text)?;
    let [urn, nid, rest @ ..] = words.as_slice() else {
        return None;
    };
    let nid = nid.to_ascii_lowercase();
    let letters = nid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let ends = nid.starts_with('-') || nid.ends_with('-');
    let fits = urn.eq_ignore_ascii_case("urn") && (2..=32).contains(&nid.len()) && letters && !ends;
    let clear = !rest.is_empty() && !rest.iter().any(|word| word == "group" || word.starts_with("role="));
    (fits && clear).then(|| format!("urn:{nid}:{}", rest.join(":")))
}

/// The words between the colons: each of characters that stand for themselves or percent-encoded (RFC 3986 `pchar`
/// without `:`), in one spelling; `None` if one is anything else.
pub(crate) fn words(text: &str) -> Option<Vec<String>> {
    let words: Vec<String> = text.split(':').take(WORDS + 1).map(word).collect::<Option<_>>()?;
    (words.len() <= WORDS).then_some(words)
}

fn word(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = String::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next()?, bytes.next()?];
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
            out.push('%');
            out.extend(digits.iter().map(|digit| char::from(digit.to_ascii_uppercase())));
        } else if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            return None;
        }
    }
    (!out.is_empty()).then_some(out)
}

fn read(text: &str) -> Option<GroupUrn> {
    if text.len() > URN_BYTES {
        return None;
    }
    let (name, authority) = match text.split_once('#') {
        Some((name, authority)) => (name, Some(authority)),
        None => (text, None),
    };
    // an authority that is there is a word or more of its own
    if authority.is_some_and(|authority| words(authority).is_none()) {
        return None;
    }
    let all = words(name)?;
    let at = all.iter().position(|word| word == "group")?;
    let namespace = namespace(&all.get(..at)?.join(":"))?;
    let mut path = all.get(at + 1..)?.to_vec();
    let role = match path.last().and_then(|last| last.strip_prefix("role=")) {
        Some("") => return None,
        Some(role) => Some(role.to_owned()),
        None => None,
    };
    if role.is_some() {
        path.pop();
    }
    if path.is_empty() || path.iter().any(|word| word.starts_with("role=")) {
        return None;
    }
    Some(GroupUrn { namespace, path, role })
}

/// What these entitlements mean here. What is no group URN, or of a namespace or group without a rule, means nothing.
pub(super) fn memberships(entitlements: &[String], rules: &[GroupRule]) -> Vec<Membership> {
    let mut found: Vec<Membership> = Vec::new();
    if rules.is_empty() {
        return found;
    }
    for urn in entitlements.iter().filter_map(|text| read(text)) {
        for rule in rules.iter().filter(|rule| counts(rule, &urn)) {
            match found.iter_mut().find(|one| one.group == rule.becomes) {
                Some(one) => one.visa |= rule.visa,
                None => found.push(Membership {
                    group: rule.becomes.clone(),
                    visa: rule.visa,
                }),
            }
        }
    }
    found
}

fn counts(rule: &GroupRule, urn: &GroupUrn) -> bool {
    let Some(path) = words(&rule.group) else { return false };
    let inside = urn.path.starts_with(&path) && (rule.subgroups || urn.path.len() == path.len());
    let role = rule.role.as_deref().and_then(word);
    namespace(&rule.namespace).is_some_and(|namespace| namespace == urn.namespace)
        && inside
        && (rule.role.is_none() || role == urn.role)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(group: &str, role: Option<&str>, subgroups: bool) -> GroupRule {
        let rule = serde_json::json!({ "namespace": "urn:geant:uni.example.org", "group": group, "role": role,
            "subgroups": subgroups, "becomes": "heart" });
        serde_json::from_value(rule).unwrap()
    }

    #[test]
    fn a_group_counts_by_its_namespace_its_name_and_its_role() {
        let any = rule("heart", None, false);
        let below = rule("heart", None, true);
        let manager = rule("heart", Some("manager"), false);
        let cases: [(&str, &str, &GroupRule, bool); 22] = [
            (
                "the group",
                "urn:geant:uni.example.org:group:heart#aai.example.org",
                &any,
                true,
            ),
            (
                "no authority is needed",
                "urn:geant:uni.example.org:group:heart",
                &any,
                true,
            ),
            (
                "`urn` and its identifier in any case",
                "URN:Geant:uni.example.org:group:heart",
                &any,
                true,
            ),
            (
                "the rest in its own case",
                "urn:geant:uni.example.org:group:Heart",
                &any,
                false,
            ),
            (
                "with a role",
                "urn:geant:uni.example.org:group:heart:role=member#a",
                &any,
                true,
            ),
            (
                "a subgroup is not the group",
                "urn:geant:uni.example.org:group:heart:imaging",
                &any,
                false,
            ),
            (
                "a subgroup where it counts",
                "urn:geant:uni.example.org:group:heart:imaging:role=x",
                &below,
                true,
            ),
            (
                "a name that begins alike",
                "urn:geant:uni.example.org:group:heartless",
                &below,
                false,
            ),
            (
                "the role asked for",
                "urn:geant:uni.example.org:group:heart:role=manager",
                &manager,
                true,
            ),
            (
                "another role",
                "urn:geant:uni.example.org:group:heart:role=member",
                &manager,
                false,
            ),
            ("no role", "urn:geant:uni.example.org:group:heart", &manager, false),
            (
                "another namespace",
                "urn:geant:other.example.org:group:heart",
                &any,
                false,
            ),
            (
                "a namespace below",
                "urn:geant:uni.example.org:sub:group:heart",
                &any,
                false,
            ),
            ("a namespace above", "urn:geant:group:heart", &any, false),
            (
                "our namespace further in",
                "urn:x:y:urn:geant:uni.example.org:group:heart",
                &any,
                false,
            ),
            (
                "an empty authority",
                "urn:geant:uni.example.org:group:heart#",
                &any,
                false,
            ),
            (
                "an empty role",
                "urn:geant:uni.example.org:group:heart:role=",
                &any,
                false,
            ),
            (
                "two roles",
                "urn:geant:uni.example.org:group:heart:role=a:role=b",
                &any,
                false,
            ),
            ("no group", "urn:geant:uni.example.org:group:role=manager", &any, false),
            ("an empty word", "urn:geant:uni.example.org:group:heart:", &below, false),
            ("a query", "urn:geant:uni.example.org:group:heart?=x", &any, false),
            ("a space", "urn:geant:uni.example.org:group:heart ", &any, false),
        ];
        for (name, text, rule, is) in cases {
            let found = memberships(&[text.to_owned()], std::slice::from_ref(rule));
            assert_eq!(!found.is_empty(), is, "{name}: {text}");
        }
    }

    #[test]
    fn percent_encoding_has_one_spelling_and_hides_nothing() {
        let rule = rule("h%c3%a4rt", None, false);
        let is = |text: &str| !memberships(&[text.to_owned()], std::slice::from_ref(&rule)).is_empty();
        assert!(is("urn:geant:uni.example.org:group:h%C3%A4rt"));
        assert!(!is("urn:geant:uni.example.org:group:härt"), "not encoded");
        assert!(!is("urn:geant:uni.example.org:group:h%C3%A4r%7"), "cut short");
        assert!(read("urn:geant:uni.example.org:group:a%3Arole=manager").is_some_and(|urn| urn.role.is_none()));
    }

    #[test]
    fn what_is_too_long_or_too_deep_means_nothing() {
        let rule = rule("heart", None, true);
        let deep = format!("urn:geant:uni.example.org:group:heart{}", ":a".repeat(40));
        let long = format!("urn:geant:uni.example.org:group:heart:{}", "a".repeat(URN_BYTES));
        assert!(memberships(&[deep, long], &[rule]).is_empty());
    }
}
