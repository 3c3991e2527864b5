//! Who is logged in here: a small file a profile, readable by its owner only.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use visa_verifier::seam::Timestamp;

use super::{
    key::ClientKey,
    login::{Login, kept},
};
use crate::error::CommandError;

/// A login, as it is kept.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// The broker.
    pub(crate) issuer: String,
    /// The proxy, if the node told it.
    pub(crate) proxy: Option<String>,
    /// The person, in words for the screen.
    pub(crate) name: String,
    /// The person at the broker: `SUB,ISS`.
    pub(crate) identity: String,
    /// The access token; never shown.
    pub(crate) access_token: String,
    /// When it ends.
    pub(crate) expires: Timestamp,
    /// The client's key, PKCS#8 in base64; never shown.
    pub(crate) key: String,
    /// Further certificate authorities, if the login used them.
    pub(crate) ca_file: Option<PathBuf>,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile")
            .field("issuer", &self.issuer)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

impl Profile {
    /// A login of just now, as it is kept.
    pub(crate) fn of(issuer: &str, proxy: Option<String>, login: &Login, ca_file: Option<PathBuf>) -> Self {
        let text = |name: &str| {
            login
                .me
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let identity = text("identity");
        Self {
            issuer: issuer.to_owned(),
            proxy,
            name: Some(text("name"))
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| identity.clone()),
            identity,
            access_token: login.access_token.clone(),
            expires: login.expires,
            key: kept(&login.key),
            ca_file,
        }
    }

    /// Reads a profile.
    ///
    /// # Errors
    /// `login.missing` if nobody is logged in under that name; `login.expired` if the login has ended.
    pub(crate) fn read(folder: &Path, name: &str, now: Timestamp) -> Result<Self, CommandError> {
        let path = file(folder, name)?;
        let login = format!("visum login --profile {name}");
        let bytes = fs::read(&path).map_err(|_| {
            CommandError::unknown(
                "login.missing",
                format!("nobody is logged in under the profile `{name}`"),
            )
            .hint(login.clone())
        })?;
        let profile: Self = serde_json::from_slice(&bytes).map_err(|source| {
            CommandError::unknown(
                "login.unreadable",
                format!("{} can't be read: {source}", path.display()),
            )
            .hint(login.clone())
        })?;
        if profile.expires <= now {
            return Err(CommandError::denied(
                "login.expired",
                format!("the login of `{name}` ended at {}", profile.expires),
            )
            .hint(login));
        }
        Ok(profile)
    }

    /// Keeps it, whole or not at all, for its owner's eyes only.
    ///
    /// # Errors
    /// If the folder can't be written.
    pub(crate) fn write(&self, folder: &Path, name: &str) -> Result<PathBuf, CommandError> {
        let path = file(folder, name)?;
        let failed = |source: &dyn std::fmt::Display| {
            CommandError::unknown(
                "login.unwritable",
                format!("{} can't be written: {source}", path.display()),
            )
        };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| failed(&source))?;
        let fresh = path.with_extension("new");
        let text = serde_json::to_vec_pretty(self).map_err(|source| failed(&source))?;
        let mut open = fs::OpenOptions::new();
        open.write(true).create(true).truncate(true).mode(0o600);
        open.open(&fresh)
            .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&fresh, &path))
            .map_err(|source| failed(&source))?;
        Ok(path)
    }

    /// The client's key.
    ///
    /// # Errors
    /// If the profile holds none.
    pub(crate) fn key(&self) -> Result<ClientKey, CommandError> {
        let pkcs8 = STANDARD
            .decode(&self.key)
            .map_err(|_| CommandError::unknown("login.key", "the profile's key is damaged"))?;
        ClientKey::read(&pkcs8)
    }
}

fn file(folder: &Path, name: &str) -> Result<PathBuf, CommandError> {
    let plain = !name.is_empty()
        && name.len() <= 64
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if plain {
        Ok(folder.join(format!("{name}.json")))
    } else {
        Err(CommandError::refused(
            "login.profile",
            format!("`{name}` is no profile name: letters, digits, `-` and `_` only"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(expires: i64) -> Profile {
        Profile {
            issuer: "https://broker.example.org".to_owned(),
            proxy: None,
            name: "Dan".to_owned(),
            identity: "dan,https%3A%2F%2Fbroker.example.org".to_owned(),
            access_token: "secret-token".to_owned(),
            expires: Timestamp::from_unix(expires),
            key: STANDARD.encode(ClientKey::generate().unwrap().pkcs8()),
            ca_file: None,
        }
    }

    #[test]
    fn a_profile_is_kept_for_its_owner_only_and_ends_with_its_token() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = profile(100).write(folder.path(), "dan").unwrap();
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        let read = Profile::read(folder.path(), "dan", Timestamp::from_unix(99)).unwrap();
        assert!(read.key().is_ok());
        assert!(!format!("{read:?}").contains("secret-token"));
        assert_eq!(
            Profile::read(folder.path(), "dan", Timestamp::from_unix(100))
                .unwrap_err()
                .code(),
            "login.expired"
        );
        assert_eq!(
            Profile::read(folder.path(), "eve", Timestamp::from_unix(0))
                .unwrap_err()
                .code(),
            "login.missing"
        );
        assert_eq!(
            Profile::read(folder.path(), "../dan", Timestamp::from_unix(0))
                .unwrap_err()
                .code(),
            "login.profile"
        );
    }
}
