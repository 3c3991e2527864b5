//! The seam to who knows what people hold now: work goes on for days, and what it was permitted by lives for an hour.

use std::fmt;

use futures::future::BoxFuture;
use visa_verifier::VisaIdentity;

/// It could not be asked; the work ends when what it rests on does, unless it can be asked before.
#[derive(Debug, thiserror::Error)]
#[error("what a person holds now could not be asked: {0}")]
pub struct RenewalError(pub String);

/// Gives Passports for the work of people who are not there to ask for one.
pub trait Renewal: Send + Sync + fmt::Debug {
    /// The Passport of this identity for an audience, as things are now; `None` for who is not known, is barred, or has
    /// left. It is read by this node alone, and handed to nobody.
    fn passport<'r>(
        &'r self,
        identity: &'r VisaIdentity,
        audience: &'r str,
    ) -> BoxFuture<'r, Result<Option<String>, RenewalError>>;
}
