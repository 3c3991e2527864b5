//! Consent (DUO) and Cedar policies over verified facts: one explained decision.
