//! `id_token_hint`: an ID Token of ours, also one that is over.

use std::collections::BTreeSet;

use serde_json::Value;
use visa_verifier::token::{CompactToken, same_type};

use crate::front::Front;

/// Most bytes of a hint.
const BYTES: usize = 8 * 1024;

/// What a hint says: we signed it, so it was in the hands of its client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Hint {
    /// The client that it was issued to.
    pub(super) client: String,
    /// The session that it came of.
    pub(super) sid: Option<String>,
    /// Whose.
    pub(super) subject: String,
}

/// Reads a hint: signed by a token key of ours, an ID Token, of one client. Its end does not matter.
pub(super) fn read(front: &Front, text: &str) -> Option<Hint> {
    let token = CompactToken::parse(text, BYTES).ok()?;
    let header = token.header();
    // Logout tokens and access tokens are signed by the same keys, and are no hints.
    if header.crit || !header.typ.as_deref().is_some_and(|typ| same_type(typ, "JWT")) {
        return None;
    }
    let keys = front.broker.signer().token_keys();
    keys.verify(&token, &BTreeSet::new()).ok()?;
    let claim = |name: &str| token.claims().get(name).and_then(Value::as_str).map(str::to_owned);
    (claim("iss")? == front.issuer()).then_some(())?;
    Some(Hint {
        client: claim("aud")?,
        sid: claim("sid"),
        subject: claim("sub")?,
    })
}
