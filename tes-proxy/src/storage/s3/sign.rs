//! AWS Signature Version 4 in the Authorization header, and no other way to sign (E66, E70).

use http::{HeaderMap, Method, StatusCode, header};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ring::{digest, hmac};

use crate::capability::DoorKeys;

use super::{
    fault::{Fault, invalid},
    verb::Query,
};

/// How far a client's clock may be from ours, in seconds.
const SKEW: i64 = 300;
/// What S3 leaves as it is in paths and queries.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How the body is vouched for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Payload {
    /// Its SHA-256, lower-case hexadecimal.
    Whole(String),
    /// By nothing but the connection.
    Unsigned,
    /// In pieces, by nothing but the connection; a checksum may follow.
    Pieces,
    /// In pieces, each signed after the one before.
    SignedPieces,
}

/// Who signed, and what pieces of the body are checked by.
#[derive(Clone)]
pub(super) struct Signed {
    /// The session.
    pub(super) session: String,
    /// The end of its key, Unix seconds.
    pub(super) until: i64,
    /// How the body is vouched for.
    pub(super) payload: Payload,
    /// The signature, from which those of pieces follow.
    pub(super) signature: String,
    /// The date as the client wrote it.
    pub(super) at: String,
    /// Day, region, service.
    pub(super) scope: String,
    /// The key of that scope.
    pub(super) key: hmac::Key,
}

impl std::fmt::Debug for Signed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Signed")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// A request as it was signed.
#[derive(Debug)]
pub(super) struct Request<'r> {
    pub(super) method: &'r Method,
    /// The path as it came.
    pub(super) path: &'r str,
    pub(super) query: &'r Query,
    pub(super) headers: &'r HeaderMap,
    /// The authority that was asked for, where HTTP/2 has no `Host` header.
    pub(super) authority: &'r str,
}

fn no(word: &'static str, code: &'static str, sentence: &'static str) -> Fault {
    Fault::new(StatusCode::FORBIDDEN, word, code, sentence)
}

fn malformed() -> Fault {
    invalid(
        "door.signature_form",
        "the Authorization header is not AWS4-HMAC-SHA256 as S3 clients write it",
    )
}

/// Checks a request's signature.
///
/// # Errors
/// 400 for another way to sign, 403 for a key or a signature that does not count.
pub(super) fn verify(request: &Request<'_>, keys: &DoorKeys, now: i64) -> Result<Signed, Fault> {
    let mut values = request.headers.get_all(header::AUTHORIZATION).iter();
    let first = values.next().ok_or_else(|| {
        no(
            "AccessDenied",
            "door.unsigned",
            "requests are signed with the S3 keys of a session",
        )
    })?;
    if values.next().is_some() {
        return Err(malformed());
    }
    let text = first.to_str().map_err(|_| malformed())?;
    let fields = text.strip_prefix("AWS4-HMAC-SHA256").ok_or_else(malformed)?;
    let [credential, signed, signature] = fields_of(fields)?;
    let (id, scope) = credential.split_once('/').ok_or_else(malformed)?;
    let parts: Vec<&str> = scope.split('/').collect();
    let [day, region, "s3", "aws4_request"] = parts.as_slice() else {
        return Err(malformed());
    };
    let at =
        one(request.headers, "x-amz-date")?.ok_or_else(|| invalid("door.date", "the request has no x-amz-date"))?;
    dated(at, day, now)?;
    let payload = payload(request)?;
    let names = names(&signed, request)?;
    // the key: an id that does not open and one that ran out say nothing of the signature
    let opened = keys.open(id).map_err(|_| {
        no(
            "InvalidAccessKeyId",
            "door.key",
            "this access key was not made here, or was altered",
        )
    })?;
    if now >= opened.until {
        return Err(no(
            "ExpiredToken",
            "door.expired",
            "the session of this access key has run out",
        ));
    }
    let key = signing_key(&opened.secret, day, region);
    let canonical = canonical(request, &names)?;
    let to_sign = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{}", sha256(canonical.as_bytes()));
    let given = unhex(&signature).ok_or_else(malformed)?;
    hmac::verify(&key, to_sign.as_bytes(), &given).map_err(|_| {
        no(
            "SignatureDoesNotMatch",
            "door.signature",
            "the signature is not the one of this request by this key",
        )
    })?;
    Ok(Signed {
        session: opened.session,
        until: opened.until,
        payload,
        signature,
        at: at.to_owned(),
        scope: scope.to_owned(),
        key,
    })
}

