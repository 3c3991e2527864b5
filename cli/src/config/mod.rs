//! The one place that reads the environment and configuration files.

pub(crate) mod broker;
pub(crate) mod file;
pub(crate) mod mail;
mod nearest;
mod one_or_many;
pub(crate) mod proxy;

use std::path::PathBuf;

use crate::error::CommandError;

/// Where logins are kept: `$VISUM_HOME`, else `$XDG_CONFIG_HOME/visum`, else `~/.config/visum`.
///
/// # Errors
/// If the environment names no home.
pub(crate) fn home() -> Result<PathBuf, CommandError> {
    let named = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    named("VISUM_HOME")
        .or_else(|| named("XDG_CONFIG_HOME").map(|folder| folder.join("visum")))
        .or_else(|| named("HOME").map(|folder| folder.join(".config").join("visum")))
        .ok_or_else(|| {
            CommandError::unknown("config.home", "there is no home folder to keep a login in")
                .hint("set VISUM_HOME to a folder of your own")
        })
}

/// The password of the mail server, where no file names it: `VISUM_MAIL_PASSWORD`.
pub(crate) fn mail_password() -> Option<String> {
    std::env::var_os("VISUM_MAIL_PASSWORD")
        .and_then(|text| text.into_string().ok())
        .filter(|text| !text.is_empty())
}

/// The log's levels, from `VISUM_LOG`.
pub(crate) fn log_levels() -> Option<String> {
    std::env::var_os("VISUM_LOG")
        .and_then(|text| text.into_string().ok())
        .filter(|text| !text.is_empty())
}
