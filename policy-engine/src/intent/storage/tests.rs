//! E12, E13, E16, E17: spellings of storage URLs.

use super::{RefRefused, StorageUrl};

#[test]
fn e12_url_spellings_are_one() {
    let cases = [
        ("scheme folds", "S3://bucket/k", "s3://bucket/k"),
        ("hadoop's names", "s3a://bucket/k", "s3://bucket/k"),
        ("no key", "s3://bucket", "s3://bucket/"),
        ("virtual host", "https://bucket.s3.amazonaws.com/k", "s3://bucket/k"),
        (
            "virtual host with region",
            "https://bucket.s3.eu-north-1.amazonaws.com/k",
            "s3://bucket/k",
        ),
        (
            "path style",
            "https://s3.eu-north-1.amazonaws.com/bucket/a/k",
            "s3://bucket/a/k",
        ),
        (
            "dualstack",
            "https://bucket.s3.dualstack.eu-north-1.amazonaws.com/k",
            "s3://bucket/k",
        ),
        (
            "google path style",
            "https://storage.googleapis.com/bucket/o",
            "gs://bucket/o",
        ),
        (
            "google virtual host",
            "https://bucket.storage.googleapis.com/o",
            "gs://bucket/o",
        ),
        (
            "host case and own port",
            "HTTPS://Files.Example.ORG:443/a",
            "https://files.example.org/a",
        ),
        (
            "other port stays",
            "https://files.example.org:8443/a",
            "https://files.example.org:8443/a",
        ),
        (
            "unreserved escapes",
            "https://files.example.org/%6B%2d",
            "https://files.example.org/k-",
        ),
        (
            "other escapes in upper case",
            "https://files.example.org/a%20%c3",
            "refused",
        ),
        (
            "space escape",
            "https://files.example.org/a%20b",
            "https://files.example.org/a%20b",
        ),
        ("file", "file:///data/a/b", "file:///data/a/b"),
    ];
    for (name, text, expected) in cases {
        let found = StorageUrl::parse(text).map_or_else(|_| "refused".to_owned(), |url| url.to_string());
        assert_eq!(found, expected, "{name}");
        if expected != "refused" {
            assert_eq!(
                StorageUrl::parse(&found).map(|url| url.to_string()),
                Ok(found),
                "{name}: idempotent"
            );
        }
    }
}

#[test]
fn e12_ambiguous_urls_are_refused() {
    use RefRefused::{Character, Escape, Host, HostSpelling, Length, Query, Scheme, Segment, Wildcard};
    let cases = [
        ("empty", "", Length),
        ("upper-case bucket", "s3://Bucket/k", Host),
        ("no bucket", "s3:///bucket/k", Host),
        ("access point", "s3://arn:aws:s3:eu:1:accesspoint/x", Host),
        ("empty segment", "s3://bucket//k", Segment),
        ("dot segments", "s3://bucket/./a/../k", Segment),
        ("escape in a key", "s3://bucket/secre%74", Escape),
        ("dots, escaped", "https://h.example/a/%2e%2e/b", Segment),
        ("slash, escaped", "https://h.example/a%2Fb", Escape),
        ("percent, escaped", "https://h.example/a%252e", Escape),
        ("dot segment with a parameter", "https://h.example/a/..;x/b", Segment),
        ("query", "https://h.example/k?versionId=1", Query),
        ("fragment", "https://h.example/k#x", Query),
        ("trailing dot", "https://h.example./k", Host),
        ("decimal address", "https://2130706433/k", HostSpelling),
        ("hex address", "https://0x7f000001/k", HostSpelling),
        ("IPv6", "https://[::1]/k", Wildcard),
        ("punycode", "https://xn--bcher-kva.example/k", HostSpelling),
        ("port zero", "https://h.example:0/k", HostSpelling),
        ("signed port", "https://h.example:+443/k", HostSpelling),
        (
            "website endpoint",
            "https://bucket.s3-website-eu.amazonaws.com/k",
            HostSpelling,
        ),
        (
            "json api",
            "https://storage.googleapis.com/download/storage/v1/b/b/o/k",
            HostSpelling,
        ),
        ("azure", "https://account.blob.core.windows.net/c/k", HostSpelling),
        ("other scheme", "ftp://h.example/k", Scheme),
        ("no scheme", "/mnt/data", Scheme),
        ("backslash", "https://h.example\\@evil.example/k", Character),
        ("zero-width", "https://h.example/a\u{200b}b", Character),
    ];
    for (name, text, expected) in cases {
        assert_eq!(StorageUrl::parse(text), Err(expected), "{name}");
    }
}

#[test]
fn e13_user_info_is_refused_without_repeating_it() {
    for text in [
        "https://good.example@evil.example/",
        "s3://KEY:SECRET@bucket/k",
        "https://u:p@h.example/",
    ] {
        let refused = StorageUrl::parse(text).unwrap_err();
        assert_eq!(refused, RefRefused::UserInfo);
        assert!(!refused.to_string().contains("SECRET"));
    }
}

#[test]
fn e16_wildcards_and_e17_host_paths_are_refused() {
    for text in ["s3://bucket/*", "s3://bucket/{a,b}", "s3://bucket/[ab]"] {
        assert_eq!(StorageUrl::parse(text), Err(RefRefused::Wildcard), "{text}");
    }
    let cases = [
        ("file://localhost/etc", RefRefused::Host),
        ("file:/etc/passwd", RefRefused::Scheme),
        ("file:///allowed/../secret", RefRefused::Segment),
        ("file:///allowed/%2e%2e/secret", RefRefused::Escape),
    ];
    for (text, expected) in cases {
        assert_eq!(StorageUrl::parse(text), Err(expected), "{text}");
    }
}

#[test]
fn a_prefix_ends_at_a_segment() {
    let url = |text: &str| StorageUrl::parse(text).unwrap();
    assert!(url("file:///out/uni/x").is_under(&url("file:///out/uni/")));
    assert!(!url("file:///out/unity/x").is_under(&url("file:///out/uni/")));
    assert!(!url("file:///out/uni/x").is_under(&url("file:///out/uni")));
    assert!(url("s3://bucket/x").is_under(&url("s3://bucket")));
    assert!(!url("s3://bucket2/x").is_under(&url("s3://bucket")));
}
