//! What a trust policy allows that an operator should know of, and what in it can never work.

use super::entry::{Keys, Role, TrustEntry};
use super::policy::TrustPolicy;
use crate::seam::Timestamp;
use crate::token::Issuer;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Good to know: a trust that was given on purpose.
    Note,
    /// Somebody should look.
    Warning,
    /// Something here can never count.
    Error,
}

/// One thing worth saying.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// Whose entry; `None`: the file as a whole.
    pub issuer: Option<Issuer>,
    /// Stable code.
    pub code: &'static str,
    /// The sentence.
    pub what: String,
}

/// An end nearer than this is told.
const SOON_SECONDS: i64 = 30 * 86_400;

/// All findings, what matters most first. Of keys given in the file, `keys::probe` tells.
#[must_use]
pub fn lint(policy: &TrustPolicy, now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut whole = |severity, code, what: &str| {
        found.push(Finding {
            severity,
            issuer: None,
            code,
            what: what.to_owned(),
        });
    };
    let has = |role| policy.entries().any(|entry| entry.role == role);
    if !has(Role::Broker) {
        let what = "no broker is trusted, so that no Passport can count (CLH-01)";
        whole(Severity::Error, "trust.no_broker", what);
    }
    if !has(Role::VisaIssuer) {
        let what = "no visa issuer is trusted, so that no visa can count";
        whole(Severity::Error, "trust.no_visa_issuer", what);
    }
    if policy.audience().is_empty() {
        let what = "`audience` is empty: a token that names an `aud` is refused, whomever it names";
        whole(Severity::Warning, "trust.no_audience", what);
    }
    for entry in policy.entries() {
        let mut say = |severity, code, what: String| {
            found.push(Finding {
                severity,
                issuer: Some(entry.id.clone()),
                code,
                what,
            });
        };
        time(entry, now, &mut say);
        keys(entry, &mut say);
        reach(entry, policy, &mut say);
        people(entry, &mut say);
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

type Say<'s> = dyn FnMut(Severity, &'static str, String) + 's;

fn time(entry: &TrustEntry, now: Timestamp, say: &mut Say<'_>) {
    if let Some(from) = entry.from.filter(|from| now < *from) {
        let what = format!("this trust begins at {from}; until then nothing of it counts");
        say(Severity::Note, "trust.not_begun", what);
    }
    match entry.until {
        Some(until) if until <= now => {
            let what = format!("this trust ended at {until}; nothing of it counts");
            say(Severity::Warning, "trust.ended", what);
        }
        Some(until) if until.unix() - now.unix() < SOON_SECONDS => {
            say(
                Severity::Warning,
                "trust.ends_soon",
                format!("this trust ends at {until}"),
            );
        }
        Some(_) | None => {}
    }
}

fn keys(entry: &TrustEntry, say: &mut Say<'_>) {
    let fetched = matches!(entry.keys, Keys::Fetched);
    let url = entry.id.as_str().starts_with("https://") || entry.id.as_str().starts_with("http://");
    if fetched && entry.jku.is_empty() && !url {
        let what = "it has no keys here, no `jku`, and is no URL: its keys can never be found".to_owned();
        say(Severity::Error, "trust.keys_nowhere", what);
    }
    if let Some(jku) = entry.jku.iter().find(|jku| fetched && !jku.starts_with("https://")) {
        say(
            Severity::Warning,
            "trust.jku_not_https",
            format!("`{jku}` is not https, and is called on loopback only"),
        );
    }
    if entry.stale_grace.as_secs() > 3_600 {
        let hours = entry.stale_grace.as_secs() / 3_600;
        let what = format!("its keys count for up to {hours} h after their server was last reached");
        say(Severity::Note, "trust.long_grace", what);
    }
}

fn reach(entry: &TrustEntry, policy: &TrustPolicy, say: &mut Say<'_>) {
    let any = |list: &[String]| list.iter().any(|item| item == "*");
    if any(&entry.visa_types) || any(&entry.sources) {
        let what = "`*`: it is believed for every type or source that it names".to_owned();
        say(Severity::Note, "trust.any", what);
    }
    if entry.role == Role::VisaIssuer && (entry.visa_types.is_empty() || entry.sources.is_empty()) {
        let what = "`types` or `sources` is empty: no visa of it can count".to_owned();
        say(Severity::Error, "trust.nothing", what);
    }
    if any(&entry.may_link) {
        let what = "`may_link` is `*`: it may say of any two identities that they are one person".to_owned();
        say(Severity::Warning, "trust.links_any", what);
    }
    let known = |iss: &String| iss == "*" || policy.entries().any(|e| e.id.as_str() == iss);
    if let Some(iss) = entry.may_link.iter().find(|iss| !known(iss)) {
        say(
            Severity::Warning,
            "trust.links_unknown",
            format!("`may_link` names `{iss}`, which has no entry"),
        );
    }
    if let Some(source) = entry.sources.iter().find(|source| source.starts_with("http://")) {
        say(
            Severity::Note,
            "trust.source_http",
            format!("the source `{source}` is http; https is usual (URL-03)"),
        );
    }
    if entry.passport_without_audience {
        let what =
            "its Passports without `aud` are taken for 10 minutes: whoever holds one may show it here".to_owned();
        say(Severity::Warning, "trust.no_aud_taken", what);
    }
    for relaxation in &entry.accept {
        say(
            Severity::Note,
            "trust.relaxed",
            format!("deviation let by: `{relaxation}`"),
        );
    }
}

fn people(entry: &TrustEntry, say: &mut Say<'_>) {
    if entry.role == Role::Broker && (entry.reason.is_none() || entry.contact.is_none()) {
        let what = "no `reason` or no `contact`: who judged the risk, and whom to call (CLH-02)".to_owned();
        say(Severity::Note, "trust.no_reason", what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::TrustFormat;

    fn codes(text: &str) -> Vec<&'static str> {
        let policy = TrustPolicy::from_file_text(text, TrustFormat::Toml, "trust.toml").unwrap();
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        lint(&policy, now).into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn a_policy_tells_what_it_allows_and_what_can_never_count() {
        let broker = "audience = \"https://drs.example.org\"\n[[trusted_brokers]]\niss = \"https://b.example\"\n\
                      reason = \"audited 2025\"\ncontact = \"mailto:ops@b.example\"\n";
        let issuer = "[[trusted_visa_issuers]]\niss = \"https://v.example\"\ntypes = [\"ControlledAccessGrants\"]\n\
                      sources = [\"https://dac.example\"]\n";
        assert_eq!(codes(&format!("{broker}{issuer}")), Vec::<&str>::new());
        assert_eq!(
            codes(""),
            ["trust.no_broker", "trust.no_visa_issuer", "trust.no_audience"]
        );
        for (name, more, code) in [
            ("it ended", "until = \"2025-12-31T00:00:00Z\"", "trust.ended"),
            ("it ends soon", "until = \"2026-01-20T00:00:00Z\"", "trust.ends_soon"),
            ("it has not begun", "from = \"2026-01-20T00:00:00Z\"", "trust.not_begun"),
            ("it links anybody", "may_link = [\"*\"]", "trust.links_any"),
            (
                "it links a stranger",
                "may_link = [\"https://x.example\"]",
                "trust.links_unknown",
            ),
            ("a long grace", "stale_grace = 86400", "trust.long_grace"),
            ("http keys", "jku = [\"http://v.example/jwks\"]", "trust.jku_not_https"),
            ("a relaxation", "accept = [\"missing_by\"]", "trust.relaxed"),
        ] {
            assert_eq!(codes(&format!("{broker}{issuer}{more}\n")), [code], "{name}");
        }
        let urn = "[[trusted_visa_issuers]]\niss = \"urn:x\"\ntypes = [\"*\"]\nsources = [\"http://a.example\"]\n";
        let found = codes(&format!("{broker}{urn}"));
        assert_eq!(found, ["trust.keys_nowhere", "trust.any", "trust.source_http"]);
    }
}
