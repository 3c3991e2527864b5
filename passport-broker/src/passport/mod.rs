//! A person's visas, our own and those of other issuers, as a Passport (AAI 1.2 "Passport Issuers", rows PAS and TX).

mod assemble;
mod collect;
mod foreign;
mod sign;
mod words;

pub(crate) use assemble::{Holding, holding, stands_beside, visas};
pub(crate) use collect::collect_at_login;
pub(crate) use foreign::{run as verify, with_ourselves};
pub(crate) use sign::{LoggedIn, issue};
pub(crate) use words::{ATTESTED, in_words, visa_in_words};
