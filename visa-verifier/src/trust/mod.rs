//! Who is believed: brokers and visa issuers, for what, until when, and why. Deny by default: what no entry
//! names is not believed, and nothing is fetched for it.

mod entry;
mod evidence;
mod file;
mod lint;
mod load;
mod locate;
mod policy;
mod relaxation;
mod wire;

#[cfg(feature = "fetch")]
pub(crate) use entry::GRACE;
pub use entry::{KeySource, Keys, Role, TrustEntry};
pub(crate) use evidence::evidence_affiliated;
pub use evidence::{Affiliated, Evidence, Register};
pub use file::{TrustFileError, TrustFormat};
pub use lint::{Finding, Severity, lint};
pub use policy::{TrustError, TrustPolicy};
pub use relaxation::{Relaxation, UnknownRelaxation};
