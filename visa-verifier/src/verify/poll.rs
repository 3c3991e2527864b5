//! [`Polls`]: which access-token visas to ask their issuers about, when, and when to stop (AAI 1.2, clearinghouses
//! 5.2 and 6; EXP-09 to EXP-16). Takes the time as an argument and does no I/O.
//!
//! One book is one clearinghouse: its hour counts per visa and book. Several replicas that share visas either
//! share a book or ask that many times.

use std::collections::HashMap;
use std::time::Duration;

use super::poll_answer::PollAnswer;
use super::polled::Polled;
use super::polled_visa::PolledVisa;
use crate::seam::{Random, Timestamp};
use crate::token::TokenDigest;

/// A try that was begun and never answered counts as failed after this many seconds.
const LOST_SECONDS: u64 = 120;
/// The first poll of a young visa comes this long before its first hour is over, seconds.
const LEAD_SECONDS: u64 = 60;

/// How polls are made.
#[derive(Clone, Debug)]
pub struct PollSettings {
    /// From the first try of one poll of a visa to the first try of the next. At least an hour (EXP-10): less is
    /// taken as an hour.
    pub interval: Duration,
    /// How many visas are in the book at most, those included whose polling has ended. Default 10,000.
    pub visas: usize,
    /// How often a poll is tried again before it is given up for this hour. Default 5.
    pub retries: u32,
    /// Before the first retry, before jitter; doubled each time (EXP-11). Default 15 s.
    pub first_retry: Duration,
    /// The longest wait between two tries. Default 15 min.
    pub longest_retry: Duration,
}

impl Default for PollSettings {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(3_600),
            visas: 10_000,
            retries: 5,
            first_retry: Duration::from_secs(15),
            longest_retry: Duration::from_secs(900),
        }
    }
}

/// Why a visa is not polled any more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Ended {
    /// Its issuer answered with a status that no retry can change (EXP-15): it does not stand by it.
    Refused(u16),
    /// Its issuer's answer holds it no longer, and nothing in its place that can be used (EXP-16).
    Gone,
    /// Its issuer gave others in its place (EXP-16).
    Replaced,
    /// Its revocation was told otherwise (EXP-14).
    Revoked,
}

/// The book of polls: bounded, pure, deterministic by clock and randomness.
#[derive(Debug)]
pub struct Polls {
    settings: PollSettings,
    entries: HashMap<TokenDigest, Entry>,
}

#[derive(Debug)]
struct Entry {
    visa: PolledVisa,
    /// Until when somebody needs it.
    needed: Timestamp,
    /// When the first try of the last poll was made.
    round: Option<Timestamp>,
    /// Failed tries of the poll that goes on.
    tries: u32,
    /// No try before this.
    next: Timestamp,
    /// A try is under way since.
    flight: Option<Timestamp>,
    confirmed: Option<Timestamp>,
    ended: Option<(Ended, Vec<String>)>,
}

impl Polls {
    /// An empty book.
    #[must_use]
    pub fn new(settings: PollSettings) -> Self {
        let settings = PollSettings {
            interval: settings.interval.max(Duration::from_secs(3_600)),
            ..settings
        };
        Self {
            settings,
            entries: HashMap::new(),
        }
    }

    /// Enters a verified visa, needed until `needed`; one that is in the book is needed at least as long.
    /// `false` if the book is full: then it is not polled, and does not count once it is an hour old.
    pub fn watch(&mut self, visa: PolledVisa, needed: Timestamp, now: Timestamp) -> bool {
        if let Some(entry) = self.entries.get_mut(&visa.digest()) {
            entry.needed = entry.needed.max(needed);
            return true;
        }
        if self.entries.len() >= self.settings.visas {
            self.sweep(now);
        }
        if self.entries.len() >= self.settings.visas || visa.expires() <= now {
            return false;
        }
        let first = visa.issued().plus(self.settings.interval);
        let entry = Entry {
            needed,
            round: None,
            tries: 0,
            next: first.minus(Duration::from_secs(LEAD_SECONDS)).max(now),
            flight: None,
            confirmed: None,
            ended: None,
            visa,
        };
        self.entries.insert(entry.visa.digest(), entry);
        true
    }

