//! The whole system against real parts.
