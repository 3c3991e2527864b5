//! The verbs of the door: the list of `apis.md` 10.2 is the whole list (E64, E65, E67, E68).

use std::collections::BTreeMap;

use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;

use super::fault::{Fault, invalid, not_served};

/// What is asked of a bucket or an object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Verb {
    HeadBucket,
    Location,
    List { v2: bool },
    CreateBucket,
    DeleteBucket,
    Head,
    Get,
    Put,
    Delete,
    Begin,
    Part { upload: String, number: i64 },
    Complete { upload: String },
    Abort { upload: String },
}

/// A query, each key once.
pub(super) type Query = BTreeMap<String, String>;

/// Keys of the query that say who one is, or for how long (E66).
const SIGNED: [&str; 10] = [
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-signature",
    "x-amz-expires",
    "x-amz-date",
    "x-amz-signedheaders",
    "x-amz-security-token",
    "awsaccesskeyid",
    "signature",
    "expires",
];
/// Keys of a listing.
const LISTING: [&str; 9] = [
    "list-type",
    "prefix",
    "delimiter",
    "marker",
    "max-keys",
    "encoding-type",
    "continuation-token",
    "start-after",
    "fetch-owner",
];
/// Headers of ours to read, beside checksums and metadata.
const HEADERS: [&str; 10] = [
    "x-amz-date",
    "x-amz-content-sha256",
    "x-amz-decoded-content-length",
    "x-amz-trailer",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-checksum-mode",
    "x-amz-checksum-algorithm",
    "x-amz-checksum-type",
    "x-amz-user-agent",
    "x-amz-optional-object-attributes",
];

/// Splits the query; a key stands once.
pub(super) fn query(raw: Option<&str>) -> Result<Query, Fault> {
    let mut query = Query::new();
    let fault = || {
        invalid(
            "request.query",
            "the query has a key twice, or text that is not encoded right",
        )
    };
    for pair in raw.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text: &str| percent_decode_str(text).decode_utf8().map(|text| text.into_owned());
        let (name, value) = (decode(name).map_err(|_| fault())?, decode(value).map_err(|_| fault())?);
        if query.insert(name, value).is_some() {
            return Err(fault());
        }
    }
    Ok(query)
}

/// The verb of a request. Nobody is asked before it is known.
pub(super) fn verb(method: &Method, key: Option<&str>, query: &Query, headers: &HeaderMap) -> Result<Verb, Fault> {
    for name in query.keys() {
        let lower = name.to_ascii_lowercase();
        if SIGNED.contains(&lower.as_str()) {
            return Err(invalid(
                "door.query_auth",
                "requests are signed in the Authorization header, not in the query",
            ));
        }
        if lower == "versionid" || lower == "versions" || (lower == "partnumber" && *method != Method::PUT) {
            return Err(invalid(
                "door.version",
                "versions and parts of objects are not asked for here; the door gives what the decision named",
            ));
        }
        if lower.starts_with("response-") {
            return Err(invalid("door.override", "the headers of an answer are the door's own"));
        }
        if lower == "uploads" && *method == Method::GET {
            return Err(invalid("door.version", "uploads are not listed here"));
        }
    }
    sound(headers)?;
    // newer clients name the operation beside the method; it says nothing more
    let keys: Vec<&str> = query
        .keys()
        .map(String::as_str)
        .filter(|name| *name != "x-id")
        .collect();
    let has = |name: &str| query.get(name).cloned();
    let get = *method == Method::GET;
    match (method.as_str(), key, keys.as_slice()) {
        ("HEAD", None, []) => Ok(Verb::HeadBucket),
        ("GET", None, ["location"]) => Ok(Verb::Location),
        ("GET", None, keys) if get && keys.iter().all(|name| LISTING.contains(name)) => {
            let v2 = match has("list-type").as_deref() {
                None => false,
                Some("2") => true,
                Some(_) => return Err(invalid("door.listing", "`list-type` is 2, or is left out")),
            };
            Ok(Verb::List { v2 })
        }
        ("PUT", None, []) => Ok(Verb::CreateBucket),
        ("DELETE", None, []) => Ok(Verb::DeleteBucket),
        ("HEAD", Some(_), []) => Ok(Verb::Head),
        ("GET", Some(_), []) => Ok(Verb::Get),
        ("PUT", Some(_), []) => Ok(Verb::Put),
        ("DELETE", Some(_), []) => Ok(Verb::Delete),
        ("POST", Some(_), ["uploads"]) => Ok(Verb::Begin),
        ("POST", Some(_), ["uploadId"]) => Ok(Verb::Complete {
            upload: has("uploadId").unwrap_or_default(),
        }),
        ("DELETE", Some(_), ["uploadId"]) => Ok(Verb::Abort {
            upload: has("uploadId").unwrap_or_default(),
        }),
        ("PUT", Some(_), ["partNumber", "uploadId"]) => {
            let number = has("partNumber").and_then(|text| text.parse().ok());
            let number = number.filter(|number| (1..=10_000).contains(number));
            Ok(Verb::Part {
                upload: has("uploadId").unwrap_or_default(),
                number: number.ok_or_else(|| invalid("door.part_number", "`partNumber` is 1 to 10000"))?,
            })
        }
        _ => Err(not_served("this verb of S3 is not served here")),
    }
}

