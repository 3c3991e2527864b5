//! All that hangs on one identity or one account, to end it: sessions, tokens, keys, visas collected for it.

use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::people::PersonId;
use super::tokens::{self, Family};
use super::{Db, StoreError, args, sessions};

/// The families of a person's tokens that are in force, newest first.
///
/// # Errors
/// The database is down.
pub async fn families(db: &mut Db, person: &PersonId, now: Timestamp) -> Result<Vec<Family>, StoreError> {
    db.all(
        "SELECT id, person, client, sid, code, scope, audience, login, created_at, expires_at, revoked_at FROM families
         WHERE person = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY created_at DESC, id",
        args![person.as_str(), now],
    )
    .await
}

/// Ends what rests on a login with this identity: sessions, tokens, and the visas that came with it.
///
/// # Errors
/// The database is down. Call it inside a transaction.
pub async fn end_identity(
    db: &mut Db,
    person: &PersonId,
    identity: &VisaIdentity,
    now: Timestamp,
) -> Result<(), StoreError> {
    for session in sessions::of_person(db, person, now).await? {
        if session.identity == *identity {
            sessions::end(db, &session.sid, now).await?;
            tokens::revoke_of_session(db, &session.sid, now).await?;
        }
    }
    for family in families(db, person, now).await? {
        if family.login.identity == *identity {
            tokens::revoke_family(db, &family.id, now).await?;
        }
    }
    // Kept under the issuer's name or under its source's: the subject is the same.
    db.change(
        "collected_visas",
        "DELETE FROM collected_visas WHERE person = $1 AND sub = $2",
        args![person.as_str(), identity.sub.as_str()],
    )
    .await
    .map(drop)
}

/// Ends all that an account can still do: sessions, tokens, keys of the command line, remembered consents.
///
/// # Errors
/// The database is down. Call it inside a transaction.
pub async fn end_account(db: &mut Db, person: &PersonId, now: Timestamp) -> Result<(), StoreError> {
    for session in sessions::of_person(db, person, now).await? {
        sessions::end(db, &session.sid, now).await?;
        tokens::revoke_of_session(db, &session.sid, now).await?;
    }
    for family in families(db, person, now).await? {
        tokens::revoke_family(db, &family.id, now).await?;
    }
    for (table, sql) in [
        (
            "client_keys",
            "UPDATE client_keys SET revoked_at = $2 WHERE person = $1 AND revoked_at IS NULL",
        ),
        (
            "access_tokens",
            "UPDATE access_tokens SET revoked_at = $2 WHERE person = $1 AND revoked_at IS NULL",
        ),
    ] {
        db.change(table, sql, args![person.as_str(), now]).await?;
    }
    for (table, sql) in [
        ("consents", "DELETE FROM consents WHERE person = $1"),
        ("collected_visas", "DELETE FROM collected_visas WHERE person = $1"),
        ("facts", "DELETE FROM facts WHERE person = $1"),
        ("notices", "DELETE FROM notices WHERE person = $1"),
    ] {
        db.change(table, sql, args![person.as_str()]).await?;
    }
    Ok(())
}
