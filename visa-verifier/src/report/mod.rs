//! A whole request judged and written down: what `visum passport verify` and `decode` print.

mod decode;
mod input;
mod others;
mod outcome;
#[cfg(feature = "fetch")]
mod request;
mod words;

pub use decode::{Decoded, DecodedVisa, decode};
pub use input::{InputError, VerifyInput};
pub use others::NOT_COUNTED;
pub use outcome::{Answer, PassportReport, PersonReport, Report, RequirementReport, VisaReport};
#[cfg(feature = "fetch")]
pub use request::verify;
pub use words::without_tokens;
