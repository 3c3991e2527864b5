//! People, their identities, and the facts that somebody asserted of them.
//!
//! A person's id is the `sub` of our own tokens. `(iss, sub)` of an upstream provider leads to a person for ever
//! (architecture D2): unlinking ends rights, not the row.

mod fact;

use std::fmt;

use visa_verifier::seam::{Random, Timestamp, token};
use visa_verifier::{Issuer, Subject, VisaIdentity};

use super::{Db, FromRow, Row, StoreError, args};
use crate::limits;

pub use fact::{Fact, FactKind, assert_facts, facts};

/// A person of this broker: 22 characters of base64url (128 random bits); also the `sub` of our tokens.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize)]
#[serde(transparent)]
pub struct PersonId(String);

impl PersonId {
    /// A new one.
    pub fn random(random: &dyn Random) -> Self {
        Self(token(random, 16))
    }

    /// One that stood in a row, a token or an event. It need not exist.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Somebody who logged in here at least once.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// When they first came.
    pub created: Timestamp,
    /// Since when they are barred, if they are.
    pub suspended: Option<Timestamp>,
    /// When the account was closed: by its owner, or because its identity went to another account.
    pub closed: Option<Timestamp>,
    /// When their grants, purposes, roles or facts last changed: older Passports are dropped.
    pub facts_changed: Timestamp,
}

impl FromRow for Person {
    const TABLE: &'static str = "people";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: PersonId(row.text("id")?),
            created: row.instant("created_at")?,
            suspended: row.maybe_instant("suspended_at")?,
            closed: row.maybe_instant("erased_at")?,
            facts_changed: row.instant("facts_changed")?,
        })
    }
}

/// One identity of a person at one provider.
#[derive(Clone, Debug)]
pub struct Identity {
    /// `sub` at `iss`.
    pub identity: VisaIdentity,
    /// Whose it is.
    pub person: PersonId,
    /// The provider never gives this `sub` to another person (REFEDS `ID/unique`).
    pub unique: bool,
    /// When it was first proven here.
    pub first_seen: Timestamp,
    /// When it last logged in.
    pub last_login: Timestamp,
    /// When it was unlinked, if it was: it then carries no rights any more, but every bar.
    pub unlinked: Option<Timestamp>,
}

impl Identity {
    /// Until when the last sign-in proves that it is still this person's.
    #[must_use]
    pub fn proven_until(&self) -> Timestamp {
        self.last_login.plus(limits::LINK)
    }
}

impl FromRow for Identity {
    const TABLE: &'static str = "identities";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            identity: identity(row)?,
            person: PersonId(row.text("person")?),
            unique: row.truth("unique_ids")?,
            first_seen: row.instant("first_seen")?,
            last_login: row.instant("last_login")?,
            unlinked: row.maybe_instant("unlinked_at")?,
        })
    }
}

/// `iss` and `sub` of a row.
pub(super) fn identity(row: &Row) -> Result<VisaIdentity, StoreError> {
    let iss: Issuer = Issuer::try_from(row.text("iss")?).map_err(|_| StoreError::Inconsistent {
        table: row.table,
        column: "iss",
    })?;
    let sub: Subject = Subject::try_from(row.text("sub")?).map_err(|_| StoreError::Inconsistent {
        table: row.table,
        column: "sub",
    })?;
    Ok(VisaIdentity { iss, sub })
}

/// Enters a new person.
///
/// # Errors
/// The database is down, or the id is taken.
pub async fn create(db: &mut Db, person: &PersonId, now: Timestamp) -> Result<(), StoreError> {
    db.change(
        "people",
        "INSERT INTO people (id, created_at, facts_changed) VALUES ($1, $2, $2)",
        args![person.as_str(), now],
    )
    .await
    .map(drop)
}

/// The person with this id.
///
/// # Errors
/// The database is down.
pub async fn by_id(db: &mut Db, person: &PersonId) -> Result<Option<Person>, StoreError> {
    db.one(
        "SELECT id, created_at, suspended_at, erased_at, facts_changed FROM people WHERE id = $1",
        args![person.as_str()],
    )
    .await
}

/// Whether a person may do anything here: known, not suspended, not closed.
///
/// # Errors
/// The database is down.
pub async fn stands(db: &mut Db, person: &PersonId) -> Result<bool, StoreError> {
    let found = by_id(db, person).await?;
    Ok(found.is_some_and(|person| person.suspended.is_none() && person.closed.is_none()))
}

/// The person to whom this upstream identity leads, whether it counts or was unlinked.
///
/// # Errors
/// The database is down.
pub async fn by_identity(db: &mut Db, identity: &VisaIdentity) -> Result<Option<Person>, StoreError> {
    db.one(
        "SELECT p.id, p.created_at, p.suspended_at, p.erased_at, p.facts_changed FROM people p
         JOIN identities i ON i.person = p.id WHERE i.iss = $1 AND i.sub = $2",
        args![identity.iss.as_str(), identity.sub.as_str()],
    )
    .await
}

