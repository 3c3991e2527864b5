//! Calls from the command line to a node: plain requests, and a login without a window.

pub(crate) mod browser;
pub(crate) mod form;
pub(crate) mod http;
