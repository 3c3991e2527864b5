//! REMS as the committee's system: its entitlements become grants of this node, and end with them.
//!
//! Entitlements are pulled in REMS' own API shape. What REMS pushes (`entitlements-target`) carries no credential, so
//! nothing of it is believed: it says when to pull. A grant is a governed row with its event, like every other; which
//! datasets a REMS may speak for is said by the dataset's own list of sources.

mod answer;
mod follow;
mod push;

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;
use visa_verifier::Issuer;
use visa_verifier::seam::Secret;

pub(crate) use follow::follow;
pub(crate) use push::routes;

/// A REMS that decides grants for datasets of this node.
#[derive(Clone, Debug)]
pub struct Rems {
    /// Its short name here.
    pub name: String,
    /// Its address, without `/api`.
    pub url: Url,
    /// The REMS user in whose name we ask: `x-rems-user-id`.
    pub user_id: String,
    /// `x-rems-api-key`.
    pub api_key: Secret,
    /// The issuer of the identities that its users are: its `userid` is the `sub` there.
    pub identities: Issuer,
    /// Its word as `source` of visas: datasets that list it among their committees' sources follow it, no others.
    pub source: String,
    /// Its resource ids (URN or URL) and the datasets that they are here; others are left alone.
    pub resources: BTreeMap<String, String>,
    /// How long a grant lasts whose entitlement names no end; it is renewed while the entitlement stands.
    pub life: Duration,
    /// An application whose grant was revoked here is revoked there too.
    pub revoke_there: bool,
}

impl Rems {
    fn address(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/api/{path}"));
        url
    }
}
