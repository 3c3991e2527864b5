//! Login providers that many nodes use, with what each really asserts: the start of their governed rows.
//!
//! A preset decides nothing by itself. What it says goes into the row, which two administrators read and approve, and the
//! row is what counts.

use crate::store::claim_map::ClaimMap;
use crate::store::register::UpstreamRow;

/// A ready-made provider.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Preset {
    /// Life Science Login (LS AAI), the login of the European life-science research infrastructures.
    LsLogin,
    /// ORCID: the researcher's iD, and that somebody signed in with it.
    Orcid,
    /// An institution's own OpenID Provider, by its issuer.
    Generic,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::LsLogin, Self::Orcid, Self::Generic];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::LsLogin => "ls-login",
            Self::Orcid => "orcid",
            Self::Generic => "generic",
        }
    }

    /// By its word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.word() == word)
    }

    /// Its issuer, as its metadata writes it: the final slash counts.
    #[must_use]
    pub const fn issuer(self) -> Option<&'static str> {
        match self {
            Self::LsLogin => Some("https://login.aai.lifescience-ri.eu/oidc/"),
            Self::Orcid => Some("https://orcid.org"),
            Self::Generic => None,
        }
    }

    /// What it asserts of people, and how far it is believed, in sentences.
    #[must_use]
    pub const fn words(self) -> &'static [&'static str] {
        match self {
            Self::LsLogin => &[
                "sub is the Life Science id (voperson_id), never given to another person.",
                "voperson_external_affiliation is what the home institution says; eduperson_scoped_affiliation is about \
                 the infrastructure itself. Both count only for the scopes of the institutions that the row speaks for.",
                "eduperson_assurance is passed on from the home institution; believed up to 2 (medium).",
                "eduperson_entitlement holds groups (AARC-G069); they count by the row's rules for groups only.",
                "ga4gh_passport_v1 holds visas in the form of version 1.0; each is verified by trust before it is used.",
                "Logs no administrators in unless the row says so.",
            ],
            Self::Orcid => &[
                "sub is the ORCID iD, never given to another person.",
                "No affiliations, no groups, no assurance and no visas: what a record says there, its owner wrote.",
                "amr is mfa or pwd, with the member API only; mfa is believed.",
                "Takes the client secret in the body of the request (client_secret_post).",
                "Logs no administrators in unless the row says so.",
            ],
            Self::Generic => &[
                "What the institution's OpenID Provider asserts, by the usual claims or those that the row names.",
                "Nothing is believed that the row does not say: assurance 0, no second factor, no unique ids.",
            ],
        }
    }

    /// The row to begin with. `issuer`: of [`Preset::Generic`], or of a test environment of the others.
    #[must_use]
    pub fn row(self, id: &str, client_id: &str, issuer: &str) -> UpstreamRow {
        let (name, scopes): (&str, &[&str]) = match self {
            Self::LsLogin => (
                "Life Science Login",
                &[
                    "openid",
                    "profile",
                    "email",
                    "voperson_external_affiliation",
                    "eduperson_assurance",
                    "eduperson_entitlement",
                    "ga4gh_passport_v1",
                ],
            ),
            Self::Orcid => ("ORCID", &["openid"]),
            Self::Generic => (id, &["openid", "profile", "email"]),
        };
        let claims = match self {
            Self::LsLogin => map(r#"{"groups": ["eduperson_entitlement"]}"#),
            Self::Orcid => map(r#"{"affiliation": [], "assurance": [], "groups": [], "visas": []}"#),
            Self::Generic => ClaimMap::default(),
        };
        UpstreamRow {
            id: id.to_owned(),
            name: name.to_owned(),
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            secret: None,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            preset: Some(self.word().to_owned()),
            speaks_for: Vec::new(),
            assurance_cap: if self == Self::LsLogin { 2 } else { 0 },
            unique_ids: self != Self::Generic,
            mfa: self != Self::Generic,
            admin: false,
            sample: false,
            claims,
            groups: Vec::new(),
            visa_sources: Vec::new(),
        }
    }
}

/// The usual map with these lists instead. They are ours, and a test reads each.
fn map(text: &str) -> ClaimMap {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_says_what_its_provider_asserts_and_no_more() {
        let orcid = Preset::Orcid.row("orcid", "APP-1", "https://orcid.org");
        assert_eq!(orcid.scopes, ["openid"]);
        assert_eq!(
            (orcid.assurance_cap, orcid.unique_ids, orcid.mfa, orcid.admin),
            (0, true, true, false)
        );
        let read = &orcid.claims;
        for (name, names) in [
            ("affiliation", &read.affiliation),
            ("visas", &read.visas),
            ("groups", &read.groups),
        ] {
            assert_eq!(names.iter().count(), 0, "ORCID asserts no {name}");
        }
        let ls = Preset::LsLogin.row("ls", "c", Preset::LsLogin.issuer().unwrap());
        assert!(ls.issuer.ends_with("/oidc/") && ls.scopes.contains(&"ga4gh_passport_v1".to_owned()));
        assert!(!ls.claims.is_usual() && ls.claims.visas.iter().eq(["ga4gh_passport_v1"]));
        for preset in Preset::ALL {
            assert_eq!(Preset::of(preset.word()), Some(preset));
            assert!(
                preset.row("x", "c", "https://x.example.org").speaks_for.is_empty(),
                "{preset:?}"
            );
        }
    }
}
