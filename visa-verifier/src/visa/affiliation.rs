//! The value of AffiliationAndRole: `role@affiliation`.

/// A role and the institution part behind the first `@` (Passport 1.2 "AffiliationAndRole").
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Affiliation<'v> {
    /// `faculty`, `student`, `member`, or a custom role `namespace.role`.
    pub role: &'v str,
    /// Everything behind the first `@`, as it stands.
    pub affiliation: &'v str,
}

impl<'v> Affiliation<'v> {
    /// Reads the value; `None` if it has no `@`, an empty part or a role that is neither standard nor namespaced.
    #[must_use]
    pub fn read(value: &'v str) -> Option<Self> {
        let (role, affiliation) = value.split_once('@')?;
        let good = matches!(role, "faculty" | "student" | "member")
            || role
                .split_once('.')
                .is_some_and(|(namespace, name)| is_word(namespace) && is_word(name));
        (good && !affiliation.is_empty()).then_some(Self { role, affiliation })
    }
}

/// A custom role's part: a-z, 0-9, dash, underscore, and a letter first (TYP-02).
fn is_word(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_lowercase())
        && part
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_split_at_the_first_at_sign() {
        for (value, want) in [
            ("faculty@uni-a.example", Some(("faculty", "uni-a.example"))),
            ("faculty@a@b", Some(("faculty", "a@b"))),
            ("ega.researcher@x", Some(("ega", "x"))),
            (
                "public.citizen-scientist@no.organization",
                Some(("public", "no.organization")),
            ),
            ("faculty", None),
            ("faculty@", None),
            ("@uni-a.example", None),
            ("staff@uni-a.example", None),
            ("Faculty@uni-a.example", None),
            ("Ega.x@x", None),
            ("1a.b@x", None),
            ("a.1b@x", None),
            ("a.b.c@x", None),
            ("a.@x", None),
        ] {
            let read = Affiliation::read(value).map(|a| (a.role.split('.').next().unwrap(), a.affiliation));
            assert_eq!(read, want, "{value}");
        }
    }
}
