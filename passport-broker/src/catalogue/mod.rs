//! Rows that govern access: written with their event, compared with the log, published as a snapshot (D16).

mod change;
mod closure;
mod content;
mod files;
mod governance;
mod ledger;
mod publish;
mod read;
mod replicas;

pub use change::{Agreed, ChangeError, Changing};
pub use content::ContentError;
pub(crate) use content::{Content, committee_type, policies};
pub(crate) use files::{Files, complete, opened};
pub use ledger::{Ledger, Mismatch, Reach};
pub use publish::PublishError;
pub(crate) use publish::{logged_content, narrow_by, nothing_yet, publish, try_out};
pub(crate) use replicas::{LOOK, Others};

#[cfg(test)]
mod tests;
