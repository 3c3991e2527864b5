//! A command's connection to a node: which one, and as whom.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use visa_verifier::seam::{Clock as _, SystemClock, SystemRandom};

use super::{
    http::Client,
    login::{self, Around, Provider},
    profile::Profile,
};
use crate::{config, error::CommandError};

/// A login that stays is renewed before a command if its token ends within this time.
const MARGIN: Duration = Duration::from_secs(2);

/// Which node and which login a command uses.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct As {
    /// The login to use (see `visum login`)
    #[arg(long, value_name = "NAME", default_value = "default", env = "VISUM_PROFILE")]
    pub(crate) profile: String,
}

/// A login in hand.
#[derive(Debug)]
pub(crate) struct Session {
    /// Outgoing calls.
    pub(crate) client: Client,
    /// Who it is.
    pub(crate) profile: Profile,
}

impl Session {
    /// Opens the login that `wanted` names.
    ///
    /// # Errors
    /// If nobody is logged in there, or the login has ended.
    pub(crate) fn open(wanted: &As) -> Result<Self, CommandError> {
        let folder = config::home()?.join("profiles");
        let profile = Profile::load(&folder, &wanted.profile)?;
        let client = Client::new(loopback(&profile.issuer), profile.ca_file.clone())?;
        let over = profile.expires <= SystemClock.now().plus(MARGIN);
        if over && profile.refresh_token.is_some() {
            let random = SystemRandom::new();
            let around = Around {
                client: &client,
                clock: &SystemClock,
                random: &random,
            };
            let renewing = Profile::renewed(around, &folder, &wanted.profile, MARGIN, None);
            // commands open their login before they do anything else: nothing of theirs waits on this thread
            let profile = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(renewing))?;
            return Ok(Self { client, profile });
        }
        let profile = profile.good(&wanted.profile, SystemClock.now())?;
        Ok(Self { client, profile })
    }

    /// `GET` at the broker's own API.
    ///
    /// # Errors
    /// What the broker says, or that it can't be reached.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, CommandError> {
        self.client
            .get(&self.broker(path), Some(&self.profile.access_token))
            .await?
            .ok()
    }

    /// `POST` at the broker's own API.
    ///
    /// # Errors
    /// As [`Session::get`].
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, CommandError> {
        self.client
            .post(&self.broker(path), Some(&self.profile.access_token), body)
            .await?
            .ok()
    }

    /// An address of the broker's own API.
    pub(crate) fn broker(&self, path: &str) -> String {
        format!("{}/visum/v1/{path}", self.profile.issuer)
    }

    /// An address of the proxy.
    ///
    /// # Errors
    /// If the login knows none.
    pub(crate) fn proxy(&self, path: &str) -> Result<String, CommandError> {
        self.profile
            .proxy
            .as_ref()
            .map(|proxy| format!("{}/{path}", proxy.trim_end_matches('/')))
            .ok_or_else(|| {
                CommandError::refused("login.no_proxy", "this login knows no proxy")
                    .hint("log in again and name it: visum login --broker URL --proxy URL")
            })
    }

    /// A Passport for the proxy.
    ///
    /// # Errors
    /// If the broker refuses.
    pub(crate) async fn passport(&self) -> Result<String, CommandError> {
        let provider = Provider::discover(&self.client, &self.profile.issuer).await?;
        let around = Around {
            client: &self.client,
            clock: &SystemClock,
            random: &SystemRandom::new(),
        };
        let audience = self.proxy("")?;
        let audience = audience.trim_end_matches('/');
        login::passport(
            around,
            &provider,
            &self.profile.access_token,
            &self.profile.key()?,
            audience,
        )
        .await
    }
}

/// Whether an issuer on this very machine may be called by plain http.
pub(crate) fn loopback(issuer: &str) -> bool {
    issuer.starts_with("http://")
}

/// Where a demo's addresses stand.
pub(crate) fn demo_file(data: &Path) -> PathBuf {
    data.join("demo.json")
}

/// Reads `DIR/demo.json`.
///
/// # Errors
/// If no demo runs there.
pub(crate) fn demo_facts(data: &Path) -> Result<Value, CommandError> {
    let path = demo_file(data);
    let bytes = std::fs::read(&path).map_err(|source| {
        CommandError::unknown("demo.missing", format!("no demo runs in {}: {source}", data.display()))
            .hint("start one: visum demo")
    })?;
    serde_json::from_slice(&bytes).map_err(|source| {
        CommandError::unknown("demo.unreadable", format!("{} can't be read: {source}", path.display()))
    })
}

/// A text of `demo.json` by JSON pointer.
///
/// # Errors
/// If it is not there.
pub(crate) fn fact<'f>(facts: &'f Value, pointer: &str) -> Result<&'f str, CommandError> {
    facts.pointer(pointer).and_then(Value::as_str).ok_or_else(|| {
        CommandError::unknown("demo.unreadable", format!("demo.json does not say {pointer}"))
            .hint("was it written by another version? start the demo anew")
    })
}
