//! The codes of visas and Passports, and a sentence for each. Codes are never renamed, never reused.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $text:literal $sentence:literal,)*) => {
        /// Why a visa or a Passport does not count (`OK`: it does).
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* #[doc = $sentence] $name,)* }

        impl Code {
            /// The code as it stands in reports.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// A sentence for people.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }

            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

codes! {
    Ok "OK" "it counts",
    Expired "EXPIRED" "it has expired",
    IssuedInFuture "ISSUED_IN_FUTURE" "it says that it was issued in the future",
    NotYetValid "NOT_YET_VALID" "it is not valid yet",
    BadSignature "BAD_SIGNATURE" "its signature is not its issuer's",
    RevokedKey "REVOKED_KEY" "the key that signed it is revoked",
    KeysUnavailable "KEYS_UNAVAILABLE" "the keys of its issuer could not be fetched",
    AlgNotAllowed "ALG_NOT_ALLOWED" "its algorithm is neither RS256 nor ES256",
    TypNotAllowed "TYP_NOT_ALLOWED" "it is a token of another kind",
    UnsupportedCrit "UNSUPPORTED_CRIT" "it demands an extension that is not understood here",
    MalformedVisa "MALFORMED_VISA" "it is no visa: something is missing or of the wrong type",
    NoKeyReference "NO_KEY_REFERENCE" "it has neither a `jku` nor the scope `openid`, so its keys cannot be found",
    TokenKindConflict "TOKEN_KIND_CONFLICT" "it has both a `jku` and the scope `openid`",
    UntrustedIssuer "UNTRUSTED_ISSUER" "its issuer is not trusted here",
    UntrustedJku "UNTRUSTED_JKU" "its key server is not one that its issuer is trusted with",
    IssuerNotTrustedForType "ISSUER_NOT_TRUSTED_FOR_TYPE" "its issuer is trusted here, but not for visas of this type",
    IssuerNotTrustedForDataset "ISSUER_NOT_TRUSTED_FOR_DATASET" "its issuer is trusted here, but not for this dataset",
    UntrustedSource "UNTRUSTED_SOURCE" "its issuer may not speak for this source",
    AudienceMismatch "AUDIENCE_MISMATCH" "it is meant for somebody else",
    StaleAccessTokenVisa "STALE_ACCESS_TOKEN_VISA" "it is older than an hour and its issuer was not asked since",
    Withdrawn "WITHDRAWN" "its issuer was asked and no longer stands by it",
    UnsupportedType "UNSUPPORTED_TYPE" "its type is neither a standard one nor one that is read here",
    MissingBy "MISSING_BY" "it does not say by whom it was asserted, which its type demands",
    BadUrlClaim "BAD_URL_CLAIM" "its source or value is no URL, or is longer than 255 characters",
    BadValueFormat "BAD_VALUE_FORMAT" "its value does not follow its type",
    ConditionsMalformed "CONDITIONS_MALFORMED" "its conditions are no list of lists",
    TooManyConditions "TOO_MANY_CONDITIONS" "it has more conditions than are judged here",
    ConditionsNotMet "CONDITIONS_NOT_MET" "none of its conditions is met by the other visas",
    LinksContradict "LINKS_CONTRADICT" "it would make two identities of one provider, which never gives two, one person",
    PassportTyp "PASSPORT_TYP" "it is no Passport by its `typ`",
    UntrustedBroker "UNTRUSTED_BROKER" "its broker is not trusted here",
    MalformedPassport "MALFORMED_PASSPORT" "it is no Passport: something is missing or of the wrong type",
    TooLarge "TOO_LARGE" "it is larger than is read here",
    NoAudience "NO_AUDIENCE" "it does not say for whom it is, and its broker may not leave that out",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_written_in_capitals() {
        let mut seen = std::collections::HashSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{code}");
            assert!(
                code.as_str().bytes().all(|b| b.is_ascii_uppercase() || b == b'_'),
                "{code}"
            );
        }
    }
}
