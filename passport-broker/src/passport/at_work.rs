//! A Passport for work that goes on while its owner is away: what they hold today, for this node's own proxy to read.

use visa_verifier::VisaIdentity;

use super::{LoggedIn, issue};
use crate::broker::Broker;
use crate::front::Front;
use crate::limits;
use crate::store::people::{self, PersonId};

/// The client that stands in the record of such visas.
const CLIENT: &str = "visum-proxy";

/// The Passport of somebody of ours, as things are now, for one audience; on record before it is given. It says nothing of
/// a login. `None`: they are not ours, are suspended, or have left.
///
/// # Errors
/// The database, the keys or the log, in a sentence for the node's own log.
pub async fn passport_at_work(
    broker: &Broker,
    identity: &VisaIdentity,
    audience: &str,
) -> Result<Option<String>, String> {
    if identity.iss != broker.config().issuer {
        return Ok(None);
    }
    let person = PersonId::from_text(identity.sub.as_str());
    let stands = people::stands(&mut broker.db(), &person).await;
    if !stands.map_err(|error| error.to_string())? {
        return Ok(None);
    }
    let front = Front::of(broker).map_err(|error| error.to_string())?;
    let (now, login) = (
        broker.now(),
        LoggedIn {
            identity: None,
            auth_time: 0,
            acr: None,
            amr: &[],
            assurance: 0,
        },
    );
    let until = now.plus(limits::PASSPORT);
    let made = issue(&front, &person, login, &[audience.to_owned()], until, CLIENT, now).await;
    made.map(|made| Some(made.compact)).map_err(|error| error.to_string())
}
