//! The `conditions` of a visa: a list (any) of lists (all) of clauses (Passport 1.2 "conditions").
//!
//! Here they are read and matched against one candidate; which visas are candidates, `verify` decides.

use serde_json::{Map, Value};

use super::object::{ObjectError, VisaObject};
use crate::token::limits;

/// Conditions that were read: groups of clauses. A clause that breaks a rule is kept as one that never holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Conditions {
    groups: Vec<Vec<Clause>>,
}

/// One clause.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Clause {
    /// Wants a visa of this type whose members match, all of them on the same visa (CND-20).
    Wants {
        /// The type, compared as a whole.
        kind: String,
        /// At least one member and how it must match.
        members: Vec<(Member, Matcher)>,
    },
    /// Breaks a rule of the clause format (CND-07 to CND-16): never holds, spoils only its group.
    Broken,
}

/// The members of a Visa Object that a clause may name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Member {
    /// `value`
    Value,
    /// `source`
    Source,
    /// `by`
    By,
}

/// How a member must match.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Matcher {
    /// `const:` the whole string, byte by byte.
    Const(String),
    /// `pattern:` with `?` any one character and `*` any run; no escapes, nothing else is special.
    Pattern(Vec<char>),
    /// `split_pattern:` the candidate's text cut at `;`, one part that matches is enough.
    SplitPattern(Vec<char>),
}

/// How many steps of pattern matching are left for one Passport. Spent, nothing matches any more, and the visas
/// with conditions are dropped: not to have looked is no answer.
#[derive(Debug)]
pub struct Budget {
    left: u64,
    spent: bool,
}

impl Budget {
    /// The budget of one Passport.
    #[must_use]
    pub const fn full() -> Self {
        Self::of(limits::MATCH_STEPS)
    }

    /// A budget of so many steps.
    #[must_use]
    pub const fn of(steps: u64) -> Self {
        Self {
            left: steps,
            spent: false,
        }
    }

    /// The steps left.
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.left
    }

    /// Whether more was wanted than there was.
    #[must_use]
    pub const fn is_spent(&self) -> bool {
        self.spent
    }

    fn step(&mut self) -> bool {
        self.steps(1)
    }

    fn steps(&mut self, steps: usize) -> bool {
        match self.left.checked_sub(steps as u64) {
            Some(left) if !self.spent => self.left = left,
            _ => self.spent = true,
        }
        !self.spent
    }
}

impl Conditions {
    /// Reads the member. Only its outer shape can fail: a list of lists, at most 64 groups and 64 clauses in all.
    /// They are counted before one is read (CND-24).
    pub fn read(value: &Value) -> Result<Self, ObjectError> {
        let Value::Array(outer) = value else {
            return Err(ObjectError::BadConditions);
        };
        if outer.len() > limits::CONDITIONS {
            return Err(ObjectError::TooManyConditions);
        }
        let groups: Option<Vec<&Vec<Value>>> = outer.iter().map(Value::as_array).collect();
        let groups = groups.ok_or(ObjectError::BadConditions)?;
        if groups.iter().map(|clauses| clauses.len()).sum::<usize>() > limits::CONDITIONS {
            return Err(ObjectError::TooManyConditions);
        }
        let read = |clauses: &&Vec<Value>| clauses.iter().map(Clause::read).collect();
        let groups = groups.iter().map(read).collect();
        Ok(Self { groups })
    }

    /// Whether there is nothing to hold: `[]` (A-07).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The groups, in their order.
    #[must_use]
    pub fn groups(&self) -> &[Vec<Clause>] {
        &self.groups
    }

    /// Whether one group holds: a group of at least one clause (A-08), each of which `met` says is met.
    pub fn hold(&self, mut met: impl FnMut(&Clause) -> bool) -> bool {
        self.groups.is_empty()
            || self
                .groups
                .iter()
                .any(|group| !group.is_empty() && group.iter().all(&mut met))
    }
}

impl Clause {
    fn read(value: &Value) -> Self {
        value.as_object().and_then(Self::wanted).unwrap_or(Self::Broken)
    }

    fn wanted(clause: &Map<String, Value>) -> Option<Self> {
        let mut kind = None;
        let mut members = Vec::new();
        for (name, value) in clause {
            let text = value.as_str()?;
            let member = match name.as_str() {
                "type" => {
                    kind = Some(text.to_owned());
                    continue;
                }
                "value" => Member::Value,
                "source" => Member::Source,
                "by" => Member::By,
                // `asserted`, `conditions`, JWT claims, anything else: what we would skip could be what matters
                _ => return None,
            };
            members.push((member, Matcher::read(text)?));
        }
        (!members.is_empty()).then_some(())?;
        Some(Self::Wants { kind: kind?, members })
    }

    /// Whether `candidate` meets it. Members that the clause does not name are free; an absent member never matches.
    #[must_use]
    pub fn is_met_by(&self, candidate: &VisaObject, budget: &mut Budget) -> bool {
        let Self::Wants { kind, members } = self else {
            return false;
        };
        budget.step()
            && candidate.kind().as_str() == kind
            && members.iter().all(|(member, matcher)| {
                let text = match member {
                    Member::Value => Some(candidate.value()),
                    Member::Source => Some(candidate.source()),
                    Member::By => candidate.by().map(super::kind::By::as_str),
                };
                text.is_some_and(|text| matcher.matches(text, budget))
            })
    }
}