/// `Credential`, `SignedHeaders`, `Signature`, each once, in any order.
fn fields_of(text: &str) -> Result<[String; 3], Fault> {
    let mut found: [Option<String>; 3] = [None, None, None];
    for field in text.split(',') {
        let (name, value) = field.trim().split_once('=').ok_or_else(malformed)?;
        let place = match name {
            "Credential" => found.first_mut(),
            "SignedHeaders" => found.get_mut(1),
            "Signature" => found.get_mut(2),
            _ => None,
        };
        let place = place.ok_or_else(malformed)?;
        if place.replace(value.to_owned()).is_some() {
            return Err(malformed());
        }
    }
    match found {
        [Some(credential), Some(signed), Some(signature)] => Ok([credential, signed, signature]),
        _ => Err(malformed()),
    }
}

/// The one value of a header.
fn one<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, Fault> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(malformed());
    }
    first.map(|value| value.to_str().map_err(|_| malformed())).transpose()
}

/// The date is of the scope's day, and within five minutes of ours.
fn dated(at: &str, day: &str, now: i64) -> Result<(), Fault> {
    let parsed = DateTime::strptime("%Y%m%dT%H%M%SZ", at)
        .ok()
        .filter(|_| at.len() == 16)
        .and_then(|civil| civil.to_zoned(TimeZone::UTC).ok())
        .map(|zoned| Timestamp::from(zoned).as_second());
    let seconds = parsed.ok_or_else(|| invalid("door.date", "x-amz-date is not of the form 20261231T235959Z"))?;
    if !at.starts_with(day) || day.len() != 8 {
        return Err(malformed());
    }
    if now.saturating_sub(seconds).abs() > SKEW {
        return Err(no(
            "RequestTimeTooSkewed",
            "door.date",
            "the request was signed more than five minutes from now",
        ));
    }
    Ok(())
}

fn payload(request: &Request<'_>) -> Result<Payload, Fault> {
    let text = one(request.headers, "x-amz-content-sha256")?
        .ok_or_else(|| invalid("door.content_hash", "the request has no x-amz-content-sha256"))?;
    match text {
        "UNSIGNED-PAYLOAD" => Ok(Payload::Unsigned),
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Ok(Payload::Pieces),
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => Ok(Payload::SignedPieces),
        hash if hash.len() == 64 && unhex(hash).is_some() => Ok(Payload::Whole(hash.to_owned())),
        _ => Err(invalid(
            "door.content_hash",
            "x-amz-content-sha256 is no SHA-256 and no way to sign a body that is taken here",
        )),
    }
}

/// The signed headers: `host` and every `x-amz-` header are among them.
fn names(signed: &str, request: &Request<'_>) -> Result<Vec<String>, Fault> {
    let names: Vec<String> = signed.split(';').map(str::to_owned).collect();
    let lower = |name: &String| !name.is_empty() && *name == name.to_ascii_lowercase();
    let rising = names.iter().zip(names.iter().skip(1)).all(|(one, next)| one < next);
    if names.len() > 64 || !names.iter().all(lower) || !rising {
        return Err(malformed());
    }
    let has = |name: &str| names.iter().any(|one| one == name);
    let all = request
        .headers
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| name.starts_with("x-amz-"))
        .all(has);
    if !has("host") || !all {
        return Err(no(
            "AccessDenied",
            "door.signed_headers",
            "`host` and every x-amz- header are among the signed headers",
        ));
    }
    Ok(names)
}

