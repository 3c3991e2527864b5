//! What somebody asserted of a person: affiliations, groups, terms, assurance.

use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::{Db, FromRow, PersonId, Row, StoreError, args, identity};

/// What kind of fact about a person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FactKind {
    /// `faculty@uni.example.org`: becomes an AffiliationAndRole visa.
    Affiliation,
    /// A REFEDS assurance URI.
    Assurance,
    /// A URL of terms accepted: AcceptedTermsAndPolicies.
    Terms,
    /// The value of a ResearcherStatus visa.
    ResearcherStatus,
    /// A group's name here: known at this broker only.
    Group,
    /// A group's name here that Passports carry.
    GroupVisa,
}

impl FactKind {
    /// The word in the table.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Affiliation => "affiliation",
            Self::Assurance => "assurance",
            Self::Terms => "terms",
            Self::ResearcherStatus => "researcher_status",
            Self::Group => "group",
            Self::GroupVisa => "group_visa",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [
            Self::Affiliation,
            Self::Assurance,
            Self::Terms,
            Self::ResearcherStatus,
            Self::Group,
            Self::GroupVisa,
        ]
        .into_iter()
        .find(|kind| kind.word() == word)
    }
}

/// Something asserted of a person, by whom, for which of their identities, until when.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fact {
    /// What kind.
    pub kind: FactKind,
    /// The `value` of the visa that it becomes.
    pub value: String,
    /// The `source` of that visa: the organisation that says so.
    pub source: String,
    /// The `by` of that visa: `so`, `system`, `peer`, `self` or `dac`.
    pub by: String,
    /// The identity of which it was said.
    pub identity: VisaIdentity,
    /// When it was said.
    pub asserted: Timestamp,
    /// When it stops counting.
    pub expires: Timestamp,
}

impl FromRow for Fact {
    const TABLE: &'static str = "facts";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let kind = FactKind::of(&row.text("kind")?).ok_or(StoreError::Inconsistent {
            table: "facts",
            column: "kind",
        })?;
        Ok(Self {
            kind,
            value: row.text("value")?,
            source: row.text("source")?,
            by: row.text("asserted_by")?,
            identity: identity(row)?,
            asserted: row.instant("asserted_at")?,
            expires: row.instant("expires_at")?,
        })
    }
}

/// Replaces all that was asserted of one identity by what was asserted just now.
///
/// # Errors
/// The database is down. Call it inside a transaction, so that nobody sees the gap.
pub async fn assert_facts(
    db: &mut Db,
    person: &PersonId,
    identity: &VisaIdentity,
    facts: &[Fact],
) -> Result<(), StoreError> {
    db.change(
        "facts",
        "DELETE FROM facts WHERE person = $1 AND iss = $2 AND sub = $3",
        args![person.as_str(), identity.iss.as_str(), identity.sub.as_str()],
    )
    .await?;
    for fact in facts {
        db.change(
            "facts",
            "INSERT INTO facts (person, kind, value, source, asserted_by, iss, sub, asserted_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (person, kind, value, source, iss, sub) DO UPDATE SET
               asserted_by = excluded.asserted_by, asserted_at = excluded.asserted_at, expires_at = excluded.expires_at",
            args![
                person.as_str(),
                fact.kind.word(),
                &fact.value,
                &fact.source,
                &fact.by,
                identity.iss.as_str(),
                identity.sub.as_str(),
                fact.asserted,
                fact.expires,
            ],
        )
        .await?;
    }
    Ok(())
}

/// What is asserted of a person and still counts at `now`.
///
/// # Errors
/// The database is down.
pub async fn facts(db: &mut Db, person: &PersonId, now: Timestamp) -> Result<Vec<Fact>, StoreError> {
    db.all(
        "SELECT f.kind, f.value, f.source, f.asserted_by, f.iss, f.sub, f.asserted_at, f.expires_at FROM facts f
         JOIN identities i ON i.iss = f.iss AND i.sub = f.sub
         WHERE f.person = $1 AND f.expires_at > $2 AND i.unlinked_at IS NULL
         ORDER BY f.kind, f.value, f.source",
        args![person.as_str(), now],
    )
    .await
}
