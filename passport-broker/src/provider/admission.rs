//! Who may sign in at a client: asked of the policies, as the action `service:info` with this client in its context
//! (policy.md 2). The shipped policies let everybody; a bundle's `forbid` narrows it to groups, roles, committees,
//! institutions, a strong login.

use audit_log::{Event, EventType, Outcome, Why};
use policy_engine::decide::{Client, Session};
use policy_engine::intent::{Action, Intent};
use visa_verifier::seam::Timestamp;

use super::refusal::Refusal;
use crate::broker::Broker;
use crate::caller::REFEDS_MFA;
use crate::committee::access;
use crate::person::record;
use crate::store::clients::ClientRow;
use crate::store::people::PersonId;
use crate::store::tokens::LoginFacts;

/// Asks; a refusal is on record before it is told. What cannot be asked is refused.
///
/// # Errors
/// `access_denied` with the policy's sentence, or `temporarily_unavailable`.
pub(crate) async fn admitted(
    broker: &Broker,
    client: &ClientRow,
    person: &PersonId,
    login: &LoginFacts,
    now: Timestamp,
) -> Result<(), Refusal> {
    let unavailable = |error: &dyn std::fmt::Display| {
        tracing::error!(client.id = client.id, %error, "whether somebody may sign in could not be decided");
        Refusal::new("temporarily_unavailable", "try again later")
    };
    let engine = broker.current().load();
    let known = access::facts_of(broker, person.as_str(), engine.snapshot()).await;
    let Some(facts) = known.map_err(|error| unavailable(&error))? else {
        return Err(unavailable(&"the person is not known"));
    };
    let facts = facts.in_session(session(client, login, now));
    let decision = engine.decide(&facts, &Intent::new(Action::ServiceInfo), now);
    if decision.allow() {
        return Ok(());
    }
    let sentence = decision.reasons().first().map_or_else(
        || "no policy lets this person sign in".to_owned(),
        |reason| reason.sentence.clone(),
    );
    let why = Why::code(decision.code().unwrap_or("policy.no_rule_permits"))
        .policies(decision.policies().iter().map(String::as_str))
        .snapshot(engine.snapshot().version);
    let issuer = login.identity.iss.as_str();
    let who = record::actor(broker, person, Some(issuer), Some(&client.id), Some(login))
        .map_err(|error| unavailable(&error))?;
    let event = Event::new(EventType::Login, Outcome::Denied).who(who).why(why);
    broker
        .writer()
        .note_denied(event)
        .await
        .map_err(|error| unavailable(&error))?;
    Err(Refusal::new(
        "access_denied",
        format!("this person may not sign in here: {sentence}"),
    ))
}

fn session(client: &ClientRow, login: &LoginFacts, now: Timestamp) -> Session {
    let second = login.acr.as_deref() == Some(REFEDS_MFA) || login.amr.iter().any(|method| method == "mfa");
    Session {
        authn: if second { 2 } else { 1 },
        identity: login.assurance,
        authenticated: Some(login.auth_time),
        client: Client {
            id: client.id.clone(),
            kind: super::access_token::kind(client.kind),
            sender_constrained: client.options.dpop_bound_access_tokens,
        },
        ..Session::unknown(
            std::net::Ipv4Addr::UNSPECIFIED.into(),
            now.plus(crate::limits::ACCESS_TOKEN),
        )
    }
}
