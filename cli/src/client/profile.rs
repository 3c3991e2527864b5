//! Who is logged in here: a small file a profile, readable by its owner only.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use visa_verifier::seam::Timestamp;

use super::{
    key::ClientKey,
    login::{Around, Login, Provider, kept},
    renew,
};
use crate::{error::CommandError, exit::Exit};

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
    /// What renews it, by the client's key alone, if the login stays; never shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<String>,
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
            refresh_token: login.refresh_token.clone(),
            key: kept(&login.key),
            ca_file,
        }
    }

    /// Reads a profile whose token is good now.
    ///
    /// # Errors
    /// `login.missing` if nobody is logged in under that name; `login.expired` if the login has ended.
    #[cfg(test)]
    pub(crate) fn read(folder: &Path, name: &str, now: Timestamp) -> Result<Self, CommandError> {
        Self::load(folder, name)?.good(name, now)
    }

    /// Reads a profile, whether its token is good or not.
    ///
    /// # Errors
    /// `login.missing` if nobody is logged in under that name.
    pub(crate) fn load(folder: &Path, name: &str) -> Result<Self, CommandError> {
        let path = file(folder, name)?;
        let login = again(name);
        let bytes = fs::read(&path).map_err(|_| {
            CommandError::unknown(
                "login.missing",
                format!("nobody is logged in under the profile `{name}`"),
            )
            .hint(login.clone())
        })?;
        serde_json::from_slice(&bytes).map_err(|source| {
            CommandError::unknown(
                "login.unreadable",
                format!("{} can't be read: {source}", path.display()),
            )
            .hint(login)
        })
    }

    /// This profile, if its token is good now.
    ///
    /// # Errors
    /// `login.expired` if it is over.
    pub(crate) fn good(self, name: &str, now: Timestamp) -> Result<Self, CommandError> {
        if self.expires <= now {
            return Err(CommandError::denied(
                "login.expired",
                format!("the login of `{name}` ended at {}", self.expires),
            )
            .hint(again(name)));
        }
        Ok(self)
    }

    /// Renews a login that stays, where its token ends within `margin` or is the one that was `refused`; keeps what it got.
    /// One process at a time does so, and who comes second takes what the first one got: a refresh token is good once.
    ///
    /// # Errors
    /// `login.expired` if the broker renews it no more; that the broker can't be reached.
    pub(crate) async fn renewed(
        around: Around<'_>,
        folder: &Path,
        name: &str,
        margin: Duration,
        refused: Option<&str>,
    ) -> Result<Self, CommandError> {
        let _turn = turn(folder, name).await?;
        let mut profile = Self::load(folder, name)?;
        let fresh = around.clock.now().plus(margin) < profile.expires;
        if fresh && refused != Some(profile.access_token.as_str()) {
            return Ok(profile);
        }
        let Some(refresh) = &profile.refresh_token else {
            return profile.good(name, around.clock.now());
        };
        let provider = Provider::discover(around.client, &profile.issuer).await?;
        let given = renew::renew(around, &provider, refresh, &profile.key()?)
            .await
            .map_err(|wrong| {
                if wrong.exit() == Exit::Unknown {
                    wrong
                } else {
                    wrong.hint(again(name))
                }
            })?;
        profile.access_token = given.access_token;
        profile.expires = around.clock.now().plus(Duration::from_secs(given.seconds));
        if given.refresh_token.is_some() {
            profile.refresh_token = given.refresh_token;
        }
        profile.write(folder, name)?;
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

/// How to log in again: a login that stays does so by the same word.
fn again(name: &str) -> String {
    format!("visum login --profile {name}")
}

/// This process's turn to renew a profile, until it is dropped.
async fn turn(folder: &Path, name: &str) -> Result<fs::File, CommandError> {
    let path = file(folder, name)?.with_extension("lock");
    let failed = |source: &dyn std::fmt::Display| {
        CommandError::unknown(
            "login.unwritable",
            format!("{} can't be locked: {source}", path.display()),
        )
    };
    let mut open = fs::OpenOptions::new();
    open.write(true).create(true).truncate(false).mode(0o600);
    let lock = open.open(&path).map_err(|source| failed(&source))?;
    let waited = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await;
    waited
        .map_err(|source| failed(&source))?
        .map_err(|source| failed(&source))
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
            refresh_token: None,
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
