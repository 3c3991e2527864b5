//! What the broker writes to the audit log: who the actor is, in the log's words.

use audit_log::{AuditError, Auth, Class, Details, Digest, Event, EventType, Outcome, PersonKey, What, Who};
use visa_verifier::VisaIdentity;

use crate::broker::Broker;
use crate::caller::Caller;
use crate::committee::GovernError;

/// The key behind a person's pseudonym, made on first sight. The subject is the identity in our own tokens
/// (`sub,iss` with our issuer), so that a person has one pseudonym whatever institution they came by.
///
/// # Errors
/// The keystore could not make the key durable.
pub fn person(broker: &Broker, identity: &VisaIdentity) -> Result<PersonKey, AuditError> {
    broker.keystore().person(&identity.to_string())
}

/// The caller of one of our own routes, in the role in which they act.
///
/// # Errors
/// As [`person`].
pub fn who(broker: &Broker, caller: &Caller, class: Class) -> Result<Who, AuditError> {
    let mut details = Details::of(caller.identity.sub.as_str(), caller.identity.iss.as_str()).client(&caller.client);
    if let Some(address) = caller.address {
        details = details.address(address);
    }
    Ok(Who::person(class, &person(broker, &caller.identity)?, details).auth(auth(caller)))
}

fn auth(caller: &Caller) -> Auth {
    Auth {
        acr: caller.acr.as_deref().map(Into::into),
        amr: caller.amr.iter().map(|method| method.as_str().into()).collect(),
        at: caller.auth_time.map(|instant| instant.unix()),
        tok: Some(Digest::from_bytes(caller.token_digest)),
    }
}

/// That somebody read the log, or lists that say who may what: durable before the answer.
///
/// # Errors
/// The log cannot be written.
pub(crate) async fn read(broker: &Broker, caller: &Caller, dataset: Option<&str>) -> Result<(), GovernError> {
    let mut event = Event::new(EventType::AuditRead, Outcome::Success).who(who(broker, caller, Class::Admin)?);
    if let Some(dataset) = dataset {
        event = event.what(What::dataset(dataset));
    }
    broker.writer().append(event).await?;
    Ok(())
}