/// Headers that ask for more than the door does are refused, not passed over.
fn sound(headers: &HeaderMap) -> Result<(), Fault> {
    for name in headers.keys().map(http::HeaderName::as_str) {
        if name.starts_with("x-amz-copy-source") {
            return Err(not_served("objects are not copied here; read and write them"));
        }
        let plain = HEADERS.contains(&name)
            || name.starts_with("x-amz-checksum-")
            || name.starts_with("x-amz-meta-")
            || (name == "x-amz-storage-class" && headers.get(name).is_some_and(|value| value == "STANDARD"));
        if name == "x-amz-security-token" {
            return Err(invalid("door.key", "keys of sessions come without a security token"));
        }
        if name.starts_with("x-amz-") && !plain {
            return Err(not_served("the request asks for something that the door does not do"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(method: &str, key: Option<&str>, raw: &str, names: &[(&'static str, &'static str)]) -> Result<Verb, u16> {
        let mut headers = HeaderMap::new();
        for (name, value) in names {
            headers.insert(*name, value.parse().unwrap());
        }
        let query = query(Some(raw)).map_err(|fault| fault.status.as_u16())?;
        verb(&method.parse().unwrap(), key, &query, &headers).map_err(|fault| fault.status.as_u16())
    }

    #[test]
    fn e64_to_e68_the_list_of_verbs_is_the_whole_list() {
        let key = Some("k");
        type Case<'c> = (&'c str, Option<&'c str>, &'c str, Result<Verb, u16>);
        let cases: [Case<'_>; 50] = [
            ("HEAD", None, "", Ok(Verb::HeadBucket)),
            ("GET", None, "location", Ok(Verb::Location)),
            ("GET", None, "location=", Ok(Verb::Location)),
            ("GET", None, "", Ok(Verb::List { v2: false })),
            (
                "GET",
                None,
                "prefix=a&marker=b&max-keys=3",
                Ok(Verb::List { v2: false }),
            ),
            (
                "GET",
                None,
                "list-type=2&encoding-type=url",
                Ok(Verb::List { v2: true }),
            ),
            ("GET", None, "list-type=3", Err(400)),
            ("PUT", None, "", Ok(Verb::CreateBucket)),
            ("DELETE", None, "", Ok(Verb::DeleteBucket)),
            ("HEAD", key, "", Ok(Verb::Head)),
            ("GET", key, "x-id=GetObject", Ok(Verb::Get)),
            ("PUT", key, "", Ok(Verb::Put)),
            ("DELETE", key, "", Ok(Verb::Delete)),
            ("POST", key, "uploads", Ok(Verb::Begin)),
            ("POST", key, "uploadId=u", Ok(Verb::Complete { upload: "u".into() })),
            ("DELETE", key, "uploadId=u", Ok(Verb::Abort { upload: "u".into() })),
            (
                "PUT",
                key,
                "uploadId=u&partNumber=3",
                Ok(Verb::Part {
                    upload: "u".into(),
                    number: 3,
                }),
            ),
            ("PUT", key, "uploadId=u&partNumber=0", Err(400)),
            ("GET", key, "versionId=1", Err(400)),
            ("HEAD", key, "versionId=1", Err(400)),
            ("DELETE", key, "versionId=1", Err(400)),
            ("GET", key, "partNumber=1", Err(400)),
            ("GET", None, "versions", Err(400)),
            ("GET", None, "uploads", Err(400)),
            ("GET", key, "uploadId=u", Err(501)),
            ("GET", key, "response-content-type=text/html", Err(400)),
            ("GET", key, "response-content-disposition=x", Err(400)),
            ("GET", key, "response-cache-control=x", Err(400)),
            ("GET", key, "X-Amz-Signature=x", Err(400)),
            ("GET", key, "X-Amz-Expires=604800&X-Amz-Credential=x", Err(400)),
            ("GET", key, "AWSAccessKeyId=x&Signature=y&Expires=1", Err(400)),
            ("GET", key, "acl", Err(501)),
            ("PUT", key, "acl", Err(501)),
            ("GET", None, "policy", Err(501)),
            ("GET", key, "tagging", Err(501)),
            ("GET", key, "torrent", Err(501)),
            ("POST", key, "select&select-type=2", Err(501)),
            ("POST", key, "restore", Err(501)),
            ("GET", None, "website", Err(501)),
            ("GET", None, "cors", Err(501)),
            ("GET", None, "notification", Err(501)),
            ("GET", None, "versioning", Err(501)),
            ("GET", key, "attributes", Err(501)),
            ("GET", key, "legal-hold", Err(501)),
            ("POST", None, "delete", Err(501)),
            ("POST", None, "", Err(501)),
            ("POST", key, "", Err(501)),
            ("PATCH", key, "", Err(501)),
            ("OPTIONS", key, "", Err(501)),
            ("GET", None, "prefix=a&prefix=b", Err(400)),
        ];
        for (method, key, raw, expected) in cases {
            assert_eq!(look(method, key, raw, &[]), expected, "{method} {key:?} ?{raw}");
        }
    }

    #[test]
    fn e64_headers_that_ask_for_more_are_refused() {
        for (name, value, status) in [
            ("x-amz-copy-source", "/visum-inputs/a/x", 501),
            ("x-amz-copy-source-range", "bytes=0-1", 501),
            ("x-amz-acl", "public-read", 501),
            ("x-amz-grant-read", "id=x", 501),
            ("x-amz-tagging", "a=b", 501),
            ("x-amz-website-redirect-location", "https://x.example.org", 501),
            ("x-amz-server-side-encryption", "aws:kms", 501),
            ("x-amz-server-side-encryption-customer-key", "x", 501),
            ("x-amz-object-lock-mode", "GOVERNANCE", 501),
            ("x-amz-storage-class", "GLACIER", 501),
            ("x-amz-security-token", "x", 400),
        ] {
            assert_eq!(look("PUT", Some("k"), "", &[(name, value)]), Err(status), "{name}");
        }
        for (name, value) in [
            ("x-amz-storage-class", "STANDARD"),
            ("x-amz-checksum-crc32", "x"),
            ("x-amz-meta-mtime", "1"),
            ("content-md5", "x"),
        ] {
            assert_eq!(look("PUT", Some("k"), "", &[(name, value)]), Ok(Verb::Put), "{name}");
        }
    }
}
