//! What a bundle's entry names: an object of ours by all its names, one of another host, or nothing that could be told.

use policy_engine::{
    decide::Engine,
    intent::{DrsId, ObjectRef},
};
use url::Url;

use crate::{
    api::{drs::BackendContent, encode},
    config::DrsMount,
    limits,
};

/// The hosts whose `drs://` URIs mean objects of the backend that we front.
#[derive(Debug)]
pub(super) struct Ours<'a> {
    engine: &'a Engine,
    mount: &'a DrsMount,
    /// As which the backend speaks of itself.
    backend: Option<String>,
}

/// An entry of a bundle.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Entry {
    /// An object of ours: the first id names it, each is decided on.
    Own {
        /// Its ids, decoded.
        ids: Vec<DrsId>,
        /// What is told of where it is: our own URIs, and those of others as they came.
        uris: Vec<String>,
    },
    /// An object of another host, which is told as it came and never asked for.
    Foreign {
        /// As it came.
        id: Option<String>,
        /// As they came.
        uris: Vec<String>,
    },
    /// It names nothing that could be decided on.
    Nothing,
}

/// Where a URI leads.
enum Place {
    Ours(DrsId),
    Elsewhere,
    /// No `drs://` URI: it may name a place in a storage.
    Unreadable,
}

impl<'a> Ours<'a> {
    /// By the settings, the snapshot, and the backend's own word for itself (`self_uri` of the bundle).
    pub(super) fn of(engine: &'a Engine, mount: &'a DrsMount, self_uri: Option<&str>) -> Self {
        let backend = self_uri.and_then(authority).map(|(host, _)| host.to_ascii_lowercase());
        Self { engine, mount, backend }
    }

    /// What an entry names.
    pub(super) fn read(&self, content: &BackendContent) -> Entry {
        let (mut ids, mut uris, mut elsewhere) = (Vec::new(), Vec::new(), Vec::new());
        for uri in content.drs_uri.iter().flatten().take(limits::MEMBER_URIS) {
            match self.place(uri) {
                Place::Ours(id) => {
                    uris.push(self.uri(&id));
                    if !ids.contains(&id) {
                        ids.push(id);
                    }
                }
                Place::Elsewhere => {
                    uris.push(uri.clone());
                    elsewhere.push(uri.clone());
                }
                Place::Unreadable => {}
            }
        }
        let named = content.id.as_deref().and_then(|id| DrsId::decoded(id).ok());
        let own = named.filter(|id| {
            // an id beside URIs of others alone is theirs, unless the catalogue knows it
            elsewhere.is_empty() || !ids.is_empty() || self.engine.snapshot().objects.object(id.as_str()).is_some()
        });
        if let Some(own) = own {
            let uri = self.uri(&own);
            if !uris.contains(&uri) {
                uris.insert(0, uri);
            }
            ids.retain(|id| *id != own);
            ids.insert(0, own);
        }
        match (ids.is_empty(), elsewhere.is_empty()) {
            (false, _) => Entry::Own { ids, uris },
            (true, false) => Entry::Foreign {
                id: content.id.clone(),
                uris: elsewhere,
            },
            (true, true) => Entry::Nothing,
        }
    }

    /// Our own URI of an object.
    fn uri(&self, id: &DrsId) -> String {
        format!("drs://{}/{}", self.mount.uri_host, encode(id.as_str()))
    }

    fn place(&self, uri: &str) -> Place {
        if let Some((host, id)) = authority(uri)
            && self.is_ours(host)
        {
            return DrsId::encoded(id).map_or(Place::Unreadable, Place::Ours);
        }
        match ObjectRef::parse(uri) {
            Ok(_) => Place::Elsewhere,
            Err(_) => Place::Unreadable,
        }
    }

    fn is_ours(&self, host: &str) -> bool {
        let is = |known: &str| known.eq_ignore_ascii_case(host);
        let base: &Url = &self.mount.backend.base;
        is(&self.mount.uri_host)
            || self.mount.uri_aliases.iter().any(|known| is(known))
            || self.engine.snapshot().drs_hosts.iter().any(|known| is(known))
            || base.host_str().is_some_and(is)
            || self.backend.as_deref().is_some_and(is)
    }
}

/// Host without its port, and the id, of `drs://host[:port]/id`. Backends write ports, though a URI has none.
fn authority(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.get(..6).filter(|front| front.eq_ignore_ascii_case("drs://"))?;
    let (host, id) = uri.get(rest.len()..)?.split_once('/')?;
    let host = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    Some((host, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_has_a_host_and_an_id_whatever_its_port() {
        let cases = [
            ("drs://drs.example.org/a", Some(("drs.example.org", "a"))),
            ("DRS://127.0.0.1:9001/a%2Fb", Some(("127.0.0.1", "a%2Fb"))),
            ("drs://dg.4503:x/y", Some(("dg.4503:x", "y"))),
            ("drs://dg.4503:x", None),
            ("s3://bucket/key", None),
            ("", None),
        ];
        for (uri, expected) in cases {
            assert_eq!(authority(uri), expected, "{uri}");
        }
    }
}
