//! Initial access tokens (RFC 7591 §3): who may register clients without an administrator, how many, until when.

use serde::{Deserialize, Serialize};
use visa_verifier::seam::Timestamp;

use super::governed::{Governed, RowKind};

/// Most clients that one token registers.
const MOST: u32 = 100;

/// An initial access token, by its digest.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Unchecked")]
pub struct RegistrationRow {
    /// A short word: lower-case letters, digits, `-`.
    pub id: String,
    /// SHA-256 of the token in base64url.
    pub digest: String,
    /// How many clients it registers.
    pub most: u32,
    /// Until when.
    pub until: Timestamp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    id: String,
    digest: String,
    most: u32,
    until: Timestamp,
}

impl TryFrom<Unchecked> for RegistrationRow {
    type Error = String;

    fn try_from(row: Unchecked) -> Result<Self, String> {
        let letters = row
            .id
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if !letters || row.id.is_empty() || row.id.len() > 40 {
            return Err("the id has up to 40 lower-case letters, digits and `-`".to_owned());
        }
        if row.digest.len() != 43 {
            return Err("`digest` is SHA-256 in base64url, 43 characters".to_owned());
        }
        if row.most == 0 || row.most > MOST {
            return Err(format!("one token registers 1 to {MOST} clients"));
        }
        Ok(Self {
            id: row.id,
            digest: row.digest,
            most: row.most,
            until: row.until,
        })
    }
}

impl Governed for RegistrationRow {
    const KIND: RowKind = RowKind::Registration;

    fn id(&self) -> String {
        self.id.clone()
    }
}