fn canonical(request: &Request<'_>, names: &[String]) -> Result<String, Fault> {
    let encode = |text: &str| utf8_percent_encode(text, PLAIN).to_string();
    let mut path = String::new();
    for segment in request.path.split('/').skip(1) {
        let text = percent_decode_str(segment).decode_utf8().map_err(|_| malformed())?;
        path.push('/');
        path.push_str(&encode(&text));
    }
    let mut pairs: Vec<String> = request
        .query
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    pairs.sort();
    let mut headers = String::new();
    for name in names {
        let mut values = Vec::new();
        for value in request.headers.get_all(name) {
            let text = value.to_str().map_err(|_| malformed())?;
            values.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        if values.is_empty() && name == "host" {
            values.push(request.authority.to_owned());
        }
        if values.is_empty() {
            return Err(no(
                "AccessDenied",
                "door.signed_headers",
                "a header that was signed is not there",
            ));
        }
        headers.push_str(&format!("{name}:{}\n", values.join(",")));
    }
    let hash = one(request.headers, "x-amz-content-sha256")?.unwrap_or_default();
    Ok(format!(
        "{}\n{path}\n{}\n{headers}\n{}\n{hash}",
        request.method,
        pairs.join("&"),
        names.join(";")
    ))
}

fn signing_key(secret: &str, day: &str, region: &str) -> hmac::Key {
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [day, region, "s3", "aws4_request"] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes());
        key = tag.as_ref().to_vec();
    }
    hmac::Key::new(hmac::HMAC_SHA256, &key)
}

/// What a piece of the body must be signed with, after `before`.
pub(super) fn piece(signed: &Signed, before: &str, bytes: &[u8]) -> Vec<u8> {
    let text = format!(
        "AWS4-HMAC-SHA256-PAYLOAD\n{}\n{}\n{before}\n{}\n{}",
        signed.at,
        signed.scope,
        sha256(b""),
        sha256(bytes)
    );
    hmac::sign(&signed.key, text.as_bytes()).as_ref().to_vec()
}

/// SHA-256, lower-case hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lower-case hexadecimal of 32 bytes, and nothing else.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    (0..32)
        .map(|at| {
            let pair = text.get(at * 2..at * 2 + 2)?;
            u8::from_str_radix(pair, 16).ok().filter(|_| !pair.starts_with('+'))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of the documentation's example (AWS, "Signature calculation examples": the derived key is public).
    #[test]
    fn e66_the_signing_key_is_that_of_the_published_example() {
        let key = signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524", "us-east-1");
        // GET Object, from the same page
        let text = "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n\
                    7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972";
        assert_eq!(
            hex(hmac::sign(&key, text.as_bytes()).as_ref()),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }

    #[test]
    fn e66_the_canonical_request_is_that_of_the_published_example() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("host", "examplebucket.s3.amazonaws.com"),
            ("range", "bytes=0-9"),
            (
                "x-amz-content-sha256",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            ("x-amz-date", "20130524T000000Z"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let query = Query::new();
        let request = Request {
            method: &Method::GET,
            path: "/test.txt",
            query: &query,
            headers: &headers,
            authority: "",
        };
        let names = names("host;range;x-amz-content-sha256;x-amz-date", &request).unwrap();
        assert_eq!(
            sha256(canonical(&request, &names).unwrap().as_bytes()),
            "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972"
        );
    }

    #[test]
    fn e66_a_date_is_ours_within_five_minutes() {
        let now = 1_369_353_600; // 2013-05-24T00:00:00Z
        for (at, day, good) in [
            ("20130524T000000Z", "20130524", true),
            ("20130524T000459Z", "20130524", true),
            ("20130523T235501Z", "20130523", true),
            ("20130524T000501Z", "20130524", false),
            ("20130523T235459Z", "20130523", false),
            ("20130524T000000Z", "20130523", false),
            ("20130524T000000", "20130524", false),
            ("2013-05-24T00:00:00Z", "20130524", false),
            ("", "", false),
        ] {
            assert_eq!(dated(at, day, now).is_ok(), good, "{at} {day}");
        }
    }
}
