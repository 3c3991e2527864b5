//! Ways around the gate: naming objects and reading them.
