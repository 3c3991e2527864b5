//! The policies that come with the build (`policies/`), and the baseline's digest.

/// Forbids that nobody can undo.
pub const BASELINE: &str = include_str!("../../policies/baseline.cedar");
/// Shipped permits and forbids; an administrator may replace them.
pub const STANDARD: &str = include_str!("../../policies/standard.cedar");
/// Templates for administrators.
pub const TEMPLATES: &str = include_str!("../../policies/templates.cedar");
/// The schema that every policy must fit, strictly.
pub const SCHEMA: &str = include_str!("../../policies/visum.cedarschema");
/// Ids that only shipped policies have.
pub const RESERVED: &str = "visum.";

/// SHA-256 of the baseline, lower-case hex: what the release's proofs name (policy.md 3).
pub fn baseline_digest() -> String {
    crate::decide::hex_digest(BASELINE.as_bytes())
}
