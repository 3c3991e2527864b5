//! A node's parts, put together: its folder and keys, the log, the broker, the proxy, their listeners.

mod at_broker;
pub(crate) mod facts;
pub(crate) mod folder;
pub(crate) mod parts;
pub(crate) mod serve;
mod sessions;
pub(crate) mod still;
pub(crate) mod tls;
