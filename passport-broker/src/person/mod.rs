//! People: who an upstream identity is here, how identities are joined, and what is recorded of their doings.

pub(crate) mod link;
pub(crate) mod offer;
mod recognise;
pub(crate) mod record;

pub(crate) use recognise::{Found, Recognised, enter, recognise};
