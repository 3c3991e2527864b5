//! Clients and servers that others wrote, in front of and behind the gate.
