//! Several credentials of one request: one person's, or a refusal (`apis.md` 2.2).

use std::sync::Arc;

use policy_engine::decide::{Engine, Session};
use visa_verifier::{VerifiedPassport, token::TokenDigest, verify};

use super::Identify;
use crate::{
    gate::Person,
    problem::{Challenge, Problem},
};

/// How two people are told: code and sentence.
pub(super) type Refusal = (&'static str, &'static str);

/// Of several Passports.
pub(super) const MANY: Refusal = (
    "token.many_passports",
    "the Passports are not proven to be one person's; send those of one person",
);
/// Of a token and Passports.
pub(super) const TWO: Refusal = ("token.two_people", "the token and the Passport are of two people");

impl Identify {
    /// Whom each of several Passports names, every one verified with its own broker.
    pub(super) async fn by_passports(&self, passports: &[String]) -> Result<Vec<Arc<Person>>, Problem> {
        let mut people: Vec<Arc<Person>> = Vec::new();
        for compact in passports {
            let person = self.by_passport(compact, false).await?;
            if !people.iter().any(|known| known.digest == person.digest) {
                people.push(person);
            }
        }
        Ok(people)
    }

    /// One person of all credentials of a request, with what counts of each: the login is that of the first. `before` is
    /// the snapshot from before any of them was looked at.
    ///
    /// # Errors
    /// 400, in these words, if they are not proven to be one person's (D2); 401 if there is none.
    pub(super) async fn together(
        &self,
        people: Vec<Arc<Person>>,
        before: &Engine,
        (code, sentence): Refusal,
    ) -> Result<Arc<Person>, Problem> {
        let Some(first) = people.first() else {
            let sentence = "a token or a Passport is needed";
            return Err(Problem::unauthenticated(Challenge::Missing, "token.missing", sentence));
        };
        if people.len() == 1 {
            return Ok(Arc::clone(first));
        }
        let names: Vec<&str> = people.iter().map(|person| person.digest.as_str()).collect();
        let digest = format!("together-{}", TokenDigest::of(&names.join(" ")));
        if let Some(person) = self.known(&digest) {
            return Ok(person);
        }
        let passports: Vec<VerifiedPassport> = people.iter().filter_map(|person| person.passport().cloned()).collect();
        let whole = verify::together(passports, &before.snapshot().trust)
            .filter(|_| people.iter().all(|one| one.passport().is_some()));
        let whole = whole.ok_or_else(|| Problem::refused(code, sentence))?;
        let changed = before.snapshot().changed_at(whole.identities());
        let until = people.iter().map(|person| person.until).min().unwrap_or(first.until);
        let ends = people.iter().map(|person| person.session.token_expires).min();
        let session = Session {
            token_expires: ends.unwrap_or(first.session.token_expires),
            ..first.session.clone()
        };
        let (identity, auth, bound) = (first.identity.clone(), first.auth.clone(), first.bound.clone());
        self.keep(digest, identity, whole, session, auth, changed, until, bound)
            .await
    }
}
