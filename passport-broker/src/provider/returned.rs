//! Whether the login that is there will do for a request: how old, how strong, and whether the browser has just come
//! back from one (OpenID Connect Core §3.1.2.1 `prompt`, `max_age`, `acr_values`; RFC 9470).

use std::time::Duration;

use visa_verifier::seam::Timestamp;

use super::request::AuthorizationRequest;
use crate::limits;
use crate::page::{Csrf, Fields};
use crate::session::Browser;

/// Mark in our own URL that the browser has just come back from a login that this request asked for: when it was sent
/// there, and that it was we who sent it.
pub(super) const RETURNED: &str = "visum_returned";
/// An institution's clock may be this far behind ours.
const CLOCKS: Duration = Duration::from_secs(60);
/// REFEDS single and multi factor: the second is more than the first.
const SFA: &str = "https://refeds.org/profile/sfa";
const MFA: &str = "https://refeds.org/profile/mfa";

/// When the browser was sent to the institution for this request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Since(Timestamp);

/// The mark for a browser that is sent off now.
pub(super) fn mark(csrf: &Csrf, now: Timestamp) -> String {
    let since = now.unix().to_string();
    format!("{since}.{}", csrf.token(&since, RETURNED))
}

/// The mark that a browser brought back, if we made it and it is not over.
pub(super) fn since(csrf: &Csrf, fields: &Fields, now: Timestamp) -> Option<Since> {
    let (text, proof) = fields.one(RETURNED).ok().flatten()?.split_once('.')?;
    let since = Timestamp::from_unix(text.parse().ok()?);
    let good = csrf.holds(text, RETURNED, Some(proof)) && since <= now && now < since.plus(limits::PENDING);
    good.then_some(Since(since))
}

/// What a login falls short of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Short {
    /// It is older than the client or its `prompt` allows.
    Old,
    /// It is weaker than each of `acr_values`.
    Weak,
}

/// What the login of this browser falls short of, if anything.
pub(super) fn falls_short(
    request: &AuthorizationRequest,
    browser: &Browser,
    since: Option<Since>,
    now: Timestamp,
) -> Option<Short> {
    let row = &browser.row;
    // A login that came of this very request is as young as it was when it was asked for.
    let at = since.map_or(now, |Since(since)| since);
    let came_of_it = since.is_some_and(|Since(since)| row.created >= since);
    if request.prompt.anew() && !came_of_it {
        return Some(Short::Old);
    }
    // An institution that ignores the wish for a new login says so by its `auth_time`.
    if request.prompt.login && row.auth_time.plus(CLOCKS) < at {
        return Some(Short::Old);
    }
    if request
        .max_age
        .is_some_and(|age| at.since(row.auth_time).as_secs() > age)
    {
        return Some(Short::Old);
    }
    if !is_met(&request.acr_values, row.acr.as_deref(), &row.amr) {
        return Some(Short::Weak);
    }
    None
}

/// Whether one of the contexts that were asked for is there; a second factor is enough where one factor is asked for.
fn is_met(asked: &[String], acr: Option<&str>, amr: &[String]) -> bool {
    let second = acr == Some(MFA) || amr.iter().any(|method| method == "mfa");
    asked.is_empty()
        || asked
            .iter()
            .any(|one| acr == Some(one.as_str()) || (second && (one == MFA || one == SFA)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_the_contexts_asked_for_is_enough_and_a_weaker_one_is_not() {
        type Case<'c> = (&'c str, &'c [&'c str], Option<&'c str>, &'c [&'c str], bool);
        let cases: [Case<'_>; 8] = [
            ("nothing asked", &[], None, &[], true),
            ("the very one", &[SFA], Some(SFA), &[], true),
            ("one of two", &["urn:x", SFA], Some(SFA), &[], true),
            ("a weaker one", &[MFA], Some(SFA), &["pwd"], false),
            ("a stronger one", &[SFA], Some(MFA), &[], true),
            ("by its methods", &[MFA], None, &["mfa"], true),
            ("none at all", &[SFA], None, &[], false),
            (
                "a word that begins alike",
                &[MFA],
                Some("https://refeds.org/profile/mfa2"),
                &[],
                false,
            ),
        ];
        for (name, asked, acr, amr, met) in cases {
            let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
            assert_eq!(is_met(&texts(asked), acr, &texts(amr)), met, "{name}");
        }
    }

    #[test]
    fn a_mark_is_ours_and_over_in_time() {
        let csrf = Csrf::new(&[7; 32]);
        let at = Timestamp::from_unix;
        let text = mark(&csrf, at(1000));
        let read = |value: &str, now| {
            let form = url::form_urlencoded::Serializer::new(String::new())
                .append_pair(RETURNED, value)
                .finish();
            since(&csrf, &Fields::parse(form.as_bytes()).unwrap(), at(now))
        };
        assert_eq!(read(&text, 1000), Some(Since(at(1000))));
        assert_eq!(read(&text, 999), None, "from the future");
        assert_eq!(read(&text, 1600), None, "over");
        assert_eq!(read(&text.replace("1000", "1001"), 1001), None, "another time");
        assert_eq!(read("1", 1000), None, "no mark of ours");
        assert_eq!(
            read(&mark(&Csrf::new(&[8; 32]), at(1000)), 1000),
            None,
            "another broker's"
        );
    }
}
