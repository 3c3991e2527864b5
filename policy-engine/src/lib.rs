//! Consent (DUO) and Cedar policies over verified facts: one explained decision.

pub mod catalogue;
pub mod consent;
