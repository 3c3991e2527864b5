//! Ways around the gate: tasks, runs and tools.
