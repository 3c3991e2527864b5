//! `Front`: what the handlers of pages and of the OpenID Provider hold beside the [`Broker`].

use std::sync::Arc;

use policy_engine::snapshot::Governance;
use url::Url;

use crate::Broker;
use crate::keys::KeyError;
use crate::page::Frame;
use crate::session::{Browser, Cookies};
use crate::upstream::Discoveries;

/// The broker, its cookies, and what it knows of upstream providers. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    /// The broker.
    pub(crate) broker: Broker,
    /// Cookies and forms.
    pub(crate) cookies: Arc<Cookies>,
    /// Metadata of upstream providers.
    pub(crate) discoveries: Arc<Discoveries>,
}

impl Front {
    /// In front of this broker.
    pub(crate) fn of(broker: &Broker) -> Result<Self, KeyError> {
        let cookies = Arc::new(Cookies::of(broker)?);
        Ok(Self {
            broker: broker.clone(),
            cookies,
            discoveries: Arc::default(),
        })
    }

    /// Our issuer, as tokens write it.
    pub(crate) fn issuer(&self) -> &str {
        self.broker.config().issuer.as_str()
    }

    /// An absolute URL of ours; `path` begins with `/`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer().trim_end_matches('/'))
    }

    /// What stands around a page.
    pub(crate) fn frame(&self, title: &str, browser: Option<&Browser>) -> Frame {
        let node = Url::parse(self.issuer())
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned));
        Frame {
            title: title.to_owned(),
            node: node.unwrap_or_else(|| "Visum".to_owned()),
            base: self.cookies.base.clone(),
            banner: self.broker.config().banner.clone(),
            single: self.broker.governance() == Governance::Single,
            signed: browser.map(|browser| browser.signed(&self.cookies)),
        }
    }
}
