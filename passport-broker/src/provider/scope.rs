//! What a client may ask for.

use std::fmt;

/// A scope that this provider knows.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Scope {
    /// Sign in (OpenID Connect Core §3.1.2.1).
    OpenId,
    /// Name.
    Profile,
    /// E-mail address.
    Email,
    /// Visas, in a Passport or by UserInfo (AAI 1.2).
    Passport,
    /// A refresh token.
    OfflineAccess,
    /// One's own account through our API.
    Own,
    /// Administration through our API; who may do what there is decided by policy, request by request.
    Admin,
}

impl Scope {
    /// All, in the order in which they are written.
    pub(crate) const ALL: [Self; 7] = [
        Self::OpenId,
        Self::Profile,
        Self::Email,
        Self::Passport,
        Self::OfflineAccess,
        Self::Own,
        Self::Admin,
    ];

    /// Its word on the wire.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::Passport => "ga4gh_passport_v1",
            Self::OfflineAccess => "offline_access",
            Self::Own => "visum:self",
            Self::Admin => "visum:admin",
        }
    }

    /// The scope that is written so, whole word and case.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }

    /// What the release page calls it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::OpenId => "Your id at this node",
            Self::Profile => "Your name",
            Self::Email => "Your e-mail address",
            Self::Passport => "Your Passport: the visas that you hold",
            Self::OfflineAccess => "Stay signed in",
            Self::Own => "Your account here",
            Self::Admin => "Administration in your name",
        }
    }

    /// What it means for the person.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::OpenId => {
                "A code that stands for you at this node, the institution that you came from, and how you signed in."
            }
            Self::Profile => "As your institution gave it.",
            Self::Email => "As your institution verified it.",
            Self::Passport => {
                "Signed statements about you: where you work, what committees granted to you, and for which purpose. The program can show them where you want to use data, for an hour at a time."
            }
            Self::OfflineAccess => {
                "The program may renew its access without asking you, until you end it here or it has been idle."
            }
            Self::Own => "The program may read your account, state purposes in your name, and keep a key of its own.",
            Self::Admin => {
                "If you hold a role here, the program may use it. Each step is still decided by policy and recorded."
            }
        }
    }
}

/// A set of scopes, in the order of [`Scope::ALL`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Scopes(Vec<Scope>);

impl Scopes {
    /// Reads a `scope` value. Words that we do not know are left out (OpenID Connect Core §3.1.2.1); the answer
    /// then says what was given.
    pub(crate) fn parse(text: &str) -> Self {
        Self::from_iter(text.split(' ').filter_map(Scope::of))
    }

    /// Whether it holds `scope`.
    pub(crate) fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Its members.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// Whether all of `self` is in `other`.
    pub(crate) fn within(&self, other: &Self) -> bool {
        self.0.iter().all(|scope| other.has(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut all: Vec<Scope> = scopes.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        Self(all)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.0.iter().enumerate() {
            let gap = if at == 0 { "" } else { " " };
            write!(f, "{gap}{}", scope.word())?;
        }
        Ok(())
    }
}

impl serde::Serialize for Scopes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Scopes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_whole_words_and_written_in_one_order() {
        let cases = [
            ("ga4gh_passport_v1 openid", "openid ga4gh_passport_v1"),
            ("openid2 xga4gh_passport_v1 OPENID", ""),
            ("openid openid  email", "openid email"),
        ];
        for (asked, given) in cases {
            assert_eq!(Scopes::parse(asked).to_string(), given, "{asked}");
        }
    }
}
