//! The end of a session: its row, its tokens, and a notice for each client that has tokens of it.

use super::notice;
use crate::front::Front;
use crate::store::{StoreError, logout_notices, sessions, tokens};

/// Ends a session with its tokens, in one step with the notices to its clients; these are sent off at once.
///
/// # Errors
/// The database is down; then nothing was ended.
pub(crate) async fn end(front: &Front, sid: &str) -> Result<(), StoreError> {
    let now = front.broker.now();
    // Looked up outside of the transaction: what a client registered is governed, and changes with nothing of this.
    let mut notices = Vec::new();
    for (client, person) in tokens::clients_of_session(&mut front.broker.db(), sid).await? {
        let row = front.broker.client(&client).await?;
        if let Some(uri) = row.and_then(|row| row.options.backchannel_logout_uri) {
            notices.push(notice::of(&front.broker, client, uri, sid, person, now));
        }
    }
    let mut tx = front.broker.db().begin().await?;
    sessions::end(&mut tx, sid, now).await?;
    tokens::revoke_of_session(&mut tx, sid, now).await?;
    for notice in &notices {
        logout_notices::put(&mut tx, notice).await?;
    }
    tx.commit().await?;
    if !notices.is_empty() {
        let broker = front.broker.clone();
        // The person does not wait for other people's servers; what fails now is tried again by the chores.
        tokio::spawn(async move { notice::deliver(&broker).await });
    }
    Ok(())
}
