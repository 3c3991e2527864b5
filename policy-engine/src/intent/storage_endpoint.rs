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

/// A host and path of a provider's own endpoint, as scheme, bucket and key; `None` for other hosts.
///
/// # Errors
/// [`RefRefused::HostSpelling`] for endpoints of these providers that are not understood.
pub(super) fn known<'a>(host: &'a str, key: &'a str) -> Result<Option<(Scheme, &'a str, &'a str)>, RefRefused> {
    let path_style = |scheme| {
        let (bucket, key) = key.split_once('/').unwrap_or((key, ""));
        Ok(Some((scheme, bucket, key)))
    };
    if host == "storage.googleapis.com" {
        if key.starts_with("download/") || key.starts_with("storage/") || key.starts_with("upload/") {
            return Err(RefRefused::HostSpelling);
        }
        return path_style(Scheme::Gs);
    }
    if let Some(bucket) = host.strip_suffix(".storage.googleapis.com") {
        return Ok(Some((Scheme::Gs, bucket, key)));
    }
    let foreign = [
        "googleapis.com",
        "storage.cloud.google.com",
        "core.windows.net",
        "amazonaws.com.cn",
    ];
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
    if bucket.is_empty() {
        path_style(Scheme::S3)
    } else {
        Ok(Some((Scheme::S3, bucket, key)))
    }
}

fn is_or_below(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|front| front.ends_with('.'))
}
