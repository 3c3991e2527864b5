//! The codes of visas and Passports, and a sentence for each. Codes are never renamed, never reused.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $text:literal $row:literal $section:literal $sentence:literal,)*) => {
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

            /// The row of the requirement table behind it (docs/conformance/aai-passport.md).
            #[must_use]
            pub const fn row(self) -> &'static str {
                match self { $(Self::$name => $row,)* }
            }

            /// The section of the specification behind it.
            #[must_use]
            pub const fn section(self) -> &'static str {
                match self { $(Self::$name => $section,)* }
            }

            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

codes! {
    Ok "OK" "CLH-09" "AAI 1.2 \"Conformance for Passport Clearinghouses\" 5.1"
        "it counts",
    Expired "EXPIRED" "CLH-22" "Passport 1.2 \"Visa Expiry\"; RFC 7519 4.1.4"
        "it has expired",
    IssuedInFuture "ISSUED_IN_FUTURE" "CLH-23" "AAI 1.2 \"Conformance for Passport Clearinghouses\" 5.1; the profile sets no bound (A-21)"
        "it says that it was issued in the future",
    NotYetValid "NOT_YET_VALID" "CLH-22" "RFC 7519 4.1.5"
        "it is not valid yet",
    BadSignature "BAD_SIGNATURE" "CLH-09" "AAI 1.2 \"Conformance for Passport Clearinghouses\" 5.1"
        "its signature is not its issuer's",
    RevokedKey "REVOKED_KEY" "CLH-19" "Passport 1.2 \"General Requirements\" 8.3"
        "the key that signed it is revoked",
    KeysUnavailable "KEYS_UNAVAILABLE" "ERR-05" "AAI 1.2 \"Conformance for Passport Clearinghouses\" 5.3"
        "the keys of its issuer could not be fetched",
    AlgNotAllowed "ALG_NOT_ALLOWED" "CLH-25" "AAI 1.2 \"Signing Algorithms\""
        "its algorithm is neither RS256 nor ES256",
    TypNotAllowed "TYP_NOT_ALLOWED" "CLH-26" "Passport 1.2 \"Visa Format\"; RFC 8725 3.11"
        "it is a token of another kind",
    UnsupportedCrit "UNSUPPORTED_CRIT" "CLH-24" "RFC 7515 4.1.11"
        "it demands an extension that is not understood here",
    MalformedVisa "MALFORMED_VISA" "VIS-15" "Passport 1.2 \"Visa Format\""
        "it is no visa: something is missing or of the wrong type",
    NoKeyReference "NO_KEY_REFERENCE" "VIS-16" "Passport 1.2 \"Visa Format\""
        "it has neither a `jku` nor the scope `openid`, so its keys cannot be found",
    TokenKindConflict "TOKEN_KIND_CONFLICT" "VIS-09" "AAI 1.2 \"Conformance for Visa Issuers\" 1.1.6"
        "it has both a `jku` and the scope `openid`",
    UntrustedIssuer "UNTRUSTED_ISSUER" "CLH-19" "Passport 1.2 \"General Requirements\" 8.3"
        "its issuer is not trusted here",
    UntrustedJku "UNTRUSTED_JKU" "CLH-14" "AAI 1.2 \"Conformance for Passport Clearinghouses\" 5.3.2"
        "its key server is not one that its issuer is trusted with",
    IssuerNotTrustedForType "ISSUER_NOT_TRUSTED_FOR_TYPE" "CLH-19" "Passport 1.2 \"General Requirements\" 8.3"
        "its issuer is trusted here, but not for visas of this type",
    IssuerNotTrustedForDataset "ISSUER_NOT_TRUSTED_FOR_DATASET" "CLH-19" "Passport 1.2 \"General Requirements\" 8.3"
        "its issuer is trusted here, but not for this dataset",
    UntrustedSource "UNTRUSTED_SOURCE" "CLH-19" "Passport 1.2 \"General Requirements\" 8.3"
        "its issuer may not speak for this source",
    AudienceMismatch "AUDIENCE_MISMATCH" "CLH-21" "RFC 7519 4.1.3"
        "it is meant for somebody else",
    StaleAccessTokenVisa "STALE_ACCESS_TOKEN_VISA" "CLH-12" "AAI 1.2 \"Conformance for Passport Clearinghouses\" 5.2.2"
        "it is older than an hour and its issuer was not asked since",
    Withdrawn "WITHDRAWN" "EXP-16" "AAI 1.2 \"Conformance for Passport Clearinghouses\" 6.5"
        "its issuer was asked and no longer stands by it",
    UnsupportedType "UNSUPPORTED_TYPE" "TYP-15" "Passport 1.2 \"Custom Visa Types\""
        "its type is neither a standard one nor one that is read here",
    MissingBy "MISSING_BY" "TYP-10" "Passport 1.2 \"ControlledAccessGrants\", \"AcceptedTermsAndPolicies\""
        "it does not say by whom it was asserted, which its type demands",
    BadUrlClaim "BAD_URL_CLAIM" "URL-06" "Passport 1.2 \"URL Claims\" 3"
        "its source or value is no URL, or is longer than 255 characters",
    BadValueFormat "BAD_VALUE_FORMAT" "OBJ-06" "Passport 1.2 \"value\""
        "its value does not follow its type",
    ConditionsMalformed "CONDITIONS_MALFORMED" "CND-06" "Passport 1.2 \"conditions\""
        "its conditions are no list of lists",
    TooManyConditions "TOO_MANY_CONDITIONS" "CND-24" "Passport 1.2 \"conditions\"; the bound is ours (A-10)"
        "it has more conditions than are judged here",
    ConditionsNotMet "CONDITIONS_NOT_MET" "CND-01" "Passport 1.2 \"conditions\""
        "none of its conditions is met by the other visas",
    LinksContradict "LINKS_CONTRADICT" "LNK-06" "Passport 1.2 \"General Requirements\" 8.4"
        "it would make two identities of one provider, which never gives two, one person",
    PassportTyp "PASSPORT_TYP" "PAS-04" "AAI 1.2 \"Passport Format\""
        "it is no Passport by its `typ`",
    UntrustedBroker "UNTRUSTED_BROKER" "CLH-19" "Passport 1.2 \"General Requirements\" 8.3"
        "its broker is not trusted here",
    MalformedPassport "MALFORMED_PASSPORT" "PAS-11" "AAI 1.2 \"Passport Format\""
        "it is no Passport: something is missing or of the wrong type",
    TooLarge "TOO_LARGE" "CLH-28" "the profiles set no bound; it is ours"
        "it is larger than is read here",
    NoAudience "NO_AUDIENCE" "PAS-07" "AAI 1.2 \"Passport Format\"; the rule is ours (A-26)"
        "it does not say for whom it is, and its broker may not leave that out",
}

/// The code that others than the holder get for everything that does not count (ERR-04).
const NOT_COUNTED: &str = "NOT_COUNTED";

impl Code {
    /// What others than the Passport's authenticated holder get instead: `OK`, or one code for everything that does
    /// not count (ERR-04). A detailed reason helps whoever probes.
    #[must_use]
    pub const fn generic(self) -> &'static str {
        if matches!(self, Self::Ok) {
            self.as_str()
        } else {
            NOT_COUNTED
        }
    }

    /// The sentence of [`generic`](Self::generic).
    #[must_use]
    pub const fn generic_sentence(self) -> &'static str {
        if matches!(self, Self::Ok) {
            self.sentence()
        } else {
            "it does not count here; its holder can ask why"
        }
    }
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
    fn every_code_names_a_row_of_the_table_and_a_section() {
        let page = include_str!("../../../docs/conformance/aai-passport.md");
        for code in Code::ALL {
            assert!(page.contains(&format!("| {} |", code.row())), "{code}: {}", code.row());
            assert!(!code.section().is_empty(), "{code}");
            assert_eq!(code.generic() == "OK", *code == Code::Ok, "{code}");
        }
    }

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
