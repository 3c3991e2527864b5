//! Where in a trust file's text an entry says what is wrong: the readers' own places are gone once entries are compared.

use super::policy::TrustError;

/// The line, from 1. Files are written by people: what stands on the line of the issuer's name is near enough if the
/// very member is not found.
pub(super) fn line_of(text: &str, error: &TrustError) -> usize {
    let at = match error {
        TrustError::Twice { iss, .. } => entries(text, iss.as_str()).last(),
        TrustError::UnlistedJku { iss, jku } => member(text, iss.as_str(), &quoted(jku)),
        TrustError::NoKeys { iss } | TrustError::Tests { iss } => entries(text, iss.as_str()).next(),
        TrustError::Never { iss } => member(text, iss.as_str(), "until"),
        TrustError::OtherRole { iss, relaxation } => member(text, iss.as_str(), &quoted(relaxation.as_str())),
        TrustError::KeyFile { iss, .. } => member(text, iss.as_str(), "jwks_file"),
        TrustError::Skew(_) => text.find("clock_skew"),
        TrustError::Grace { iss, seconds } => {
            let first = member(text, iss.as_str(), "stale_grace");
            // several entries may name the issuer; the number tells which
            let of = |at: &usize| {
                text.get(*at..)
                    .is_some_and(|rest| line(rest).contains(&seconds.to_string()))
            };
            first.filter(of).or_else(|| text.find(&seconds.to_string()))
        }
    };
    let before = text.get(..at.unwrap_or(0)).unwrap_or_default();
    before.matches('\n').count() + 1
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Where `iss` names this issuer.
fn entries<'t>(text: &'t str, iss: &str) -> impl Iterator<Item = usize> + use<'t> {
    let named = quoted(iss);
    let all: Vec<usize> = text.match_indices(&named).map(|(at, _)| at).collect();
    all.into_iter().filter(move |at| {
        let before = text.get(..*at).unwrap_or_default().trim_end();
        let key = before.strip_suffix([':', '=']).unwrap_or_default().trim_end();
        let key = key.strip_suffix('"').unwrap_or(key);
        key.ends_with("iss") && !key.ends_with("_iss")
    })
}

/// The first place after the issuer's name where `what` stands.
fn member(text: &str, iss: &str, what: &str) -> Option<usize> {
    let found = entries(text, iss).find_map(|at| Some(at + text.get(at..)?.find(what)?));
    found.or_else(|| entries(text, iss).next())
}

#[cfg(test)]
mod tests {
    use crate::trust::{TrustFormat, TrustPolicy};

    #[test]
    fn what_entries_say_against_each_other_is_found_at_its_line() {
        let head = "clock_skew = 60\n\n[[trusted_brokers]]\niss = \"https://b.example\"\n";
        let visas = "\n[[trusted_visa_issuers]]\niss = \"https://v.example\"\ntypes = [\"*\"]\nsources = [\"*\"]\n";
        for (name, text, line) in [
            ("skew", "audience = \"x\"\nclock_skew = 301\n".to_owned(), 2),
            ("grace", format!("{head}{visas}stale_grace = 86401\n"), 10),
            ("a second entry", format!("{head}{visas}{visas}"), 12),
            (
                "ends before it begins",
                format!("{head}from = \"2030-01-01T00:00:00Z\"\nuntil = \"2029-01-01T00:00:00Z\"\n"),
                6,
            ),
            (
                "a broker's relaxation of a visa issuer",
                format!("{head}{visas}accept = [\n  \"missing_by\",\n  \"passport_typ_jwt\",\n]\n"),
                12,
            ),
            (
                "no keys to discover",
                "[[trusted_brokers]]\niss = \"urn:x\"\n".to_owned(),
                2,
            ),
            (
                "a key file without a place",
                format!("{head}jwks_file = \"keys.json\"\n"),
                5,
            ),
        ] {
            let error = TrustPolicy::from_file_text(&text, TrustFormat::Toml, "trust.toml").unwrap_err();
            assert_eq!(error.line, line, "{name}: {error}");
        }
        let json = "{\"trusted_brokers\": [\n {\"iss\": \"https://b.example\"},\n {\"iss\": \"https://b.example\"}]}";
        let error = TrustPolicy::from_file_text(json, TrustFormat::Json, "trust.json").unwrap_err();
        assert_eq!(error.line, 3, "{error}");
    }
}
