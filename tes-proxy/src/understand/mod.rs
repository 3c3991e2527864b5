//! Requests as intents: one file a route, with its handler.

pub(crate) mod choice;
pub(crate) mod drs;
mod fault;
pub(crate) mod log;
pub(crate) mod redact;
pub(crate) mod reference;
pub(crate) mod scan;
pub(crate) mod tes;
pub(crate) mod trs;
pub(crate) mod wes;

pub(crate) use fault::NotUnderstood;
