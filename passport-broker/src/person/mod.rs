//! People: who an upstream identity is here, how identities are joined, and what is recorded of their doings.

mod again;
pub(crate) mod close;
pub(crate) mod endings;
pub(crate) mod held;
pub(crate) mod history;
pub(crate) mod link;
pub(crate) mod offer;
mod recognise;
pub(crate) mod record;
pub(crate) mod services;
pub(crate) mod terms;

pub(crate) use again::enter_again;
pub(crate) use recognise::{Found, Recognised, enter, recognise};
