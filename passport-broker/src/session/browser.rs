//! A browser's session: its cookie, the row behind it, and what a page may call the person.

use http::{HeaderMap, HeaderValue};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use visa_verifier::seam::{Timestamp, token};

use super::{CookieProblem, Cookies};
use crate::Broker;
use crate::limits;
use crate::page::Signed;
use crate::store::sessions::{self, SessionRow};
use crate::store::{Db, StoreError};
use crate::tongue::Tongue;

/// How often the last use is written down: not at every click.
const SEEN_SECONDS: i64 = 60;

/// What the cookie holds. The name stays in the browser: no table of ours has it.
#[derive(Serialize, Deserialize)]
struct Inside {
    /// The secret whose digest is the row's key.
    secret: String,
    name: Option<String>,
    email: Option<String>,
}

/// A live session.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    /// The row.
    pub(crate) row: SessionRow,
    /// The name that the institution gave.
    pub(crate) name: Option<String>,
    /// The address that the institution verified.
    pub(crate) email: Option<String>,
    /// The language that the person chose here, or that the browser likes best.
    pub(crate) tongue: Tongue,
}

/// SHA-256 as base64url: how secrets are looked up that are never stored.
pub(crate) fn digest_of(secret: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest(&SHA256, secret.as_bytes()))
}

impl Browser {
    /// What pages call the person.
    pub(crate) fn called(&self) -> String {
        self.name.clone().unwrap_or_else(|| "Signed in".to_owned())
    }

    /// For the frame of a page.
    pub(crate) fn signed(&self, cookies: &Cookies) -> Signed {
        Signed {
            name: self.called(),
            logout: cookies.csrf.token(&self.row.sid, "logout"),
        }
    }

    /// The token of a form of this session.
    pub(crate) fn csrf(&self, cookies: &Cookies, form: &str) -> String {
        cookies.csrf.token(&self.row.sid, form)
    }
}

/// A new session's secret and `sid`, and the cookie for the browser. The row is stored by the caller.
pub(crate) fn begin(
    broker: &Broker,
    cookies: &Cookies,
    name: Option<&str>,
    email: Option<&str>,
    expires: Timestamp,
) -> Result<(String, HeaderValue), CookieProblem> {
    let secret = token(broker.random(), 32);
    let inside = Inside {
        secret,
        name: name.map(str::to_owned),
        email: email.map(str::to_owned),
    };
    let value = cookies.sealer.seal("session", &inside, expires)?;
    let cookie = cookies.jar.set("session", &value, limits::SESSION.as_secs())?;
    Ok((digest_of(&inside.secret), cookie))
}

/// The live session of a request's cookie, if there is one.
pub(crate) async fn current(
    cookies: &Cookies,
    db: &mut Db,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Option<Browser>, StoreError> {
    let Some(text) = cookies.jar.read(headers, "session") else {
        return Ok(None);
    };
    let Ok(inside) = cookies.sealer.open::<Inside>("session", text, now) else {
        return Ok(None);
    };
    let Some(row) = sessions::live(db, &digest_of(&inside.secret), now).await? else {
        return Ok(None);
    };
    if row.last_seen.plus(limits::SESSION_IDLE) <= now {
        return Ok(None);
    }
    if row.last_seen.unix() + SEEN_SECONDS < now.unix() {
        sessions::seen(db, &row.digest, now).await?;
    }
    Ok(Some(Browser {
        row,
        name: inside.name,
        email: inside.email,
        tongue: cookies
            .jar
            .read(headers, "lang")
            .and_then(Tongue::named)
            .unwrap_or_else(|| Tongue::accepted(headers)),
    }))
}
