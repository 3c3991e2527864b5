//! Ways around the gate: how a request is read, and what lies below it.
