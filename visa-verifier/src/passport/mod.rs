//! Passports before and after: the container that is believed by no one, the visas that count, the ones that
//! do not, and which identities are one person.

mod code;
pub(crate) mod container;
mod rejected;
mod researcher;
mod verified;
mod visa;

pub use code::Code;
pub use container::{Carrier, Passport};
pub use rejected::{PassportRejected, Rejected};
pub use researcher::People;
pub use verified::VerifiedPassport;
pub use visa::Visa;

pub(crate) use visa::{Dates, Draft, Facts};
