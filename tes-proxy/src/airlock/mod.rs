//! The airlock (`apis.md` 10.4): what sessions wrote leaves by a request, automatic checks, a person whom policy names, and
//! a capability of the requester; each step is on record, and is judged again when it is taken.

mod check;
pub(crate) mod fetch;
mod files;
mod inputs;
pub(crate) mod judge;
mod lineage;
pub(crate) mod manifest;
pub(crate) mod request;
mod seen;
pub(crate) mod show;
