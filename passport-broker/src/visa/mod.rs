//! The visas that this broker issues: facts from its tables, each kind in its file, signed for an hour at most.

mod draft;
mod issue;
pub(crate) mod kind;

pub(crate) use draft::VisaDraft;
pub(crate) use issue::{VisaProblem, sign_all};
