//! What a published snapshot is made of: version, parent, and the digest of each section (policy.md 6, "Publish").
//!
//! The broker signs it with a key of its own. A digest says that a section is what it was; the sections of two
//! versions can be told apart without either at hand.

use serde::{Deserialize, Serialize};
use visa_verifier::seam::Timestamp;

use super::{Governance, Snapshot};
use crate::decide::hex_digest;

/// How long a snapshot may be relied on without a newer word of its publisher, in seconds.
pub const MAX_AGE: u32 = 300;

/// One section of a snapshot.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Its name, such as `datasets`.
    pub name: String,
    /// SHA-256 of its JSON as this program writes it, lower-case hexadecimal. Lists of objects stand in it by dataset,
    /// digest and number, never one object after the other.
    pub sha256: String,
    /// Length of that JSON, in bytes.
    pub bytes: u64,
}

/// What is signed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `visum-snapshot/1`.
    pub format: String,
    /// Only grows.
    pub version: u64,
    /// Digest of the manifest before it; `None` for the first.
    pub parent: Option<String>,
    /// The node.
    pub node: String,
    /// When it was published; it counts from here on.
    pub not_before: Timestamp,
    /// See [`MAX_AGE`].
    pub max_age: u32,
    /// One administrator or more.
    pub governance: Governance,
    /// SHA-256 of the baseline policies that are compiled in, lower-case hexadecimal.
    pub baseline: String,
    /// The sections, by name.
    pub sections: Vec<Section>,
}

impl Manifest {
    /// The manifest of a snapshot that follows `parent`.
    ///
    /// # Errors
    /// A section cannot be written as JSON.
    pub fn of(snapshot: &Snapshot, parent: Option<String>, baseline: &str) -> Result<Self, serde_json::Error> {
        let mut sections = vec![
            section("bars", &snapshot.bars)?,
            section("changed", &snapshot.changed)?,
            section("committees", &snapshot.committees)?,
            section("datasets", &snapshot.datasets)?,
            section("groups", &snapshot.groups)?,
            section("holds", &snapshot.holds)?,
            section("institutions", &snapshot.institutions)?,
            section("links", &snapshot.links)?,
            section("objects", &snapshot.objects.section())?,
            section("observe", &snapshot.observe)?,
            section("persons", &snapshot.persons)?,
            section("policies", &(&snapshot.standard, &snapshot.policies))?,
            section("prefixes", &snapshot.prefixes)?,
            section("revocations", &snapshot.revocations)?,
            section("roles", &snapshot.roles)?,
            section("services", &snapshot.services)?,
            section("settings", &(&snapshot.node, &snapshot.drs_hosts))?,
            section("sinks", &snapshot.sinks)?,
            section("stop", &snapshot.stop)?,
            section("tables", &snapshot.tables)?,
            section("trust", &snapshot.trust)?,
        ];
        sections.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self {
            format: "visum-snapshot/1".to_owned(),
            version: snapshot.version,
            parent,
            node: snapshot.node.clone(),
            not_before: snapshot.published,
            max_age: MAX_AGE,
            governance: snapshot.governance,
            baseline: baseline.to_owned(),
            sections,
        })
    }

    /// The names of the sections that differ from another manifest's.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> Vec<&str> {
        let differs = |section: &&Section| !other.sections.contains(section);
        self.sections
            .iter()
            .filter(differs)
            .map(|section| section.name.as_str())
            .collect()
    }
}

fn section<T: Serialize>(name: &str, content: &T) -> Result<Section, serde_json::Error> {
    let bytes = serde_json::to_vec(content)?;
    Ok(Section {
        name: name.to_owned(),
        sha256: hex_digest(&bytes),
        bytes: bytes.len() as u64,
    })
}

#[cfg(test)]
mod tests {
    use visa_verifier::trust::TrustPolicy;

    use super::*;

    #[test]
    fn each_part_of_a_snapshot_is_under_a_digest() {
        let at = Timestamp::from_unix(1_795_000_000);
        let empty = || Snapshot::empty(1, at, "https://node.example.org", TrustPolicy::default());
        let before = Manifest::of(&empty(), None, "b").unwrap();
        // every member of the snapshot, as JSON, but what the manifest says itself
        let members = serde_json::to_value(empty()).unwrap();
        for (name, value) in members.as_object().unwrap() {
            if ["version", "published", "governance", "person_key"].contains(&name.as_str()) {
                continue;
            }
            let covered = before.sections.iter().any(|section| section.name == *name)
                || ["node", "drs_hosts"].contains(&name.as_str())
                || name == "standard";
            assert!(covered, "`{name}` = {value} is in no section");
        }
        let mut stopped = empty();
        stopped.stop.all = true;
        let after = Manifest::of(&stopped, Some("p".to_owned()), "b").unwrap();
        assert_eq!(after.differs_from(&before), ["stop"]);
        assert_eq!(after.parent.as_deref(), Some("p"));
    }
}
