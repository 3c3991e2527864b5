//! `Dataset`: data use, committee, class, state, holds (`consent.md` 1, 3).

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, de};
use visa_verifier::seam::Timestamp;

use super::hold::ConsentHold;
use super::name::Name;
use super::strict;
use super::term::Term;
use super::word::words;

words! {
    /// The data class.
    Access, "data class" {
        /// For anybody, within the label.
        Open = "open",
        /// For registered researchers.
        Registered = "registered",
        /// Under an approval of the committee.
        Controlled = "controlled",
    }
}

words! {
    /// Where a dataset stands in its life.
    State, "state" {
        /// In use.
        Active = "active",
        /// Closed for the time being.
        Suspended = "suspended",
        /// Taken back for good.
        Withdrawn = "withdrawn",
        /// Replaced.
        Retired = "retired",
    }
}

words! {
    /// Roles that prove an affiliation (2.6); `affiliate`, `alum` and others prove nothing.
    Role, "proving role" {
        /// Teaching and research staff.
        Faculty = "faculty",
        /// Other staff.
        Staff = "staff",
        /// Whoever is employed.
        Employee = "employee",
        /// Students.
        Student = "student",
        /// Members.
        Member = "member",
    }
}

/// Sets of sources that have to agree beside `dac`: 8 at most.
pub const APPROVAL_SETS: usize = 8;

/// A dataset with what its participants agreed to.
///
/// `groups`, `objects` and `participants` are of the request: which part of the dataset is asked for.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// The URL that ControlledAccessGrants visas name.
    pub id: Name,
    /// The data class; controlled where nothing is said.
    #[serde(default = "controlled")]
    pub access: Access,
    /// Sources whose approvals count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dac: Vec<Name>,
    /// Further sets of sources; one of each has to agree too. At most [`APPROVAL_SETS`].
    #[serde(default, deserialize_with = "approval_sets", skip_serializing_if = "Vec::is_empty")]
    pub approval_sets: Vec<BTreeSet<Name>>,
    /// Where it stands; active where nothing is said.
    #[serde(default = "active")]
    pub state: State,
    /// The second at which the consent no longer holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// When the effective label last changed; older approvals settle nothing (2.9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labelled: Option<Timestamp>,
    /// Moves of `labelled` that are decided and not written yet, because its committee has time to decide anew (2.9). No
    /// member of the Evaluate interface: whoever asks there says what is so at `now`.
    #[serde(skip)]
    pub relabels: Vec<LabelledMove>,
    /// Terms that have to be accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agreements: Vec<Name>,
    /// Sources that may prove an affiliation; None: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affiliation_sources: Option<Vec<Name>>,
    /// Roles that may prove an affiliation; None: the five of [`Role`].
    #[serde(
        default,
        deserialize_with = "strict::some_unique",
        skip_serializing_if = "Option::is_none"
    )]
    pub affiliation_roles: Option<BTreeSet<Role>>,
    /// Whether an approval counts only with a purpose that the committee recorded.
    #[serde(default)]
    pub bound_purpose: bool,
    /// The consent groups.
    #[serde(deserialize_with = "uses")]
    pub uses: Vec<UseGroup>,
    /// The groups asked for; None: all.
    #[serde(
        default,
        deserialize_with = "strict::some_unique",
        skip_serializing_if = "Option::is_none"
    )]
    pub groups: Option<BTreeSet<Name>>,
    /// The objects asked for; None: nobody knows, so that every hold on an object hits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<Vec<Name>>,
    /// The participants in the objects asked for; None: nobody knows, so that every hold on a participant hits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participants: Option<Vec<Name>>,
    /// The holds.
    #[serde(default, deserialize_with = "strict::objects", skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<ConsentHold>,
}

/// People of one study who signed the same form.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UseGroup {
    /// Its name, unique in the dataset.
    pub group: Name,
    /// Its label; every term has to hold.
    #[serde(deserialize_with = "strict::objects")]
    pub terms: Vec<Term>,
}

impl Dataset {
    /// A controlled, active dataset with these groups and nothing else: no committee, hence closed.
    #[must_use]
    pub fn new(id: Name, uses: Vec<UseGroup>) -> Self {
        Self {
            id,
            access: Access::Controlled,
            dac: Vec::new(),
            approval_sets: Vec::new(),
            state: State::Active,
            expires: None,
            labelled: None,
            relabels: Vec::new(),
            agreements: Vec::new(),
            affiliation_sources: None,
            affiliation_roles: None,
            bound_purpose: false,
            uses,
            groups: None,
            objects: None,
            participants: None,
            holds: Vec::new(),
        }
    }
}

/// A move of a dataset's `labelled`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LabelledMove {
    /// The moment of the new label: approvals given before settle nothing …
    pub to: Timestamp,
    /// … from here on.
    pub by: Timestamp,
}

impl Dataset {
    /// When the label last changed, as it counts at `now`.
    #[must_use]
    pub fn labelled_at(&self, now: Timestamp) -> Option<Timestamp> {
        let due = self.relabels.iter().filter(|one| one.by <= now).map(|one| one.to);
        self.labelled.into_iter().chain(due).max()
    }

    /// When an approval that started at `starts` ceases to settle, if that is ahead.
    #[must_use]
    pub fn settles_until(&self, starts: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let ahead = self.relabels.iter().filter(|one| now < one.by && starts < one.to);
        ahead.map(|one| one.by).min()
    }
}

fn controlled() -> Access {
    Access::Controlled
}

fn active() -> State {
    State::Active
}

fn uses<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<UseGroup>, D::Error> {
    strict::objects_by(
        from,
        |entry: &UseGroup| entry.group.clone(),
        "groups of one name in a dataset",
    )
}

fn approval_sets<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<BTreeSet<Name>>, D::Error> {
    struct Sources(BTreeSet<Name>);
    impl<'de> Deserialize<'de> for Sources {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let set: BTreeSet<Name> = strict::unique(from)?;
            if set.is_empty() {
                Err(de::Error::custom("a set of sources is empty"))
            } else {
                Ok(Self(set))
            }
        }
    }
    let sets = Vec::<Sources>::deserialize(from)?;
    if sets.len() > APPROVAL_SETS {
        return Err(de::Error::custom(format!("more than {APPROVAL_SETS} approval sets")));
    }
    Ok(sets.into_iter().map(|set| set.0).collect())
}
