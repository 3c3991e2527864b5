//! LinkedIdentities: which identities of other issuers are this person, as far as we may say so.

use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use crate::visa::VisaDraft;

/// The visa that joins our own identity of a person with `others`: those of which the Passport carries visas, and
/// that this broker may link (`may_link` of its own trust entry). None to join, no visa.
pub(crate) fn draft(issuer: &str, others: &[VisaIdentity], may_link: &[String], now: Timestamp) -> Option<VisaDraft> {
    let allowed = |other: &&VisaIdentity| {
        other.iss.as_str() != issuer && may_link.iter().any(|may| may == "*" || may == other.iss.as_str())
    };
    let mut entries: Vec<String> = others.iter().filter(allowed).map(ToString::to_string).collect();
    entries.sort();
    entries.dedup();
    if entries.is_empty() {
        return None;
    }
    Some(VisaDraft {
        kind: "LinkedIdentities".to_owned(),
        value: entries.join(";"),
        source: issuer.to_owned(),
        by: "system".to_owned(),
        asserted: now,
        ends: Timestamp::MAX,
        grant: None,
        conditions: None,
        claim: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_identities_that_we_may_link_are_linked() {
        let at = |sub: &str, iss: &str| VisaIdentity::new(iss.parse().unwrap(), sub.parse().unwrap());
        let own = "https://broker.example.org";
        let others = [
            at("a,b", "https://issuer.example.net"),
            at("x", "https://stranger.example.net"),
            at("me", own),
        ];
        let now = Timestamp::from_unix(1);
        let cases: [(&str, &[&str], Option<&str>); 3] = [
            (
                "may link one",
                &["https://issuer.example.net"],
                Some("a%2Cb,https%3A%2F%2Fissuer.example.net"),
            ),
            ("may link none", &[], None),
            (
                "may link all",
                &["*"],
                Some("a%2Cb,https%3A%2F%2Fissuer.example.net;x,https%3A%2F%2Fstranger.example.net"),
            ),
        ];
        for (name, may, value) in cases {
            let may: Vec<String> = may.iter().map(|may| (*may).to_owned()).collect();
            assert_eq!(
                draft(own, &others, &may, now).map(|draft| draft.value).as_deref(),
                value,
                "{name}"
            );
        }
    }
}
