//! Visa types, and the words of `by`.

use std::fmt;
use std::sync::Arc;

/// The type of a visa: the five standard ones, or a custom type by its URL (Passport 1.2 "Visa Types").
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum VisaType {
    /// The person's role at an institution.
    AffiliationAndRole,
    /// Terms, policies or a code of conduct that the person accepted.
    AcceptedTermsAndPolicies,
    /// A recognised researcher.
    ResearcherStatus,
    /// A dataset that a committee opened to the person.
    ControlledAccessGrants,
    /// Other identities of the same person.
    LinkedIdentities,
    /// A type beyond the standard; counts only if the trust policy supports it.
    Custom(Arc<str>),
}

impl VisaType {
    /// By its name in `type`; every other name is a custom type (whether it is a URL is not judged here).
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "AffiliationAndRole" => Self::AffiliationAndRole,
            "AcceptedTermsAndPolicies" => Self::AcceptedTermsAndPolicies,
            "ResearcherStatus" => Self::ResearcherStatus,
            "ControlledAccessGrants" => Self::ControlledAccessGrants,
            "LinkedIdentities" => Self::LinkedIdentities,
            other => Self::Custom(other.into()),
        }
    }

    /// The name in `type`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::AffiliationAndRole => "AffiliationAndRole",
            Self::AcceptedTermsAndPolicies => "AcceptedTermsAndPolicies",
            Self::ResearcherStatus => "ResearcherStatus",
            Self::ControlledAccessGrants => "ControlledAccessGrants",
            Self::LinkedIdentities => "LinkedIdentities",
            Self::Custom(url) => url,
        }
    }
}

impl fmt::Display for VisaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who asserted it (`by`). A word outside of the list stays readable and satisfies no policy.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum By {
    /// The person.
    Oneself,
    /// Another person of the source.
    Peer,
    /// A system of the source.
    System,
    /// A signing official of the source.
    SigningOfficial,
    /// A data access committee.
    Committee,
    /// A word that the specification does not have.
    Unknown(Arc<str>),
}

impl By {
    /// By its word.
    #[must_use]
    pub fn named(word: &str) -> Self {
        match word {
            "self" => Self::Oneself,
            "peer" => Self::Peer,
            "system" => Self::System,
            "so" => Self::SigningOfficial,
            "dac" => Self::Committee,
            other => Self::Unknown(other.into()),
        }
    }

    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Oneself => "self",
            Self::Peer => "peer",
            Self::System => "system",
            Self::SigningOfficial => "so",
            Self::Committee => "dac",
            Self::Unknown(word) => word,
        }
    }

    /// Whether the specification has the word; only then may a policy be satisfied by it.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }
}
