//! Pages against the sources: every code that an answer can carry stands on docs/reference/codes.md, and every
//! requirement of the GA4GH profiles on docs/conformance/aai-passport.md; every way around the gate on apis.md.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod attacks;
mod codes;
mod conformance;
mod ways;
