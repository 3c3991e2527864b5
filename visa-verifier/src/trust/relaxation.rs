//! [`Relaxation`]: what one issuer may do otherwise than the profiles say. Off unless its trust entry accepts it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::entry::Role;

/// A deviation of deployed systems that a trust entry may accept by name (`accept = ["…"]`), for its issuer alone.
/// There is no global one. Whether a visa or Passport needed one, its [`Evidence`](super::Evidence) tells.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Relaxation {
    /// A broker's UserInfo answer may hold its signed Passport as `passport_jwt_v11` (RAS).
    PassportJwtV11,
    /// A broker's Passport may have the `typ` `JWT`, or none (RAS before v1.2).
    PassportTypJwt,
    /// The type `https://ras.nih.gov/visas/v1.1` counts without being listed as supported, and what
    /// `ras_dbgap_permissions` beside the Visa Object grants is read (RAS).
    RasDbgapPermissions,
    /// Entries of LinkedIdentities are form-encoded: a `+` is a blank (LS Login).
    FormEncodedLinks,
    /// The value of a ControlledAccessGrants may be a bare name instead of a URL (REMS, EGA).
    BareValues,
    /// `by` may be missing where its type demands it; it then satisfies no policy that wants a word (EGA).
    MissingBy,
    /// A visa may have neither `jku` nor the scope `openid`: its keys are those of the entry (EGA, REMS).
    MissingKeyReference,
}

/// A name that no relaxation has.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no relaxation of that name")]
pub struct UnknownRelaxation;

impl Relaxation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::PassportJwtV11,
        Self::PassportTypJwt,
        Self::RasDbgapPermissions,
        Self::FormEncodedLinks,
        Self::BareValues,
        Self::MissingBy,
        Self::MissingKeyReference,
    ];

    /// Its name in a trust file, in reports and in audit records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PassportJwtV11 => "passport_jwt_v11",
            Self::PassportTypJwt => "passport_typ_jwt",
            Self::RasDbgapPermissions => "ras_dbgap_permissions",
            Self::FormEncodedLinks => "form_encoded_links",
            Self::BareValues => "bare_values",
            Self::MissingBy => "missing_by",
            Self::MissingKeyReference => "missing_key_reference",
        }
    }

    /// In which list an entry may accept it.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::PassportJwtV11 | Self::PassportTypJwt => Role::Broker,
            Self::RasDbgapPermissions
            | Self::FormEncodedLinks
            | Self::BareValues
            | Self::MissingBy
            | Self::MissingKeyReference => Role::VisaIssuer,
        }
    }
}

impl fmt::Display for Relaxation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Relaxation {
    type Err = UnknownRelaxation;

    fn from_str(name: &str) -> Result<Self, UnknownRelaxation> {
        Self::ALL
            .iter()
            .copied()
            .find(|r| r.as_str() == name)
            .ok_or(UnknownRelaxation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_files_and_reports() {
        for relaxation in Relaxation::ALL {
            assert_eq!(relaxation.as_str().parse(), Ok(*relaxation));
            assert_eq!(serde_json::to_value(relaxation).unwrap(), relaxation.as_str());
        }
        assert_eq!("everything".parse::<Relaxation>(), Err(UnknownRelaxation));
    }
}
