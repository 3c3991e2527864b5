//! A whole request judged and written down: what `visum passport verify` and `decode` print.

mod decode;
mod input;
mod outcome;
#[cfg(feature = "fetch")]
mod request;

pub use decode::{Decoded, DecodedVisa, decode};
pub use input::{InputError, VerifyInput};
pub use outcome::{Answer, PassportReport, Report, RequirementReport, VisaReport};
#[cfg(feature = "fetch")]
pub use request::verify;
