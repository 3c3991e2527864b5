//! The protected header: `alg`, `typ`, `kid`, `jku`, `crit`. Keys that a token brings along (`jwk`, `x5u`,
//! `x5c`) are never looked at (RFC 8725 §3.10).

use std::borrow::Cow;

use super::compact::broken;
use super::error::TokenError;
use super::{json, limits};

/// The two signature algorithms that exist for us (AAI 1.2 "Signing Algorithms").
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, keys of 2048 bits or more.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    /// The name in `alg`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    /// By its exact name; everything else does not exist.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            _ => None,
        }
    }
}

/// What a header says, read and not believed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// `alg`, as it stands there.
    pub alg: Cow<'static, str>,
    /// `typ`.
    pub typ: Option<Cow<'static, str>>,
    /// `kid`.
    pub kid: Option<String>,
    /// `jku`.
    pub jku: Option<String>,
    /// Whether it demands an extension: there is a `crit` member (we understand none, so any is refused, RFC 7515
    /// §4.1.11), or a `b64`, which may change what was signed and has no place in a JWT (RFC 7797 §7), listed or not.
    pub crit: bool,
}

impl Header {
    /// Reads the JSON of a header, strictly as a whole, and keeps the members that matter.
    pub fn parse(bytes: &[u8]) -> Result<Self, TokenError> {
        let members = json::members(bytes, limits::TOKEN_DEPTH, ["alg", "typ", "kid", "jku", "crit", "b64"])
            .map_err(|e| broken("header", &e))?;
        let text = |member: &'static str, found: Option<json::Member>| match found {
            None => Ok(None),
            Some(json::Member::Text(text)) => Ok(Some(text)),
            Some(json::Member::Other) => Err(TokenError::Header { member }),
        };
        let [alg, typ, kid, jku, crit, b64] = members;
        Ok(Self {
            alg: text("alg", alg)?.ok_or(TokenError::Header { member: "alg" })?,
            typ: text("typ", typ)?,
            kid: text("kid", kid)?.map(Cow::into_owned),
            jku: text("jku", jku)?.map(Cow::into_owned),
            crit: crit.is_some() || b64.is_some(),
        })
    }
}

/// Whether `typ` names the media type `want`: letter case and a leading `application/` do not matter (VIS-39).
#[must_use]
pub fn same_type(typ: &str, want: &str) -> bool {
    const PREFIX: &str = "application/";
    let bare = match typ.get(..PREFIX.len()) {
        Some(start) if start.eq_ignore_ascii_case(PREFIX) => typ.get(PREFIX.len()..).unwrap_or_default(),
        _ => typ,
    };
    bare.eq_ignore_ascii_case(want)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_compare_without_case_and_prefix() {
        for (typ, same) in [
            ("vnd.ga4gh.visa+jwt", true),
            ("Application/VND.GA4GH.Visa+JWT", true),
            ("application/application/vnd.ga4gh.visa+jwt", false),
            ("vnd.ga4gh.passport+jwt", false),
            ("", false),
            ("applicatiön/x", false),
        ] {
            assert_eq!(same_type(typ, "vnd.ga4gh.visa+jwt"), same, "{typ}");
        }
    }
}