    /// Nobody needs this visa any more (EXP-12): no further call. Its hour is remembered, so that one who needs it
    /// again shortly after is no reason to ask more often.
    pub fn release(&mut self, visa: &TokenDigest) {
        if let Some(entry) = self.entries.get_mut(visa) {
            entry.needed = Timestamp::from_unix(i64::MIN);
        }
    }

    /// The same for all of which `is` says so, such as those of an issuer that is trusted no longer.
    pub fn release_where(&mut self, is: impl Fn(&PolledVisa) -> bool) {
        let released = self.entries.values_mut().filter(|entry| is(&entry.visa));
        released.for_each(|entry| entry.needed = Timestamp::from_unix(i64::MIN));
    }

    /// Its revocation, or that of the token behind it, was noticed elsewhere (EXP-14): no further call, and it does
    /// not count.
    pub fn revoked(&mut self, visa: &TokenDigest) {
        if let Some(entry) = self.entries.get_mut(visa) {
            entry.end(Ended::Revoked, Vec::new());
        }
    }

    /// Begins a try for this visa, if one may be made now; the answer goes to [`answered`](Self::answered).
    pub fn take(&mut self, visa: &TokenDigest, now: Timestamp) -> Option<PolledVisa> {
        let settings = self.settings.clone();
        let entry = self.entries.get_mut(visa)?;
        if let Some(since) = entry.flight {
            if now.since(since) < Duration::from_secs(LOST_SECONDS) {
                return None;
            }
            entry.flight = None;
            entry.failed(&settings, settings.first_retry, now);
        }
        if entry.ended.is_some() || now < entry.next || entry.visa.expires() <= now || entry.needed <= now {
            return None;
        }
        if entry.tries == 0 {
            entry.round = Some(now);
        }
        entry.flight = Some(now);
        Some(entry.visa.clone())
    }

