//! Secrets in requests and logs (`apis.md` 9, E13): cut out by pattern before anything is kept or shown. What is sent to
//! a backend keeps them, since the work needs them; the log of the gate has the digest of the whole.

use serde_json::Value;

/// What stands in the place of a secret.
const CUT: &str = "[redacted]";

/// Ends of names whose values are secrets, in lower case without `-`, `_` and `.`.
const NAMES: [&str; 24] = [
    "secret",
    "secretkey",
    "secretaccesskey",
    "accesskeyid",
    "accesskey",
    "accountkey",
    "sharedaccesskey",
    "sessiontoken",
    "securitytoken",
    "token",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "apikey",
    "privatekey",
    "credential",
    "credentials",
    "signature",
    "authorization",
    "sig",
    "clientsecret",
    "connectionstring",
    "cookie",
];

/// How well-known tokens begin, and how long they are at least.
const TOKENS: [(&str, usize); 14] = [
    ("AKIA", 20),
    ("ASIA", 20),
    ("eyJ", 60),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghs_", 30),
    ("github_pat_", 40),
    ("glpat-", 20),
    ("xoxb-", 24),
    ("xoxp-", 24),
    ("hf_", 30),
    ("sk-", 40),
    ("AIza", 35),
    ("ya29.", 40),
];

/// Is this the name of a secret?
fn is_name(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    NAMES
        .iter()
        .any(|end| plain == *end || (end.len() > 3 && plain.ends_with(end)))
}

/// The text without secrets.
pub(crate) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // private keys, lines and all
    while let Some((before, after)) = rest.split_once("-----BEGIN ") {
        out.push_str(&words(before));
        let label = after.split("-----").next().unwrap_or_default();
        if !label.contains("PRIVATE KEY") {
            out.push_str("-----BEGIN ");
            rest = after;
            continue;
        }
        out.push_str(CUT);
        rest = after
            .split_once("-----END ")
            .and_then(|(_, end)| end.split_once("-----"))
            .map_or("", |(_, end)| end);
    }
    out.push_str(&words(rest));
    out
}

/// What ends a value.
fn ends(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(
            letter,
            '"' | '\'' | '&' | ';' | ',' | '`' | ')' | '}' | '\\' | '<' | '|'
        )
}

/// Is it part of a name or a token?
fn inner(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')
}

/// Cuts values behind names of secrets, known tokens, words behind `Bearer` and `Basic`, and user info of URLs.
fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = "";
    while !rest.is_empty() {
        let begin = rest.find(inner).unwrap_or(rest.len());
        let (between, tail) = rest.split_at_checked(begin).unwrap_or((rest, ""));
        let behind_name = is_name(before) && assigns(between);
        let behind_scheme = matches!(before.to_ascii_lowercase().as_str(), "bearer" | "basic")
            && !between.is_empty()
            && between.bytes().all(|byte| byte == b' ');
        out.push_str(between);
        let word_end = tail.find(|letter| !inner(letter)).unwrap_or(tail.len());
        let word = tail.get(..word_end).unwrap_or_default();
        let scheme = matches!(word.to_ascii_lowercase().as_str(), "bearer" | "basic");
        let end = if (behind_name && !scheme) || behind_scheme {
            tail.find(ends).unwrap_or(tail.len())
        } else if between.ends_with("://")
            && let Some(end) = user_info(tail)
        {
            end
        } else if TOKENS
            .iter()
            .any(|(front, least)| word.starts_with(front) && word.len() >= *least)
        {
            word_end
        } else {
            out.push_str(word);
            before = if behind_name && scheme { "bearer" } else { word };
            rest = tail.get(word_end..).unwrap_or_default();
            continue;
        };
        if end > 0 {
            out.push_str(CUT);
        }
        before = "";
        rest = tail.get(end..).unwrap_or_default();
    }
    out
}

/// Does what stands between a name and the next word give the name a value?
fn assigns(between: &str) -> bool {
    let signs = between.chars().filter(|letter| matches!(letter, '=' | ':')).count();
    let known = between
        .chars()
        .all(|letter| matches!(letter, '=' | ':' | ' ' | '"' | '\'' | '\\' | '>' | '\t'));
    (1..=2).contains(&signs) && known && between.len() <= 8
}

