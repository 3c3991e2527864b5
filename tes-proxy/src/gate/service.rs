//! Who asks for itself, not for a person: a registered service with a token of its own (RFC 6749 §4.4).
//!
//! Such a token opens no data. It lets its service ask whether Passports count here.

use audit_log::{Auth, Class, Digest, Who};
use serde_json::Value;
use visa_verifier::AccessToken;

/// The scope of services that ask whether Passports count.
pub(crate) const VERIFY: &str = "visum:verify";
/// What stands before a client's id in `sub`; no person's `sub` holds a colon.
const SUBJECT: &str = "client:";
/// Audiences that one service may be, beside this node's own.
const AUDIENCES: usize = 16;

/// A service that proved who it is to the broker.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    /// Its `client_id`.
    pub(crate) client: String,
    /// Its own identifiers: a Passport whose `aud` names one of them is for it.
    pub(crate) stands_for: Vec<String>,
    /// Whether its token carries [`VERIFY`].
    pub(crate) may_verify: bool,
    auth: Auth,
}

impl Service {
    /// The service whose token this is; `None` if it is a person's.
    pub(crate) fn of(access: &AccessToken) -> Option<Self> {
        let id = access.identity().sub.as_str().strip_prefix(SUBJECT)?;
        let listed = access.claim("visum_stands_for").and_then(Value::as_array);
        let stands_for = listed.into_iter().flatten().filter_map(Value::as_str);
        Some(Self {
            client: id.to_owned(),
            stands_for: stands_for.take(AUDIENCES).map(str::to_owned).collect(),
            may_verify: access.has_scope(VERIFY) && id == access.client_id(),
            auth: Auth {
                tok: Some(Digest::from_bytes(*access.digest().as_bytes())),
                ..Auth::default()
            },
        })
    }

    /// The actor of its events; its name goes into `about`, since there is no person to seal it under.
    pub(crate) fn who(&self) -> Who {
        Who::nobody(Class::Service).auth(self.auth.clone())
    }
}
