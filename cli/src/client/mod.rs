//! Calls from the command line to a node: plain requests, and a login without a window.

pub(crate) mod browser;
pub(crate) mod device;
pub(crate) mod form;
pub(crate) mod http;
pub(crate) mod key;
pub(crate) mod login;
pub(crate) mod profile;
pub(crate) mod propose;
pub(crate) mod renew;
pub(crate) mod session;