/// Attaches an identity to a person, as proven by a login just now.
///
/// # Errors
/// The database is down, or the identity is attached to somebody already ([`StoreError::Conflict`]).
pub async fn attach(
    db: &mut Db,
    person: &PersonId,
    identity: &VisaIdentity,
    unique: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    db.change(
        "identities",
        "INSERT INTO identities (iss, sub, person, unique_ids, first_seen, last_login) VALUES ($1, $2, $3, $4, $5, $5)",
        args![
            identity.iss.as_str(),
            identity.sub.as_str(),
            person.as_str(),
            unique,
            now
        ],
    )
    .await
    .map(drop)
}

/// What is known of an identity, unlinked or not.
///
/// # Errors
/// The database is down.
pub async fn identity_row(db: &mut Db, identity: &VisaIdentity) -> Result<Option<Identity>, StoreError> {
    db.one(
        "SELECT iss, sub, person, unique_ids, first_seen, last_login, unlinked_at FROM identities
         WHERE iss = $1 AND sub = $2",
        args![identity.iss.as_str(), identity.sub.as_str()],
    )
    .await
}

/// Leads an identity that is known already to `person`, as proven just now; what was asserted of it before is dropped.
///
/// # Errors
/// The database is down. Call it inside a transaction.
pub async fn reattach(
    db: &mut Db,
    person: &PersonId,
    identity: &VisaIdentity,
    unique: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (iss, sub) = (identity.iss.as_str(), identity.sub.as_str());
    db.change(
        "facts",
        "DELETE FROM facts WHERE iss = $1 AND sub = $2",
        args![iss, sub],
    )
    .await?;
    db.change(
        "identities",
        "UPDATE identities SET person = $3, unique_ids = $4, first_seen = $5, last_login = $5, unlinked_at = NULL
         WHERE iss = $1 AND sub = $2",
        args![iss, sub, person.as_str(), unique, now],
    )
    .await
    .map(drop)
}

/// Takes an identity off: the row stays for bars, what was asserted of it goes.
///
/// # Errors
/// The database is down. Call it inside a transaction.
pub async fn unlink(db: &mut Db, identity: &VisaIdentity, now: Timestamp) -> Result<(), StoreError> {
    let (iss, sub) = (identity.iss.as_str(), identity.sub.as_str());
    db.change(
        "facts",
        "DELETE FROM facts WHERE iss = $1 AND sub = $2",
        args![iss, sub],
    )
    .await?;
    db.change(
        "identities",
        "UPDATE identities SET unlinked_at = $3 WHERE iss = $1 AND sub = $2",
        args![iss, sub, now],
    )
    .await
    .map(drop)
}

/// Closes an account: it stays for bars.
///
/// # Errors
/// The database is down.
pub async fn close(db: &mut Db, person: &PersonId, now: Timestamp) -> Result<(), StoreError> {
    db.change(
        "people",
        "UPDATE people SET erased_at = $2 WHERE id = $1 AND erased_at IS NULL",
        args![person.as_str(), now],
    )
    .await
    .map(drop)
}

/// Forgets the identities of accounts that were closed before `until` and that nobody barred; how many.
///
/// # Errors
/// The database is down.
pub async fn forget_closed(db: &mut Db, until: Timestamp) -> Result<u64, StoreError> {
    db.change(
        "identities",
        "DELETE FROM identities WHERE person IN
           (SELECT id FROM people WHERE erased_at IS NOT NULL AND erased_at < $1 AND suspended_at IS NULL)",
        args![until],
    )
    .await
}

/// Notes that an identity logged in.
///
/// # Errors
/// The database is down.
pub async fn seen(db: &mut Db, identity: &VisaIdentity, now: Timestamp) -> Result<(), StoreError> {
    db.change(
        "identities",
        "UPDATE identities SET last_login = $3 WHERE iss = $1 AND sub = $2",
        args![identity.iss.as_str(), identity.sub.as_str(), now],
    )
    .await
    .map(drop)
}

/// All identities ever proven for a person, unlinked ones too, oldest first.
///
/// # Errors
/// The database is down.
pub async fn identities(db: &mut Db, person: &PersonId) -> Result<Vec<Identity>, StoreError> {
    db.all(
        "SELECT iss, sub, person, unique_ids, first_seen, last_login, unlinked_at FROM identities
         WHERE person = $1 ORDER BY first_seen, iss, sub",
        args![person.as_str()],
    )
    .await
}

/// Everybody's identities, for the snapshot's `changed` and bars.
///
/// # Errors
/// The database is down.
pub async fn everybody(db: &mut Db) -> Result<Vec<Person>, StoreError> {
    db.all(
        "SELECT id, created_at, suspended_at, erased_at, facts_changed FROM people ORDER BY id",
        args![],
    )
    .await
}

/// Notes that something that a Passport says of this person has changed.
///
/// The instant only grows, by a second at least: two changes within one second are two changes to whoever compares.
///
/// # Errors
/// The database is down.
pub async fn touch(db: &mut Db, person: &PersonId, now: Timestamp) -> Result<(), StoreError> {
    db.change(
        "people",
        "UPDATE people SET facts_changed = CASE WHEN facts_changed >= $2 THEN facts_changed + 1 ELSE $2 END WHERE id = $1",
        args![person.as_str(), now],
    )
    .await
    .map(drop)
}
