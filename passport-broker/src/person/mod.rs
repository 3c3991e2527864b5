//! People: who an upstream identity is here, and what is recorded of their doings.

mod recognise;
pub(crate) mod record;

pub(crate) use recognise::recognise;
