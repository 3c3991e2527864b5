//! The page of codes against the sources: every code that an answer can carry stands on docs/reference/codes.md.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod codes;
