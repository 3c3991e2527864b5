//! Counting what the test programs say.

use std::fmt;

/// The sum over all test programs.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Tally {
    programs: usize,
    passed: usize,
    failed: usize,
    ignored: usize,
    /// The tests that failed, by name.
    names: Vec<String>,
}

impl Tally {
    /// Takes in one line of a test program's output.
    pub(crate) fn line(&mut self, line: &str) {
        if let Some(name) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            self.names.push(name.to_owned());
        }
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        self.programs += 1;
        for count in counts.split("; ") {
            let Some((number, what)) = count.split_once(' ') else {
                continue;
            };
            let number: usize = number.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    /// Did tests run, and none fail?
    pub(crate) fn is_well(&self) -> bool {
        self.passed > 0 && self.failed == 0
    }
}

/// In the words of the test programs.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.names {
            writeln!(f, "failed: {name}")?;
        }
        let Self {
            programs,
            passed,
            failed,
            ignored,
            ..
        } = self;
        let word = if self.is_well() { "ok" } else { "FAILED" };
        write!(
            f,
            "test result: {word}. {passed} passed; {failed} failed; {ignored} ignored; in {programs} test programs"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_are_added_up_and_failures_named() {
        let mut tally = Tally::default();
        assert!(!tally.is_well(), "nothing ran");
        for line in [
            "running 2 tests",
            "test a::b ... ok",
            "test a::c ... FAILED",
            "test result: FAILED. 1 passed; 1 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.02s",
            "test result: ok. 10 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.00s",
        ] {
            tally.line(line);
        }
        let text = "failed: a::c\ntest result: FAILED. 11 passed; 1 failed; 3 ignored; in 2 test programs";
        assert_eq!(tally.to_string(), text);
    }
}
