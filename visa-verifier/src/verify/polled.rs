//! [`Polled`]: what polls of their issuers said of access-token visas, as a verification takes it (CLH-12, EXP-16).

use std::collections::HashMap;

use crate::seam::Timestamp;
use crate::token::{TokenDigest, limits};

/// What is known from polls. An empty one is right wherever nothing was polled: old access-token visas then do not
/// count.
#[derive(Clone, Default)]
pub struct Polled {
    said: HashMap<TokenDigest, Said>,
}

/// What an issuer said of one visa.
#[derive(Clone)]
enum Said {
    /// It stands, as of then.
    Stands(Timestamp),
    /// These stand in its place. Texts: believed only by their own signatures.
    Replaced(Vec<String>),
    /// It does not stand any more.
    Withdrawn,
}

/// Of an access-token visa: whether a poll is needed before it counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum PollState {
    /// It counts without a further poll until this instant.
    Until(Timestamp),
    /// Older than an hour, and no poll confirmed it within the last one.
    Stale,
    /// Its issuer no longer stands by it.
    Withdrawn,
}

impl Polled {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The issuer of this visa confirmed it at `at`; good for an hour.
    pub fn confirm(&mut self, visa: TokenDigest, at: Timestamp) {
        self.said.insert(visa, Said::Stands(at));
    }

    /// The issuer of this visa gave `others` in its place (EXP-16); with none it is withdrawn.
    pub fn replace(&mut self, visa: TokenDigest, others: Vec<String>) {
        let said = if others.is_empty() {
            Said::Withdrawn
        } else {
            Said::Replaced(others)
        };
        self.said.insert(visa, said);
    }

    /// The issuer of this visa does not stand by it any more: it counts no longer, however young it is.
    pub fn withdraw(&mut self, visa: TokenDigest) {
        self.said.insert(visa, Said::Withdrawn);
    }

    /// The visas that are to be judged in the place of `visas`: each in its old place; further ones at the end.
    pub(crate) fn in_place(&self, visas: Vec<String>) -> Vec<String> {
        if self.said.is_empty() {
            return visas;
        }
        let mut further = Vec::new();
        let mut all: Vec<String> = visas
            .into_iter()
            .map(|visa| match self.said.get(&TokenDigest::of(&visa)) {
                Some(Said::Replaced(others)) => {
                    let mut others = others.iter().cloned();
                    let first = others.next().unwrap_or(visa);
                    further.extend(others);
                    first
                }
                Some(Said::Stands(_) | Said::Withdrawn) | None => visa,
            })
            .collect();
        all.extend(further);
        all
    }

    /// What is known of an access-token visa that was issued at `issued`.
    pub(crate) fn state(&self, visa: &TokenDigest, issued: Timestamp, now: Timestamp) -> PollState {
        let hour_after = |at: Timestamp| at.unix().saturating_add(limits::UNPOLLED_SECONDS);
        let until = match self.said.get(visa) {
            Some(Said::Withdrawn | Said::Replaced(_)) => return PollState::Withdrawn,
            Some(Said::Stands(at)) => hour_after(*at).max(hour_after(issued)),
            None => hour_after(issued),
        };
        if now.unix() > until {
            PollState::Stale
        } else {
            // on its last second it still counts
            PollState::Until(Timestamp::from_unix(until.saturating_add(1)))
        }
    }
}

impl std::fmt::Debug for Polled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Polled({} visas)", self.said.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CLH-12: one hour by `iat`, else one hour by the poll, to the second.
    #[test]
    fn an_hour_counts_from_the_issue_or_from_the_poll() {
        let visa = TokenDigest::of("v");
        let at = Timestamp::from_unix;
        let mut polled = Polled::new();
        for (name, confirmed, now, want) in [
            ("just issued", None, 0, PollState::Until(at(3_601))),
            ("an hour old", None, 3_600, PollState::Until(at(3_601))),
            ("a second more", None, 3_601, PollState::Stale),
            (
                "confirmed in the first hour",
                Some(3_000),
                3_601,
                PollState::Until(at(6_601)),
            ),
            ("confirmed an hour ago", Some(5_000), 8_600, PollState::Until(at(8_601))),
            ("a second more than that", Some(5_000), 8_601, PollState::Stale),
        ] {
            if let Some(confirmed) = confirmed {
                polled.confirm(visa, at(confirmed));
            }
            assert_eq!(polled.state(&visa, at(0), at(now)), want, "{name}");
        }
        polled.withdraw(visa);
        assert_eq!(
            polled.state(&visa, at(0), at(1)),
            PollState::Withdrawn,
            "young, yet withdrawn"
        );
    }

    /// EXP-16.
    #[test]
    fn updated_visas_stand_in_the_place_of_the_old() {
        let mut polled = Polled::new();
        polled.replace(TokenDigest::of("b"), vec!["b1".into(), "b2".into()]);
        let texts = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        assert_eq!(polled.in_place(texts(&["a", "b", "c"])), texts(&["a", "b1", "c", "b2"]));
        polled.replace(TokenDigest::of("c"), Vec::new());
        assert_eq!(polled.in_place(texts(&["c"])), texts(&["c"]));
        let now = Timestamp::from_unix(0);
        assert_eq!(polled.state(&TokenDigest::of("c"), now, now), PollState::Withdrawn);
    }
}
