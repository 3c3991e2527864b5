//! Test visas: signed here with a key of one's own, believed by nobody.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use passport_broker::keys::{sign_test_visa, test_visa_key};
use serde_json::{Value, json};
use visa_verifier::seam::{Secret, Timestamp};

use crate::{error::CommandError, exit::Exit, output::Context};

/// A key of test visas is small.
const KEY_BYTES: u64 = 4 << 10;

/// Signs the row as a test visa and prints it.
///
/// # Errors
/// `visa.test_key` if the key's file cannot be read or made; `visa.dates` (exit 2).
pub(super) fn issue(path: &Path, row: &Value, context: &Context) -> Result<Exit, CommandError> {
    let (key, made) = key(path)?;
    let time = |name: &str| {
        let text = row.get(name).and_then(Value::as_str).unwrap_or_default();
        text.parse::<Timestamp>().map(Timestamp::unix).map_err(|_| {
            CommandError::refused("visa.dates", format!("`{text}` is no instant"))
                .hint("write YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ")
        })
    };
    let (asserted, until) = (time("asserted")?, time("until")?);
    let mut object = json!({ "asserted": asserted });
    for name in ["type", "value", "source", "by", "conditions"] {
        if let (Some(value), Some(members)) = (row.get(name), object.as_object_mut()) {
            members.insert(name.to_owned(), value.clone());
        }
    }
    let claims = json!({
        "sub": row.get("person"), "iat": asserted, "exp": until, "jti": format!("test-{asserted}"), "ga4gh_visa_v1": object });
    let (visa, public) = sign_test_visa(&key, &claims)
        .map_err(|error| CommandError::refused("visa.test_key", format!("{}: {error}", path.display())))?;
    if made {
        context.words(&format!("A new key for test visas: {}", path.display()));
    }
    context.show(&json!({ "visa": visa, "jwks": { "keys": [public] } }), |_| visa.clone());
    Ok(Exit::Yes)
}

/// The key in the file; a new one, if there is no file. Whether it is new.
fn key(path: &Path) -> Result<(Secret, bool), CommandError> {
    let failed = |why: &dyn std::fmt::Display| {
        CommandError::refused("visa.test_key", format!("{}: {why}", path.display()))
            .hint("name a file that --test-key made, or one that is not there yet")
    };
    match fs::metadata(path) {
        Ok(found) if found.len() > KEY_BYTES => Err(failed(&"it is too large for a key")),
        Ok(_) => Ok((Secret::new(fs::read(path).map_err(|error| failed(&error))?), false)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let key = test_visa_key().map_err(|error| failed(&error))?;
            let mut open = fs::OpenOptions::new();
            let file = open.write(true).create_new(true).mode(0o600).open(path);
            file.and_then(|mut file| file.write_all(key.expose()))
                .map_err(|error| failed(&error))?;
            Ok((key, true))
        }
        Err(error) => Err(failed(&error)),
    }
}
