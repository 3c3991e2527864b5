//! The mail server of `[mail]`.

use passport_broker::mail::{MailServer, MailSettings};
use visa_verifier::seam::Secret;

use super::secret;
use crate::{
    config::{self, file::File},
    error::CommandError,
    input::Input,
};

/// A file of certificate authorities.
const AUTHORITIES: u64 = 4 << 20;

/// The server that mail goes through, if one is configured.
///
/// # Errors
/// Settings that do not hold together, a file that can't be read.
pub(super) fn server(file: &File) -> Result<Option<MailServer>, CommandError> {
    let Some(table) = &file.mail else { return Ok(None) };
    let wrong = |what: &str| CommandError::refused("config.invalid", format!("[mail]: {what}"));
    let password = match &table.password_file {
        Some(path) => Some(secret(path)?),
        None => config::mail_password(),
    };
    let login = match (&table.user, password) {
        (Some(user), Some(password)) => Some((user.clone(), Secret::from(password))),
        (Some(_), None) => {
            return Err(wrong("there is a user and no password").hint("set password_file, or VISUM_MAIL_PASSWORD"));
        }
        (None, _) if table.password_file.is_some() => return Err(wrong("there is a password and no user")),
        (None, _) => None,
    };
    let authorities = match &file.node.ca_file {
        Some(path) => Input::File(path.clone()).read(AUTHORITIES)?,
        None => Vec::new(),
    };
    let settings = MailSettings {
        host: table.server.clone(),
        port: table.port(),
        security: table.security.into(),
        from: table.from.clone(),
        login,
        authorities,
        inside: file.node.allow_private_addresses,
    };
    MailServer::new(settings)
        .map(Some)
        .map_err(|error| CommandError::refused(error.code(), format!("[mail]: {error}")))
}
