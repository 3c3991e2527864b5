//! All that hangs on one identity or one account, to end it: sessions, tokens, keys, visas collected for it.

use visa_verifier::VisaIdentity;
use visa_verifier::seam::Timestamp;

use super::people::PersonId;
use super::tokens::{self, Family};
use super::{Db, StoreError, args, sessions};
use crate::restored::Ended;

/// The families of a person's tokens that are in force, newest first.
///
/// # Errors
/// The database is down.
pub async fn families(db: &mut Db, person: &PersonId, now: Timestamp) -> Result<Vec<Family>, StoreError> {
    db.all(
        "SELECT id, person, client, sid, code, scope, audience, login, details, jkt, created_at, expires_at, revoked_at
         FROM families WHERE person = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY created_at DESC, id",
        args![person.as_str(), now],
    )
    .await
}

/// The sessions behind which a login with this identity stands, as `sid`s: in browsers, and of tokens.
///
/// # Errors
/// The database is down.
pub async fn of_identity(
    db: &mut Db,
    person: &PersonId,
    identity: &VisaIdentity,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let mut sids = Vec::new();
    for session in sessions::of_person(db, person, now).await? {
        if session.identity == *identity {
            sids.push(session.sid);
        }
    }
    for family in families(db, person, now).await? {
        if family.login.identity == *identity {
            sids.extend(family.sid.filter(|sid| !sids.contains(sid)));
        }
    }
    Ok(sids)
}

/// Ends the sessions of a login with this identity, and their tokens.
///
/// # Errors
/// The database is down. Call it inside a transaction.
pub async fn sign_out(
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
    Ok(())
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
    sign_out(db, person, identity, now).await?;
    for (table, sql) in [
        ("collections", "DELETE FROM collections WHERE person = $1 AND sub = $2"),
        (
            "upstream_tokens",
            "DELETE FROM upstream_tokens WHERE person = $1 AND sub = $2",
        ),
    ] {
        db.change(table, sql, args![person.as_str(), identity.sub.as_str()])
            .await?;
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

/// Ends the tokens that a client holds of a person; whether there were any.
///
/// # Errors
/// The database is down. Call it inside a transaction.
pub async fn end_client(db: &mut Db, person: &PersonId, client: &str, now: Timestamp) -> Result<bool, StoreError> {
    let mut touched = 0;
    for (table, sql) in [
        (
            "families",
            "UPDATE families SET revoked_at = $3 WHERE person = $1 AND client = $2 AND revoked_at IS NULL AND expires_at > $3",
        ),
        (
            "access_tokens",
            "UPDATE access_tokens SET revoked_at = $3 WHERE person = $1 AND client = $2 AND revoked_at IS NULL AND expires_at > $3",
        ),
    ] {
        touched += db.change(table, sql, args![person.as_str(), client, now]).await?;
    }
    Ok(touched > 0)
}

/// Ends everybody's sessions, tokens, keys and visas, what waits to become one, and remembered consents.
///
/// # Errors
/// The database is down. Call it inside a transaction.
pub async fn end_everything(db: &mut Db, now: Timestamp) -> Result<Ended, StoreError> {
    let mut count = [0; 4];
    for (ended, (table, sql)) in count.iter_mut().zip([
        (
            "sessions",
            "UPDATE sessions SET ended_at = $1 WHERE ended_at IS NULL AND expires_at > $1",
        ),
        (
            "families",
            "UPDATE families SET revoked_at = $1 WHERE revoked_at IS NULL AND expires_at > $1",
        ),
        (
            "client_keys",
            "UPDATE client_keys SET revoked_at = $1 WHERE revoked_at IS NULL",
        ),
        (
            "issued_visas",
            "UPDATE issued_visas SET revoked_at = $1 WHERE revoked_at IS NULL AND expires_at > $1",
        ),
    ]) {
        *ended = db.change(table, sql, args![now]).await?;
    }
    let access = "UPDATE access_tokens SET revoked_at = $1 WHERE revoked_at IS NULL AND expires_at > $1";
    db.change("access_tokens", access, args![now]).await?;
    // codes, pushed requests, proven identities, device and enrolment codes: used since, perhaps
    let once = "UPDATE once SET used_at = $1 WHERE used_at IS NULL";
    db.change("once", once, args![now]).await?;
    db.change("devices", "DELETE FROM devices", args![]).await?;
    let consents = db.change("consents", "DELETE FROM consents", args![]).await?;
    let [sessions, tokens, keys, visas] = count;
    Ok(Ended {
        sessions,
        tokens,
        keys,
        visas,
        consents,
    })
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
        ("collections", "DELETE FROM collections WHERE person = $1"),
        ("upstream_tokens", "DELETE FROM upstream_tokens WHERE person = $1"),
        ("announced", "DELETE FROM announced WHERE person = $1"),
        ("mail_addresses", "DELETE FROM mail_addresses WHERE person = $1"),
        ("mails", "DELETE FROM mails WHERE person = $1"),
        ("facts", "DELETE FROM facts WHERE person = $1"),
        ("notices", "DELETE FROM notices WHERE person = $1"),
    ] {
        db.change(table, sql, args![person.as_str()]).await?;
    }
    Ok(())
}