impl Matcher {
    fn read(text: &str) -> Option<Self> {
        let (prefix, suffix) = text.split_once(':')?;
        match prefix {
            "const" => Some(Self::Const(suffix.to_owned())),
            "pattern" => Some(Self::Pattern(pattern(suffix))),
            "split_pattern" => Some(Self::SplitPattern(pattern(suffix))),
            _ => None,
        }
    }

    /// Whether `text` matches as a whole, letter case included. Takes at most (pattern + 1) × (text + 1) steps,
    /// counted in characters.
    #[must_use]
    pub fn matches(&self, text: &str, budget: &mut Budget) -> bool {
        match self {
            Self::Const(want) => budget.steps(want.len().min(text.len()) / STRIDE) && text == want,
            Self::Pattern(pattern) => glob(pattern, text, budget),
            // the value is cut, never the pattern; empty parts stay (A-03)
            Self::SplitPattern(pattern) => {
                budget.steps(text.len() / STRIDE) && text.split(';').any(|part| glob(pattern, part, budget))
            }
        }
    }
}

/// Bytes that are compared or searched at once, one step for them all.
const STRIDE: usize = 64;

/// A pattern's characters. Of a run of `*` one says the same.
fn pattern(text: &str) -> Vec<char> {
    let mut pattern: Vec<char> = text.chars().collect();
    pattern.dedup_by(|b, a| *a == '*' && *b == '*');
    pattern
}

/// Matches by remembering the last `*` only: at most pattern × text steps, no recursion, no copy of the text.
fn glob(pattern: &[char], text: &str, budget: &mut Budget) -> bool {
    // the place in the pattern, and what is left of the text
    let (mut p, mut rest) = (0, text.chars());
    let mut last_star: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        if !budget.step() {
            return false;
        }
        let mut ahead = rest.clone();
        let Some(c) = ahead.next() else { break };
        match pattern.get(p) {
            Some('*') => {
                last_star = Some((p, rest.clone()));
                p += 1;
            }
            Some(&want) if want == '?' || want == c => {
                p += 1;
                rest = ahead;
            }
            Some(_) | None => match &mut last_star {
                // the star takes one character more, and we go on behind it
                Some((star, from)) => {
                    from.next();
                    p = *star + 1;
                    rest = from.clone();
                }
                None => return false,
            },
        }
    }
    matches!(pattern.get(p..), Some([] | ['*']))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_matches_by_its_prefix_only() {
        for (matcher, text, want) in [
            ("const:a", "a", true),
            ("const:a", "A", false),
            ("const:a*", "ab", false),
            ("const:https://x:1", "https://x:1", true),
            ("const:", "", true),
            ("pattern:*", "", true),
            ("pattern:*", "a;b\nc", true),
            ("pattern:a*c", "abcbc", true),
            ("pattern:a*c", "abcb", false),
            ("pattern:a?c", "a🧬c", true),
            ("pattern:a?c", "ac", false),
            ("pattern:[ab]", "a", false),
            ("pattern:a.c", "abc", false),
            (r"pattern:a\*", r"a\bc", true),
            (r"pattern:a\*", "a*", false),
            ("pattern:**a**", "xax", true),
            ("split_pattern:b", "a;b;c", true),
            ("split_pattern:a*b", "a;b", false),
            ("split_pattern:a;b", "a;b", false),
            ("split_pattern:", "a;", true),
            ("split_pattern:", "a;b", false),
        ] {
            let matcher_read = Matcher::read(matcher).unwrap();
            assert_eq!(
                matcher_read.matches(text, &mut Budget::full()),
                want,
                "{matcher} on {text}"
            );
        }
        for broken in ["a", "Const:a", " const:a", "regex:a", ""] {
            assert_eq!(Matcher::read(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_clause_that_breaks_a_rule_never_holds() {
        for clause in [
            json!({"value": "const:a"}),
            json!({"type": "AffiliationAndRole"}),
            json!({"type": "AffiliationAndRole", "value": "a"}),
            json!({"type": "AffiliationAndRole", "value": "const:a", "asserted": "const:1"}),
            json!({"type": "AffiliationAndRole", "value": "const:a", "conditions": []}),
            json!({"type": "AffiliationAndRole", "value": "const:a", "iss": "const:x"}),
            json!({"type": "AffiliationAndRole", "value": 1}),
            json!({"type": 1, "value": "const:a"}),
            json!("AffiliationAndRole"),
            json!(null),
        ] {
            assert_eq!(Clause::read(&clause), Clause::Broken, "{clause}");
        }
    }

    #[test]
    fn groups_are_alternatives_and_an_empty_one_never_holds() {
        let yes = json!({"type": "T", "value": "const:a"});
        for (conditions, holds) in [
            (json!([]), true),
            (json!([[]]), false),
            (json!([[], [yes]]), true),
            (json!([[yes, 1]]), false),
            (json!([[1], [yes]]), true),
        ] {
            let read = Conditions::read(&conditions).unwrap();
            assert_eq!(read.hold(|clause| *clause != Clause::Broken), holds, "{conditions}");
        }
        for broken in [json!(null), json!("x"), json!({}), json!([{}]), json!([[yes], "x"])] {
            assert_eq!(Conditions::read(&broken), Err(ObjectError::BadConditions), "{broken}");
        }
        assert_eq!(
            Conditions::read(&json!(vec![json!([yes]); 65])),
            Err(ObjectError::TooManyConditions)
        );
    }

    #[test]
    fn a_spent_budget_matches_nothing() {
        let pattern = Matcher::read("pattern:*a*a*a*a*a*b").unwrap();
        assert!(!pattern.matches(&"a".repeat(5_000), &mut Budget::of(100)));
    }
}
