//! The web spellings of object stores: known ones become their bucket form, doubtful ones are refused (E12).

use super::{RefRefused, Scheme};

/// A bucket name that all stores agree on: 3 to 63 of `a-z 0-9 . -`, ends alphanumeric, no `..`.
pub(super) fn is_bucket(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (3..=63).contains(&text.len())
        && text.bytes().all(|b| inner(b) || matches!(b, b'.' | b'-'))
        && text.bytes().next().is_some_and(inner)
        && text.bytes().last().is_some_and(inner)
        && !text.contains("..")
        && text.parse::<std::net::Ipv4Addr>().is_err()
}

/// A bucket by its provider's web address: scheme, bucket and key, both still with their escapes.
pub(super) type Known = (Scheme, String, String);

/// The path of an object's bytes in Google's JSON interface.
const GOOGLE_JSON: &str = "download/storage/v1/b/";

/// Is it such an address?
pub(super) fn is_google_json(authority: &str, path: &str) -> bool {
    authority.eq_ignore_ascii_case("storage.googleapis.com")
        && path.strip_prefix('/').is_some_and(|key| key.starts_with(GOOGLE_JSON))
}

/// A host and path of a provider's own endpoint, as scheme, bucket and key; `None` for other hosts.
///
/// # Errors
/// [`RefRefused::HostSpelling`] for endpoints of these providers that are not understood.
pub(super) fn known(host: &str, key: &str) -> Result<Option<Known>, RefRefused> {
    let found = |scheme, bucket: &str, key: &str| Ok(Some((scheme, bucket.to_owned(), key.to_owned())));
    let path_style = |scheme| {
        let (bucket, key) = key.split_once('/').unwrap_or((key, ""));
        found(scheme, bucket, key)
    };
    if host == "storage.googleapis.com" {
        if let Some(rest) = key.strip_prefix(GOOGLE_JSON) {
            let (bucket, object) = rest.split_once("/o/").ok_or(RefRefused::HostSpelling)?;
            // there an object's slashes are written as escapes, and a plain one ends it
            if object.is_empty() || object.contains('/') || bucket.contains('/') {
                return Err(RefRefused::HostSpelling);
            }
            return found(Scheme::Gs, bucket, &object.replace("%2F", "/").replace("%2f", "/"));
        }
        if ["download", "storage", "upload", "batch", "resumable"]
            .iter()
            .any(|word| key.split('/').next() == Some(word))
        {
            return Err(RefRefused::HostSpelling);
        }
        return path_style(Scheme::Gs);
    }
    if let Some(bucket) = host.strip_suffix(".storage.googleapis.com") {
        return found(Scheme::Gs, bucket, key);
    }
    if host == "storage.cloud.google.com" {
        return path_style(Scheme::Gs);
    }
    let foreign = ["googleapis.com", "storage.cloud.google.com", "amazonaws.com.cn"];
    if foreign.iter().any(|end| is_or_below(host, end)) {
        return Err(RefRefused::HostSpelling);
    }
    if !is_or_below(host, "amazonaws.com") {
        return Ok(None);
    }
    let front = host.strip_suffix(".amazonaws.com").ok_or(RefRefused::HostSpelling)?;
    // `[bucket.]s3[.dualstack][.region]`
    let (bucket, rest) = match front.strip_prefix("s3") {
        Some(rest) if rest.is_empty() || rest.starts_with('.') => ("", rest),
        _ => match front.split_once(".s3.") {
            Some((bucket, _)) => (bucket, front.get(bucket.len() + 3..).unwrap_or_default()),
            None => (front.strip_suffix(".s3").ok_or(RefRefused::HostSpelling)?, ""),
        },
    };
    let region = rest.strip_prefix(".dualstack").unwrap_or(rest);
    let region = region.strip_prefix('.').unwrap_or(region);
    if !region
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    {
        return Err(RefRefused::HostSpelling);
    }
    // S3 reads a plus in a path as a space, other readers don't.
    if key.contains('+') {
        return Err(RefRefused::Escape);
    }
    if bucket.is_empty() {
        path_style(Scheme::S3)
    } else {
        found(Scheme::S3, bucket, key)
    }
}

pub(super) fn is_or_below(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|front| front.ends_with('.'))
}
