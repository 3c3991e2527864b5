//! Names that tell of fetching without a URL: buckets and hosts that datasets lie in, and programs that fetch.

use std::collections::BTreeSet;

use policy_engine::{intent::StorageUrl, snapshot::Snapshot};

/// Buckets and hosts of this node's datasets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(BTreeSet<String>);

impl Names {
    /// Of a snapshot's storage prefixes.
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        Self::from_urls(snapshot.prefixes.iter().map(|record| record.prefix.as_str()))
    }

    /// Of canonical URLs.
    pub(super) fn from_urls<'u>(urls: impl Iterator<Item = &'u str>) -> Self {
        Self(
            urls.filter_map(|url| StorageUrl::parse(url).ok())
                .map(|url| url.authority().split(':').next().unwrap_or_default().to_owned())
                .filter(|name| name.len() >= 3)
                .collect(),
        )
    }

    /// Does one of them stand in a text as a word of its own?
    pub(super) fn stand_in(&self, text: &str) -> bool {
        !self.0.is_empty()
            && text
                .split(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.')))
                .any(|word| {
                    let word = word.trim_matches('.');
                    self.0.contains(word) || self.0.contains(&word.to_ascii_lowercase())
                })
    }
}

/// Programs and libraries whose work is to fetch something, by names that mean nothing else.
const FETCHERS: [&str; 27] = [
    "curl", "wget", "aria2c", "gsutil", "gcloud", "azcopy", "rclone", "s3cmd", "s5cmd", "boto3", "botocore", "s3fs",
    "gcsfs", "adlfs", "fsspec", "urllib", "urllib2", "urllib3", "httpx", "aiohttp", "netcat", "socat", "scp", "sftp",
    "rsync", "lftp", "goofys",
];
/// The same, of names that are also words: only where they are the program that runs.
const SHORT: [&str; 8] = ["aws", "az", "nc", "mc", "ftp", "ssh", "telnet", "http"];

/// Is this the name of a program that fetches?
pub(crate) fn fetches(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program);
    FETCHERS.contains(&name) || SHORT.contains(&name)
}

/// Does a text speak of one?
pub(super) fn fetches_in(text: &str) -> bool {
    text.contains("/dev/tcp/")
        || text.contains("/dev/udp/")
        || text
            .split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
            .any(|word| FETCHERS.contains(&word))
}
