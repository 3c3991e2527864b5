//! How a visa of another world differs from the form of today (GA4GH Passport 1.2), a sentence each: what is old, and
//! what this node accepted by name although the profile has it otherwise.

use visa_verifier::Visa;
use visa_verifier::token::{CompactToken, limits};
use visa_verifier::trust::Relaxation;

/// The `typ` of a visa of today.
const TYPE: &str = "vnd.ga4gh.visa+jwt";

/// The differences of a visa that counts here, `compact` as it came.
pub(crate) fn of(visa: &Visa, compact: &str) -> Vec<&'static str> {
    let mut words = Vec::new();
    if visa.poll_before().is_some() || is_access_token(compact) {
        words.push(
            "It is an access token of its issuer (version 1.0 of the profile), not a signed document: its issuer is asked \
             each hour whether it still holds.",
        );
    }
    if !has_type(compact) {
        words.push("Its type says `JWT` or nothing, as version 1.0 had it; today's says that it is a visa.");
    }
    words.extend(visa.evidence().relaxed().iter().map(|one| sentence(*one)));
    words
}

/// What an accepted deviation is, for the person whose visa it is.
const fn sentence(relaxation: Relaxation) -> &'static str {
    match relaxation {
        Relaxation::PassportJwtV11 => "It came inside of a signed Passport of version 1.1 (RAS).",
        Relaxation::PassportTypJwt => "It came inside of a Passport whose type says `JWT` (RAS before version 1.2).",
        Relaxation::RasDbgapPermissions => {
            "It is a visa of RAS 1.1: what dbGaP opens to you stands beside the visa object, each permission with its own end."
        }
        Relaxation::FormEncodedLinks => "It writes a blank in linked identities as `+` (LS Login).",
        Relaxation::BareValues => "It names the dataset by a bare name and not by a URL (REMS, EGA).",
        Relaxation::MissingBy => {
            "It does not say who there gave the word (EGA): it counts only where a dataset does not ask for that."
        }
        Relaxation::MissingKeyReference => {
            "It does not say where its issuer's keys are (EGA, REMS): this node knows them from its trust list."
        }
        // one that is younger than this page
        _ => "It differs from today's form in a way that this node accepts by name.",
    }
}

fn read(compact: &str) -> Option<CompactToken> {
    CompactToken::parse(compact, limits::VISA_BYTES).ok()
}

fn has_type(compact: &str) -> bool {
    read(compact).is_some_and(|token| {
        let typ = token.header().typ.as_deref().unwrap_or_default();
        typ.rsplit('/').next().is_some_and(|typ| typ.eq_ignore_ascii_case(TYPE))
    })
}

fn is_access_token(compact: &str) -> bool {
    read(compact).is_some_and(|token| {
        let scope = token.claims().get("scope").and_then(serde_json::Value::as_str);
        token.header().jku.is_none() && scope.is_some_and(|scope| scope.split(' ').any(|word| word == "openid"))
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    fn token(header: &serde_json::Value, scope: Option<&str>) -> String {
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({ "iss": "https://i.example.org", "sub": "s", "iat": 1, "exp": 2, "scope": scope });
        format!(
            "{}.{}.{}",
            part(header),
            part(&claims),
            URL_SAFE_NO_PAD.encode("signature")
        )
    }

    #[test]
    fn an_old_form_is_told_from_todays() {
        let jku = "https://i.example.org/jwks";
        let today = token(&json!({ "alg": "ES256", "kid": "k", "typ": TYPE, "jku": jku }), None);
        let long = token(
            &json!({ "alg": "ES256", "kid": "k", "typ": "application/vnd.ga4gh.visa+jwt", "jku": jku }),
            None,
        );
        let old = token(&json!({ "alg": "RS256", "kid": "k", "typ": "JWT", "jku": jku }), None);
        let none = token(&json!({ "alg": "RS256", "kid": "k", "jku": jku }), None);
        let access = token(
            &json!({ "alg": "RS256", "kid": "k", "typ": "JWT" }),
            Some("openid ga4gh"),
        );
        for (name, compact, has, is) in [
            ("today's", &today, true, false),
            ("with its prefix", &long, true, false),
            ("version 1.0", &old, false, false),
            ("no type", &none, false, false),
            ("an access token", &access, false, true),
        ] {
            assert_eq!((has_type(compact), is_access_token(compact)), (has, is), "{name}");
        }
    }

    #[test]
    fn each_deviation_that_can_be_accepted_has_a_sentence_of_its_own() {
        let sentences: std::collections::BTreeSet<&str> = Relaxation::ALL.iter().map(|one| sentence(*one)).collect();
        assert_eq!(sentences.len(), Relaxation::ALL.len());
        assert!(!sentences.iter().any(|words| words.contains("accepts by name")));
    }
}
