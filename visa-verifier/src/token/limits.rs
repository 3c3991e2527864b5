//! Sizes, depths and counts of everything a token holds (CLH-28, CND-24, LNK-11). Crossing one says which.

/// A Passport with all its visas, bytes of its compact form.
pub const PASSPORT_BYTES: usize = 1024 * 1024;
/// A visa, an access token or an ID token, bytes. Room for a 4096-bit RSA signature and long URLs several times over.
pub const VISA_BYTES: usize = 16 * 1024;
/// Visas in one Passport.
pub const VISAS: usize = 500;
/// Nesting of objects and arrays in a token.
pub const TOKEN_DEPTH: usize = 32;
/// Nesting in a key set or a trust file.
pub const DOCUMENT_DEPTH: usize = 16;
/// A key set, bytes.
pub const KEY_SET_BYTES: usize = 256 * 1024;
/// Keys in one set; a provider in the middle of a rotation has four.
pub const KEYS: usize = 64;
/// AND groups in one `conditions` claim, and clauses in all of them together.
pub const CONDITIONS: usize = 64;
/// Steps that the pattern matching of one Passport may take in all, about 50 ms; honest ones take some thousands.
/// Past it no visa with conditions counts (`TOO_MANY_CONDITIONS`), whichever of them took the steps.
pub const MATCH_STEPS: u64 = 20_000_000;
/// Characters of a foreign text that stand in an error message.
pub const SHOWN: usize = 240;
/// Entries of one LinkedIdentities visa.
pub const LINKS: usize = 1_000;
/// Characters of a URL claim (Passport 1.2 "URL Claims" 3).
pub const URL_CHARACTERS: usize = 255;
/// Bytes of an `iss`. LinkedIdentities may name issuers longer than a URL claim.
pub const ISSUER_BYTES: usize = 1_024;
/// Bytes of a `sub` (OpenID Connect Core §2).
pub const SUBJECT_BYTES: usize = 255;
/// 2200-01-01T00:00:00Z: a NumericDate beyond it is most likely in milliseconds.
pub const LATEST_SECOND: i64 = 7_258_118_400;
/// Access-token visas older than this by `iat`, in seconds, need a confirmed poll (AAI 1.2, clearinghouses 5.2.2).
pub const UNPOLLED_SECONDS: i64 = 3_600;
/// The largest `clock_skew` that a trust file may set, seconds (CLH-23).
pub const SKEW_SECONDS: u64 = 300;
