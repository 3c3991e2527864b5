//! A judgement as others than the Passport's holder may see it (ERR-04): what counts, and of the rest no reason.

use crate::passport::Code;

use super::outcome::{PassportReport, Report, VisaReport};

/// The code that others than the holder get for everything that does not count.
pub const NOT_COUNTED: &str = Code::NotYetValid.generic();
/// Its sentence.
const SENTENCE: &str = Code::NotYetValid.generic_sentence();

impl Report {
    /// The same without reasons: codes, sentences and details of what does not count, and what such a visa says
    /// (unverified), are left out, and why an issuer is believed. What counts stays.
    #[must_use]
    pub fn for_others(mut self) -> Self {
        self.passports = self.passports.into_iter().map(PassportReport::for_others).collect();
        self.for_others_code()
    }

    /// The same without the reason of the whole; Passports stay as they are.
    #[must_use]
    pub fn for_others_code(mut self) -> Self {
        self.request_code = self.request_code.map(|_| NOT_COUNTED);
        self
    }
}

impl PassportReport {
    /// The same without reasons.
    #[must_use]
    pub fn for_others(mut self) -> Self {
        if self.code != "OK" {
            (self.code, self.sentence, self.detail) = (NOT_COUNTED, SENTENCE, None);
            (self.row, self.section) = ("", "");
        }
        for visa in &mut self.visas {
            if visa.valid {
                (visa.evidence, visa.key, visa.relaxed) = (Vec::new(), None, Vec::new());
            } else {
                visa.hide();
            }
        }
        self
    }
}

impl VisaReport {
    fn hide(&mut self) {
        *self = Self {
            valid: false,
            code: NOT_COUNTED,
            sentence: SENTENCE,
            digest: std::mem::take(&mut self.digest),
            ..Self::default()
        };
    }
}
