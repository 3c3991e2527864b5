//! The value of LinkedIdentities: `sub,iss;sub,iss`, each part percent-encoded, no blanks (LNK-02).

use super::identity::VisaIdentity;
use crate::token::limits;

/// The identities that a LinkedIdentities visa names beside its own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Links(Vec<VisaIdentity>);

impl Links {
    /// Reads the value; `None` if one entry is wrong (A-16: the whole visa is dropped) or there are over 1,000.
    #[must_use]
    pub fn read(value: &str) -> Option<Self> {
        if value.split(';').count() > limits::LINKS {
            return None;
        }
        value
            .split(';')
            .map(|entry| entry.parse().ok())
            .collect::<Option<_>>()
            .map(Self)
    }

    /// The entries, in their order.
    #[must_use]
    pub fn entries(&self) -> &[VisaIdentity] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_entry_drops_the_whole_value() {
        for (value, count) in [
            ("u1,urn%3Ax", Some(1)),
            ("u1,urn%3Ax;w9,https%3A%2F%2Fb.example", Some(2)),
            ("u1,urn%3Ax; w9,urn%3Ay", None),
            ("u1,urn%3Ax;", None),
            ("u1", None),
            ("", None),
        ] {
            assert_eq!(Links::read(value).map(|l| l.entries().len()), count, "{value}");
        }
        assert!(Links::read(&vec!["u1,urn%3Ax"; 1_000].join(";")).is_some());
        assert!(Links::read(&vec!["u1,urn%3Ax"; 1_001].join(";")).is_none());
    }
}
