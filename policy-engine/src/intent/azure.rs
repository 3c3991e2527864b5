//! Azure Blob Storage: its https form is the canonical one; the forms of Hadoop's drivers become it (apis.md E12).

use super::{RefRefused, Scheme, StorageUrl, storage_endpoint::is_or_below};

/// The domain of all its endpoints.
const DOMAIN: &str = "core.windows.net";

/// Is it a host of Azure's?
pub(super) fn is_blob(host: &str) -> bool {
    is_or_below(host, DOMAIN)
}

/// An account's name: 3 to 24 of `a-z 0-9`.
fn is_account(text: &str) -> bool {
    (3..=24).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// A container's name: 3 to 63 of `a-z 0-9 -`, no hyphen at an end or beside another; or one of the `$` containers,
/// which are refused.
fn is_container(text: &str) -> bool {
    (3..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
}

/// The account of a host of either service of an account: both name the same bytes.
fn account(host: &str) -> Option<&str> {
    let front = host.strip_suffix(DOMAIN)?.strip_suffix('.')?;
    let account = front.strip_suffix(".blob").or_else(|| front.strip_suffix(".dfs"))?;
    is_account(account).then_some(account)
}

/// `https://ACCOUNT.blob.core.windows.net/CONTAINER/KEY`, its path in canonical spelling.
///
/// # Errors
/// [`RefRefused::HostSpelling`] for other hosts of the provider, [`RefRefused::Host`] without a sound container.
pub(super) fn blob(host: &str, key: &str) -> Result<StorageUrl, RefRefused> {
    let account = account(host).ok_or(RefRefused::HostSpelling)?;
    let (container, _) = key.split_once('/').unwrap_or((key, ""));
    if !is_container(container) {
        return Err(RefRefused::Host);
    }
    let key = if key == container {
        format!("{key}/")
    } else {
        key.to_owned()
    };
    StorageUrl::of(Scheme::Https, &format!("{account}.blob.{DOMAIN}"), &key)
}

/// `wasb[s]://` and `abfs[s]://CONTAINER@ACCOUNT.blob|dfs.core.windows.net/KEY`: there the `@` is no user info.
/// `az://` and forms without an account are refused: whose account it is stands in somebody's settings.
///
/// # Errors
/// [`RefRefused`].
pub(super) fn hadoop(scheme: &str, authority: &str, tail: &str) -> Result<Option<StorageUrl>, RefRefused> {
    if !matches!(scheme, "wasb" | "wasbs" | "abfs" | "abfss" | "az") {
        return Ok(None);
    }
    let Some((container, host)) = authority.split_once('@') else {
        return Err(RefRefused::HostSpelling);
    };
    let host = host.to_ascii_lowercase();
    if scheme == "az" || host.contains('@') || !is_container(container) || account(&host).is_none() {
        return Err(RefRefused::UserInfo);
    }
    StorageUrl::parse(&format!("https://{host}/{container}{tail}")).map(Some)
}
