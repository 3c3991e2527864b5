//! The five people. All are fictional; what is said of them is asserted, not checked.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

/// The REFEDS multi-factor profile (an `acr` value).
pub(crate) const MFA: &str = "https://refeds.org/profile/mfa";
/// One password, as `acr`: the REFEDS single-factor profile.
const SFA: &str = "https://refeds.org/profile/sfa";

/// A person who can log in at the home institution.
#[derive(Clone, Debug)]
pub struct Person {
    /// The `login_hint`: `ada`, `ben`, `dan`, `eve` or `noor`.
    pub login: &'static str,
    /// The display name.
    pub name: &'static str,
    /// What the person does in the demo, for the login page.
    pub role: &'static str,
    /// The persistent `sub` at the home institution; follows from the seed.
    pub sub: String,
    /// An address below example.org.
    pub email: &'static str,
    /// `eduperson_scoped_affiliation`.
    pub affiliation: &'static str,
    /// Does the institution assert a second factor?
    pub mfa: bool,
}

/// The five of them.
pub(crate) fn people(seed: u64) -> Vec<Person> {
    let person = |login: &'static str, name, role, email, affiliation, mfa| {
        let digest = digest(&SHA256, format!("visum sample person/{seed}/{login}").as_bytes());
        let sub = URL_SAFE_NO_PAD.encode(digest.as_ref().get(..16).unwrap_or_default());
        Person {
            login,
            name,
            role,
            sub,
            email,
            affiliation,
            mfa,
        }
    };
    vec![
        person(
            "ada",
            "Ada Researcher",
            "Researcher",
            "ada@uni.example.org",
            "faculty@uni.example.org",
            false,
        ),
        person(
            "ben",
            "Ben Analyst",
            "Researcher in Ada's group",
            "ben@uni.example.org",
            "member@uni.example.org",
            false,
        ),
        person(
            "dan",
            "Dan Committee",
            "Member of a data access committee",
            "dan@biobank.example.org",
            "member@biobank.example.org",
            true,
        ),
        person(
            "eve",
            "Eve Biobank",
            "Colleague of Dan's, who may sit in the committee too",
            "eve@biobank.example.org",
            "member@biobank.example.org",
            true,
        ),
        person(
            "noor",
            "Noor Admin",
            "Administrator, operator and auditor",
            "noor@biobank.example.org",
            "member@biobank.example.org",
            true,
        ),
    ]
}

impl Person {
    /// How the person is said to have logged in.
    pub(crate) fn acr(&self) -> &'static str {
        if self.mfa { MFA } else { SFA }
    }

    /// The methods behind it (RFC 8176).
    pub(crate) fn amr(&self) -> Value {
        if self.mfa {
            json!(["pwd", "otp", "mfa"])
        } else {
            json!(["pwd"])
        }
    }

    /// What the institution says of the person to a client that may have `scope`. The eduPerson claims go with
    /// `openid`, as at many institutions.
    pub(crate) fn claims(&self, scope: &str) -> serde_json::Map<String, Value> {
        let has = |word| scope.split(' ').any(|one| one == word);
        let mut claims = serde_json::Map::new();
        claims.insert("sub".to_owned(), json!(self.sub));
        claims.insert("eduperson_scoped_affiliation".to_owned(), json!([self.affiliation]));
        let assurance = [
            "https://refeds.org/assurance",
            "https://refeds.org/assurance/ID/unique",
            "https://refeds.org/assurance/IAP/medium",
        ];
        claims.insert("eduperson_assurance".to_owned(), json!(assurance));
        if has("profile") {
            claims.insert("name".to_owned(), json!(self.name));
        }
        if has("email") {
            claims.insert("email".to_owned(), json!(self.email));
            claims.insert("email_verified".to_owned(), json!(true));
        }
        claims
    }
}
