//! What a visa says: the Visa Object (`ga4gh_visa_v1`), its types, its conditions, whom it speaks of.

mod affiliation;
mod condition;
pub(crate) mod dbgap;
mod identity;
mod kind;
mod links;
mod object;
mod url_claim;

pub use affiliation::Affiliation;
pub use condition::{Budget, Clause, Conditions, Matcher, Member};
pub use dbgap::DbgapPermission;
pub use identity::{VisaIdentity, percent_decode, percent_encode};
pub use kind::{By, VisaType};
pub use links::Links;
pub use object::{ObjectError, VisaObject};
pub use url_claim::is_url_claim;