    /// The visas for which a try is due, the longest due first; [`take`](Self::take) begins it.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Vec<TokenDigest> {
        let is_due = |e: &&Entry| e.ended.is_none() && e.next <= now && now < e.visa.expires() && now < e.needed;
        let due = self.entries.values().filter(is_due);
        let mut due: Vec<(Timestamp, TokenDigest)> = due.map(|e| (e.next, e.visa.digest())).collect();
        due.sort_unstable();
        due.into_iter().map(|(_, digest)| digest).collect()
    }

    /// When the next try is due; `None` if none ever is.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        let going = |e: &&Entry| e.ended.is_none() && e.next < e.visa.expires() && e.next < e.needed;
        self.entries.values().filter(going).map(|e| e.next).min()
    }

    /// Enters the answer to a try. An answer that nobody waits for changes nothing.
    pub fn answered(&mut self, visa: &TokenDigest, answer: PollAnswer, now: Timestamp, random: &dyn Random) {
        let settings = self.settings.clone();
        let Some(entry) = self.entries.get_mut(visa) else {
            return;
        };
        if entry.flight.take().is_none() || entry.ended.is_some() {
            return;
        }
        match answer {
            PollAnswer::Stands => {
                entry.confirmed = Some(now);
                entry.rest(&settings, now);
            }
            PollAnswer::Replaced(others) => {
                let needed = entry.needed;
                entry.end(Ended::Replaced, others.clone());
                for other in others.iter().filter_map(|text| PolledVisa::read(text)) {
                    self.confirmed_with(other, needed, now);
                }
            }
            PollAnswer::Gone => entry.end(Ended::Gone, Vec::new()),
            PollAnswer::Refused(status) => entry.end(Ended::Refused(status), Vec::new()),
            PollAnswer::Failed { retry_after } => {
                let wait = jittered(settings.first_retry, settings.longest_retry, entry.tries, random);
                let told = retry_after.unwrap_or_default().min(settings.interval);
                entry.failed(&settings, wait.max(told), now);
            }
        }
    }

    /// What the book knows, for a verification.
    #[must_use]
    pub fn polled(&self) -> Polled {
        let mut polled = Polled::new();
        for (digest, entry) in &self.entries {
            entry.tell(*digest, &mut polled);
        }
        polled
    }

    /// The same of these visas only, and of what stands in their place.
    #[must_use]
    pub fn polled_of(&self, visas: impl IntoIterator<Item = TokenDigest>) -> Polled {
        let mut polled = Polled::new();
        for digest in visas {
            let Some(entry) = self.entries.get(&digest) else {
                continue;
            };
            entry.tell(digest, &mut polled);
            if let Some((_, others)) = &entry.ended {
                for other in others.iter().map(|text| TokenDigest::of(text)) {
                    if let Some(entry) = self.entries.get(&other) {
                        entry.tell(other, &mut polled);
                    }
                }
            }
        }
        polled
    }

    /// Why a visa is not polled any more, if it is so.
    #[must_use]
    pub fn ended(&self, visa: &TokenDigest) -> Option<Ended> {
        self.entries.get(visa)?.ended.as_ref().map(|(ended, _)| *ended)
    }

    /// How many visas are in the book.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets what is over: expired visas (EXP-13), and those that nobody needs and whose hour has passed. Of ended
    /// ones the end is remembered while they are needed or their hour runs.
    pub fn sweep(&mut self, now: Timestamp) {
        let interval = self.settings.interval;
        self.entries.retain(|_, entry| {
            let resting = entry.round.is_some_and(|round| now < round.plus(interval));
            entry.visa.expires() > now && (entry.needed > now || resting)
        });
    }

    /// Enters a visa that its issuer has just handed out.
    fn confirmed_with(&mut self, visa: PolledVisa, needed: Timestamp, now: Timestamp) {
        let (digest, interval) = (visa.digest(), self.settings.interval);
        if self.watch(visa, needed, now)
            && let Some(entry) = self.entries.get_mut(&digest)
            && entry.ended.is_none()
        {
            entry.confirmed = Some(now);
            entry.round = Some(now);
            entry.next = entry.next.max(now.plus(interval));
        }
    }
}

impl Entry {
    fn end(&mut self, ended: Ended, others: Vec<String>) {
        (self.confirmed, self.flight) = (None, None);
        self.ended = Some((ended, others));
    }

    /// This poll is over; the next one comes an interval after its first try.
    fn rest(&mut self, settings: &PollSettings, now: Timestamp) {
        self.tries = 0;
        self.next = self.round.unwrap_or(now).plus(settings.interval);
    }

    fn failed(&mut self, settings: &PollSettings, wait: Duration, now: Timestamp) {
        self.tries += 1;
        if self.tries > settings.retries {
            self.rest(settings, now);
            self.next = self.next.max(now);
        } else {
            // at least a second: a try is never answered by the next at once
            self.next = now.plus(wait.max(Duration::from_secs(1)));
        }
    }

    fn tell(&self, digest: TokenDigest, polled: &mut Polled) {
        match (&self.ended, self.confirmed) {
            (Some((_, others)), _) => polled.replace(digest, others.clone()),
            (None, Some(at)) => polled.confirm(digest, at),
            (None, None) => {}
        }
    }
}

/// Exponential back-off with jitter (EXP-11): half of it certain, half by chance, so that many do not come at once.
fn jittered(first: Duration, longest: Duration, tries: u32, random: &dyn Random) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(tries)).min(longest).as_secs();
    let half = doubled / 2;
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    Duration::from_secs(half + u64::from_le_bytes(bytes) % (doubled - half + 1))
}
