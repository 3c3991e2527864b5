//! Ways around the gate: the storage door and its sessions.
