//! Conditional requests for bytes (RFC 9110 section 13; E39). A validator is good for one capability: it tells nothing of
//! a checksum to who guesses one, and nothing of another's object.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, StatusCode, header};
use ring::digest;

use crate::{api::drs::BackendObject, backend::Range, problem::Problem};

/// Validators of one header that are looked at.
const TAGS: usize = 16;

/// What of an object is wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wanted {
    /// All of it, or a part.
    Bytes(Option<Range>),
    /// Nothing, since the client has it.
    Nothing,
}

/// The validator of an object by a capability: a digest over the capability's secret id and all checksums. An object
/// without checksums has none.
pub(super) fn tag(capability: &str, id: &str, object: &BackendObject) -> Option<String> {
    let sums = object.checksums.as_ref().filter(|sums| !sums.is_empty())?;
    let mut context = digest::Context::new(&digest::SHA256);
    let mut part = |text: &str| {
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    };
    part(capability);
    part(id);
    part(object.version.as_deref().unwrap_or_default());
    part(&object.size.map(|size| size.to_string()).unwrap_or_default());
    for sum in sums {
        part(&sum.kind);
        part(&sum.checksum);
    }
    let digest = context.finish();
    let half = digest.as_ref().get(..16)?;
    Some(format!("\"{}\"", URL_SAFE_NO_PAD.encode(half)))
}

/// What a request wants of the object with this validator. Dates mean nothing here, since no answer carries one, and
/// neither does `If-None-Match: *`.
///
/// # Errors
/// 412 for an `If-Match` that names another object, 400 for what is no range.
pub(super) fn wanted(headers: &HeaderMap, tag: Option<&str>) -> Result<Wanted, Problem> {
    let is = |one: &str| tag == Some(one);
    if headers.contains_key(header::IF_MATCH) {
        let named = list(headers, &header::IF_MATCH);
        if !named.iter().any(|one| one == "*" || is(one)) {
            return Err(Problem::new(
                StatusCode::PRECONDITION_FAILED,
                "request.precondition",
                "the object is none that `If-Match` names; a validator is good for one URL only",
            ));
        }
    }
    let held = list(headers, &header::IF_NONE_MATCH);
    if held.iter().any(|one| is(one.strip_prefix("W/").unwrap_or(one))) {
        return Ok(Wanted::Nothing);
    }
    let range = range(headers)?;
    let condition = headers.get(header::IF_RANGE);
    let holds = condition.is_none_or(|value| value.to_str().is_ok_and(|one| is(one.trim())));
    Ok(Wanted::Bytes(range.filter(|_| holds)))
}

/// The `Range` of a request: one or none.
///
/// # Errors
/// 400 for several, or what is none.
pub(super) fn range(headers: &HeaderMap) -> Result<Option<Range>, Problem> {
    let mut values = headers.get_all(header::RANGE).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let fault = || Problem::refused("request.range", "one byte range is taken: `bytes=first-last`");
    if values.next().is_some() {
        return Err(fault());
    }
    value.to_str().ok().and_then(Range::parse).map(Some).ok_or_else(fault)
}

fn list(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let all = values.flat_map(|value| value.split(','));
    all.take(TAGS).map(|one| one.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(checksum: &str) -> BackendObject {
        serde_json::from_value(json!({ "size": 3, "checksums": [{ "type": "sha-256", "checksum": checksum }] }))
            .unwrap()
    }

    #[test]
    fn e39_a_validator_is_of_one_capability_and_one_content() {
        let tag_of = |capability, id, checksum| tag(capability, id, &object(checksum)).unwrap();
        let own = tag_of("c1", "a", "ab");
        assert_eq!(own, tag_of("c1", "a", "ab"));
        assert!(!own.contains("ab\""), "{own}");
        for other in [
            tag_of("c2", "a", "ab"),
            tag_of("c1", "b", "ab"),
            tag_of("c1", "a", "ac"),
        ] {
            assert_ne!(own, other);
        }
        assert_eq!(
            tag("c1", "a", &serde_json::from_value(json!({ "size": 3 })).unwrap()),
            None
        );
    }

    #[test]
    fn e39_conditions_are_met_by_our_own_validator_alone() {
        let own = "\"own\"";
        let part = Wanted::Bytes(Some(Range::From(0, Some(1))));
        let whole = Wanted::Bytes(None);
        type Case<'c> = (&'c str, &'c [(&'c str, &'c str)], Result<Wanted, u16>);
        let cases: [Case<'_>; 14] = [
            ("nothing", &[], Ok(whole)),
            ("a range", &[("range", "bytes=0-1")], Ok(part)),
            ("two ranges", &[("range", "bytes=0-1,3-4")], Err(400)),
            ("ours", &[("if-none-match", own)], Ok(Wanted::Nothing)),
            (
                "ours, weakly, among others",
                &[("if-none-match", "\"x\", W/\"own\"")],
                Ok(Wanted::Nothing),
            ),
            ("a guess", &[("if-none-match", "\"ab\"")], Ok(whole)),
            ("any", &[("if-none-match", "*")], Ok(whole)),
            (
                "a date",
                &[("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT")],
                Ok(whole),
            ),
            (
                "a range of ours",
                &[("range", "bytes=0-1"), ("if-range", own)],
                Ok(part),
            ),
            (
                "a range of a guess",
                &[("range", "bytes=0-1"), ("if-range", "\"ab\"")],
                Ok(whole),
            ),
            (
                "a range by date",
                &[("range", "bytes=0-1"), ("if-range", "Fri, 01 Jan 2100 00:00:00 GMT")],
                Ok(whole),
            ),
            ("only ours", &[("if-match", own)], Ok(whole)),
            ("only a guess", &[("if-match", "\"ab\"")], Err(412)),
            ("only ours, weakly", &[("if-match", "W/\"own\"")], Err(412)),
        ];
        for (name, with, expected) in cases {
            let mut headers = HeaderMap::new();
            for (key, value) in with {
                headers.append(HeaderName::from_bytes(key.as_bytes()).unwrap(), value.parse().unwrap());
            }
            let got = wanted(&headers, Some(own)).map_err(|problem| problem.status.as_u16());
            assert_eq!(got, expected, "{name}");
        }
        let mut headers = HeaderMap::new();
        headers.insert("if-none-match", own.parse().unwrap());
        assert_eq!(
            wanted(&headers, None).unwrap(),
            whole,
            "what has no validator matches none"
        );
    }
}