/// The length of user info at the front of an authority.
fn user_info(authority: &str) -> Option<usize> {
    let end = authority
        .find(|letter: char| matches!(letter, '/' | '?' | '#') || ends(letter))
        .unwrap_or(authority.len());
    authority.get(..end)?.rfind('@')
}

/// The value without secrets: members with names of secrets, words behind options of such names, and texts. Addresses
/// and paths stay as they are, since they are compared later, and secrets in them were refused.
pub(crate) fn value(value: Value) -> Value {
    match value {
        Value::String(string) => Value::String(text(&string)),
        Value::Array(items) => {
            let mut secret = false;
            let items = items.into_iter().map(|item| {
                let cut = std::mem::take(&mut secret);
                secret = item
                    .as_str()
                    .is_some_and(|word| word.starts_with('-') && !word.contains('=') && is_name(word));
                if cut && item.is_string() {
                    Value::from(CUT)
                } else {
                    self::value(item)
                }
            });
            Value::Array(items.collect())
        }
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, member)| {
                    let member = match member {
                        Value::String(string) if matches!(name.as_str(), "url" | "path" | "path_prefix") => {
                            Value::String(string)
                        }
                        Value::String(_) if is_name(&name) => Value::from(CUT),
                        member @ (Value::Null
                        | Value::Bool(_)
                        | Value::Number(_)
                        | Value::String(_)
                        | Value::Array(_)
                        | Value::Object(_)) => self::value(member),
                    };
                    (text(&name), member)
                })
                .collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn e13_secrets_are_cut_out_of_texts() {
        let token = format!("eyJhbGciOiJFUzI1NiJ9.{}.abc-DEF_123", "a".repeat(60));
        let cases = [
            (
                "export AWS_SECRET_ACCESS_KEY=abc/def+ghi\nrun",
                "export AWS_SECRET_ACCESS_KEY=[redacted]\nrun",
            ),
            ("--token 'x'", "--token 'x'"),
            ("password: \"hush hush\"", "password: \"[redacted] hush\""),
            ("key AKIAABCDEFGHIJKLMNOP.", "key [redacted]"),
            (
                &format!("curl -H 'Authorization: Bearer {token}' x"),
                "curl -H 'Authorization: Bearer [redacted]' x",
            ),
            (&format!("jwt {token} x"), "jwt [redacted] x"),
            (
                "https://h.example/x?a=1&X-Amz-Signature=abcdef&b=2",
                "https://h.example/x?a=1&X-Amz-Signature=[redacted]&b=2",
            ),
            (
                "https://h.example/c?sv=1&sig=ab%2Fc",
                "https://h.example/c?sv=1&sig=[redacted]",
            ),
            (
                "psql postgres://u:p@h.example/db",
                "psql postgres://[redacted]@h.example/db",
            ),
            (
                "a\n-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nb",
                "a\n[redacted]\nb",
            ),
            ("-----BEGIN CERTIFICATE-----\nx", "-----BEGIN CERTIFICATE-----\nx"),
            (
                "count tokens: none of the secrets of samtools",
                "count tokens: none of the secrets of samtools",
            ),
            ("design = 4, key: value", "design = 4, key: value"),
        ];
        for (given, expected) in cases {
            assert_eq!(text(given), expected);
        }
    }

    #[test]
    fn e13_secrets_are_cut_out_of_requests_but_not_out_of_addresses() {
        let request = json!({
            "inputs": [{"url": "s3://bucket/token=1/x", "content": "API_KEY=abc\n"}],
            "executors": [{"command": ["x", "--password", "hush", "y"], "env": {"MY_TOKEN": "abc", "THREADS": "4"}}],
        });
        assert_eq!(
            value(request),
            json!({
                "inputs": [{"url": "s3://bucket/token=1/x", "content": "API_KEY=[redacted]\n"}],
                "executors": [{"command": ["x", "--password", "[redacted]", "y"], "env": {"MY_TOKEN": "[redacted]", "THREADS": "4"}}],
            })
        );
    }

    proptest::proptest! {
        #[test]
        fn what_is_cut_once_stays_and_nothing_panics(given in "[a-zA-Z=:/@ \"'.\\n&-]{0,60}|\\PC{0,40}") {
            let once = text(&given);
            proptest::prop_assert_eq!(text(&once), once.clone());
        }
    }
}
