//! Two texts line by line, for people: what went, what came, and a little around it.

/// Lines around what changed.
const AROUND: usize = 3;
/// Texts with more lines than this between their equal ends are shown as gone and come: the table would be too large.
const LINES: usize = 1_000;

/// What went (`- `), what came (`+ `) and what stands around it (two spaces), a line each; `…` for what is left out.
/// Empty for equal texts.
#[must_use]
pub(super) fn lines(before: &str, after: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (old.get(head..).unwrap_or_default(), new.get(head..).unwrap_or_default());
    let tail = old_rest
        .iter()
        .rev()
        .zip(new_rest.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let a = old_rest.get(..old_rest.len().saturating_sub(tail)).unwrap_or_default();
    let b = new_rest.get(..new_rest.len().saturating_sub(tail)).unwrap_or_default();
    if a.is_empty() && b.is_empty() {
        return Vec::new();
    }
    let mut all: Vec<(char, &str)> = old.iter().take(head).map(|line| (' ', *line)).collect();
    all.extend(between(a, b));
    let end = old_rest.len().saturating_sub(tail);
    all.extend(old_rest.get(end..).unwrap_or_default().iter().map(|line| (' ', *line)));
    near(&all)
}

/// The lines between the equal ends: the longest list of lines that both have stays.
fn between<'t>(a: &[&'t str], b: &[&'t str]) -> Vec<(char, &'t str)> {
    let gone = |lines: &[&'t str]| lines.iter().map(|line| ('-', *line)).collect::<Vec<_>>();
    let came = |lines: &[&'t str]| lines.iter().map(|line| ('+', *line)).collect::<Vec<_>>();
    if a.len() > LINES || b.len() > LINES {
        return gone(a).into_iter().chain(came(b)).collect();
    }
    // longest[i][j]: how many lines the ends from i and j have in common
    let mut longest = vec![vec![0_usize; b.len().saturating_add(1)]; a.len().saturating_add(1)];
    let at = |table: &[Vec<usize>], i: usize, j: usize| table.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0);
    for (i, left) in a.iter().enumerate().rev() {
        for (j, right) in b.iter().enumerate().rev() {
            let value = if left == right {
                at(&longest, i.saturating_add(1), j.saturating_add(1)).saturating_add(1)
            } else {
                at(&longest, i.saturating_add(1), j).max(at(&longest, i, j.saturating_add(1)))
            };
            if let Some(cell) = longest.get_mut(i).and_then(|row| row.get_mut(j)) {
                *cell = value;
            }
        }
    }
    let (mut i, mut j, mut told) = (0, 0, Vec::new());
    loop {
        match (a.get(i), b.get(j)) {
            (Some(left), Some(right)) if left == right => {
                told.push((' ', *left));
                (i, j) = (i.saturating_add(1), j.saturating_add(1));
            }
            (Some(left), right) => {
                let skip = at(&longest, i.saturating_add(1), j) >= at(&longest, i, j.saturating_add(1));
                match right {
                    Some(right) if !skip => {
                        told.push(('+', *right));
                        j = j.saturating_add(1);
                    }
                    Some(_) | None => {
                        told.push(('-', *left));
                        i = i.saturating_add(1);
                    }
                }
            }
            (None, Some(right)) => {
                told.push(('+', *right));
                j = j.saturating_add(1);
            }
            (None, None) => return told,
        }
    }
}

/// What changed, with what stands around it.
fn near(all: &[(char, &str)]) -> Vec<String> {
    let mut told = Vec::new();
    let mut left_out = false;
    for (at, (sign, line)) in all.iter().enumerate() {
        let from = at.saturating_sub(AROUND);
        let around = all
            .iter()
            .skip(from)
            .take(at.saturating_sub(from).saturating_add(AROUND + 1));
        if *sign != ' ' || around.into_iter().any(|(sign, _)| *sign != ' ') {
            if left_out {
                told.push("…".to_owned());
            }
            left_out = false;
            told.push(format!("{sign} {line}"));
        } else {
            left_out = true;
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_and_went_is_told_with_what_stands_around_it() {
        let cases = [
            ("equal", "a\nb", "a\nb", vec![]),
            ("from nothing", "", "a\nb", vec!["+ a", "+ b"]),
            ("to nothing", "a", "", vec!["- a"]),
            ("a line changed", "a\nb\nc", "a\nx\nc", vec!["  a", "- b", "+ x", "  c"]),
            ("a line in between", "a\nc", "a\nb\nc", vec!["  a", "+ b", "  c"]),
            (
                "two places, what is common stays",
                "a\nb\nc\nd",
                "b\nc\nx\nd",
                vec!["- a", "  b", "  c", "+ x", "  d"],
            ),
            (
                "far apart",
                "1\n2\n3\n4\n5\n6\n7\n8\n9\nz",
                "0\n2\n3\n4\n5\n6\n7\n8\n9\ny",
                vec![
                    "- 1", "+ 0", "  2", "  3", "  4", "…", "  7", "  8", "  9", "- z", "+ y",
                ],
            ),
        ];
        for (name, before, after, told) in cases {
            assert_eq!(lines(before, after), told, "{name}");
        }
        let many = "x\n".repeat(LINES + 1);
        assert_eq!(lines(&many, "y").len(), LINES + 2, "bounded, and still all of it");
    }
}
