//! Ways around the gate: being someone else, seeing their things, and what leaks without data.
