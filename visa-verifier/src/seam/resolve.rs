//! Names to addresses, judged before anything is sent to them.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{Reach, reach};

/// How names become addresses. [`SystemResolver`] is the real one.
pub trait Resolver: Send + Sync + fmt::Debug {
    /// All addresses of `name`, in the order in which they are to be tried.
    fn addresses(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's way: its hosts file, its name servers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn addresses(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let name = name.to_owned();
        async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|socket| socket.ip()).collect())
        }
        .boxed()
    }
}

/// What addresses the client may connect to.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// `localhost` may be this machine.
    pub(super) loopback: bool,
    /// Inside addresses may be called.
    pub(super) inside: bool,
    /// The proxy's host: named by the configuration, so wherever it is.
    pub(super) proxy: Option<String>,
}

impl Rules {
    /// Whether `address`, which `name` led to or which was written in its place, may be called.
    pub(super) fn let_by(&self, name: &str, address: IpAddr) -> bool {
        if self
            .proxy
            .as_deref()
            .is_some_and(|proxy| proxy.eq_ignore_ascii_case(name))
        {
            return true;
        }
        let here = self.loopback && address.is_loopback();
        match reach(address) {
            Reach::Public => true,
            // a name of somebody else's that leads here is a trick, whoever may be called here by his own name
            Reach::Inside => self.inside || (here && (is_localhost(name) || is_literal(name))),
            Reach::Never => false,
        }
    }
}

pub(super) fn is_localhost(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
}

fn is_literal(name: &str) -> bool {
    name.trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>()
        .is_ok()
}

/// Resolves names and lets a name by only if all its addresses may be called. The connection is made to the very
/// addresses that were judged, so a second answer of the name server (rebinding) changes nothing.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) resolver: Arc<dyn Resolver>,
    pub(super) rules: Arc<Rules>,
}

/// The name leads where nothing may be called.
#[derive(Debug, thiserror::Error)]
#[error("an address that may not be called")]
pub(super) struct NotLetBy;

impl Resolve for Judged {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolver, rules) = (Arc::clone(&self.resolver), Arc::clone(&self.rules));
        async move {
            let found = resolver.addresses(name.as_str()).await?;
            // one bad address among good ones is a trick: the whole name is refused
            if found.is_empty() || !found.iter().all(|address| rules.let_by(name.as_str(), *address)) {
                return Err(NotLetBy.into());
            }
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        }
        .boxed()
    }
}
