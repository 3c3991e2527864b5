//! The end of a session: its row, its tokens, and a notice for each client that has tokens of it.

use visa_verifier::seam::Timestamp;

use super::notice;
use crate::Broker;
use crate::front::Front;
use crate::store::logout_notices::{self, Notice};
use crate::store::{StoreError, sessions, tokens};

/// Ends a session with its tokens, in one step with the notices to its clients; these are sent off at once.
///
/// # Errors
/// The database is down; then nothing was ended.
pub(crate) async fn end(front: &Front, sid: &str) -> Result<(), StoreError> {
    let now = front.broker.now();
    // Looked up outside of the transaction: what a client registered is governed, and changes with nothing of this.
    let notices = notices(&front.broker, sid, None, now).await?;
    let mut tx = front.broker.db().begin().await?;
    sessions::end(&mut tx, sid, now).await?;
    tokens::revoke_of_session(&mut tx, sid, now).await?;
    for notice in &notices {
        logout_notices::put(&mut tx, notice).await?;
    }
    tx.commit().await?;
    if !notices.is_empty() {
        deliver_soon(&front.broker);
    }
    Ok(())
}

/// The notices to the clients that have tokens of a session, or to one of them; each that wants to be told.
///
/// # Errors
/// The database is down.
pub(crate) async fn notices(
    broker: &Broker,
    sid: &str,
    only: Option<&str>,
    now: Timestamp,
) -> Result<Vec<Notice>, StoreError> {
    let mut notices = Vec::new();
    for (client, person) in tokens::clients_of_session(&mut broker.db(), sid).await? {
        if only.is_some_and(|only| only != client) {
            continue;
        }
        let row = broker.client(&client).await?;
        if let Some(uri) = row.and_then(|row| row.options.backchannel_logout_uri) {
            notices.push(notice::of(broker, client, uri, sid, person, now));
        }
    }
    Ok(notices)
}

/// Sends what is due, beside: the person does not wait for other people's servers. What fails now is tried again by the
/// chores.
pub(crate) fn deliver_soon(broker: &Broker) {
    let broker = broker.clone();
    tokio::spawn(async move { notice::deliver(&broker).await });
}
