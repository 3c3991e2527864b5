//! `exp`, `nbf` and `iat` against our clock (CLH-22, CLH-23).

use crate::passport::Code;
use crate::seam::Timestamp;
use crate::token::NumericDate;

/// Now, and how far clocks may differ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) now: Timestamp,
    /// Seconds, at most 300.
    pub(crate) skew: i64,
}

impl Moment {
    pub(crate) fn new(now: Timestamp, skew: u64) -> Self {
        Self {
            now,
            skew: i64::try_from(skew).unwrap_or(0),
        }
    }

    /// On or after `exp` is over; before `nbf` is not yet; an `iat` ahead of us is a lie or a broken clock.
    pub(crate) fn check(self, exp: NumericDate, nbf: Option<NumericDate>, iat: NumericDate) -> Result<(), Code> {
        self.check_known(Some(exp), nbf, Some(iat))
    }

    /// The same where `exp` and `iat` may be absent (UserInfo answers).
    pub(crate) fn check_known(
        self,
        exp: Option<NumericDate>,
        nbf: Option<NumericDate>,
        iat: Option<NumericDate>,
    ) -> Result<(), Code> {
        let now = self.now.unix();
        if exp.is_some_and(|exp| now - self.skew >= exp.ceiling().unix()) {
            return Err(Code::Expired);
        }
        if nbf.is_some_and(|nbf| nbf.ceiling().unix() > now + self.skew) {
            return Err(Code::NotYetValid);
        }
        if iat.is_some_and(|iat| self.is_ahead(iat.ceiling())) {
            return Err(Code::IssuedInFuture);
        }
        Ok(())
    }

    /// Whether `instant` lies ahead, beyond what clocks may differ.
    pub(crate) const fn is_ahead(self, instant: Timestamp) -> bool {
        instant.unix() > self.now.unix() + self.skew
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn boundaries_are_exact() {
        let date = |n: f64| NumericDate::read(&json!(n), "exp").unwrap();
        for (name, skew, exp, nbf, iat, code) in [
            ("one second left", 0, 101.0, None, 0.0, Ok(())),
            ("half a second left", 0, 100.5, None, 0.0, Ok(())),
            ("on the second", 0, 100.0, None, 0.0, Err(Code::Expired)),
            ("inside the skew", 60, 41.0, None, 0.0, Ok(())),
            ("at the end of the skew", 60, 40.0, None, 0.0, Err(Code::Expired)),
            ("from now on", 0, 200.0, Some(100.0), 0.0, Ok(())),
            (
                "from the next second on",
                0,
                200.0,
                Some(101.0),
                0.0,
                Err(Code::NotYetValid),
            ),
            ("nbf inside the skew", 60, 200.0, Some(160.0), 0.0, Ok(())),
            ("issued now", 0, 200.0, None, 100.0, Ok(())),
            (
                "issued in half a second",
                0,
                200.0,
                None,
                100.5,
                Err(Code::IssuedInFuture),
            ),
        ] {
            let moment = Moment::new(Timestamp::from_unix(100), skew);
            assert_eq!(moment.check(date(exp), nbf.map(date), date(iat)), code, "{name}");
        }
    }
}
