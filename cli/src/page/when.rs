//! Instants as people tell them: "in 3 days", "2 h ago".

use visa_verifier::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;

/// How far `at` is from `now`, in the largest unit of which there are at least two (or one minute, hour, day).
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> String {
    let seconds = at.unix().abs_diff(now.unix());
    let (count, unit) = match seconds {
        0 => return "now".to_owned(),
        s if s < MINUTE => (s, "s"),
        s if s < 2 * HOUR => (s / MINUTE, "min"),
        s if s < 2 * DAY => (s / HOUR, "h"),
        s if s < 90 * DAY => (s / DAY, "days"),
        s if s < 2 * YEAR => (s / (30 * DAY), "months"),
        s => (s / YEAR, "years"),
    };
    if at.unix() > now.unix() {
        format!("in {count} {unit}")
    } else {
        format!("{count} {unit} ago")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_told_from_now() {
        let now = Timestamp::from_unix(1_800_000_000);
        for (offset, told) in [
            (0, "now"),
            (1, "in 1 s"),
            (-59, "59 s ago"),
            (60, "in 1 min"),
            (7_199, "in 119 min"),
            (-7_200, "2 h ago"),
            (2 * 86_400, "in 2 days"),
            (3 * 86_400 + 5, "in 3 days"),
            (-100 * 86_400, "3 months ago"),
            (800 * 86_400, "in 2 years"),
        ] {
            let at = Timestamp::from_unix(now.unix() + offset);
            assert_eq!(relative(at, now), told, "{offset}");
        }
    }
}
