//! The key that was meant where an unknown one stands.

/// Of "unknown field `x`, expected one of `a`, `b`": the expected one that is nearest to `x`.
pub(super) fn nearest(message: &str) -> Option<String> {
    let mut words = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown field").then(|| words.next())??;
    words
        .map(|word| (distance(unknown, word), word))
        .filter(|(far, _)| *far <= 3)
        .min()
        .map(|(_, word)| word.to_owned())
}

/// Edits between two short words (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, c) in one.chars().enumerate() {
        let mut corner = above;
        let mut left = above + 1;
        let mut next = vec![left];
        for (column, d) in other.iter().enumerate() {
            let up = row.get(column + 1).copied().unwrap_or(usize::MAX - 1);
            let best = if c == *d { corner } else { 1 + corner.min(up).min(left) };
            corner = up;
            left = best;
            next.push(best);
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_edits() {
        for (one, other, far) in [
            ("isuer", "issuer", 1),
            ("listen", "listen", 0),
            ("", "abc", 3),
            ("abc", "acb", 2),
        ] {
            assert_eq!(distance(one, other), far, "{one} {other}");
        }
    }
}
