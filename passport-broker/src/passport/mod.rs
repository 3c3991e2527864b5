//! A person's visas, our own and those of other issuers, as a Passport (AAI 1.2 "Passport Issuers", rows PAS and TX).

mod assemble;
mod at_work;
mod collect;
mod differences;
mod foreign;
mod sign;
mod source;
mod words;

pub(crate) use assemble::{Holding, holding, stands_beside, visas};
pub use at_work::passport_at_work;
pub(crate) use collect::{collect_at_login, refresh};
pub(crate) use differences::of as differences;
pub(crate) use foreign::{run as verify, with_ourselves};
pub(crate) use sign::{LoggedIn, issue};
pub(crate) use words::{ATTESTED, in_words, visa_in_words};
