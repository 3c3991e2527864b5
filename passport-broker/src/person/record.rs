//! What the log says of a person's doings at the OpenID Provider: sign-in and out, a release, a Passport, a purpose.

use audit_log::{AuditError, Auth, Class, Details, Event, EventType, Outcome, What, Who, Why};

use crate::Broker;
use crate::record;
use crate::session::Browser;
use crate::store::StoreError;
use crate::store::clients::ClientRow;
use crate::store::people::PersonId;
use crate::store::sessions::SessionRow;
use crate::store::tokens::LoginFacts;

/// An event that could not be made durable.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unrecorded {
    /// The log.
    #[error("the event could not be written")]
    Audit(#[from] AuditError),
    /// The person.
    #[error("the person could not be named")]
    Store(#[from] StoreError),
}

impl Unrecorded {
    /// Stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Audit(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

/// The person as the actor. The home institution and the client are sealed under the person's key.
pub(crate) fn actor(
    broker: &Broker,
    person: &PersonId,
    home: Option<&str>,
    client: Option<&str>,
    login: Option<&LoginFacts>,
) -> Result<Who, Unrecorded> {
    let identity = broker.identity_of(person)?;
    let mut details = Details::of(identity.sub.as_str(), identity.iss.as_str());
    if let Some(home) = home {
        details = details.institution(home);
    }
    if let Some(client) = client {
        details = details.client(client);
    }
    let who = Who::person(Class::Researcher, &record::person(broker, &identity)?, details);
    Ok(match login {
        Some(login) => who.auth(Auth {
            acr: login.acr.as_deref().map(Into::into),
            amr: login.amr.iter().map(|method| method.as_str().into()).collect(),
            at: Some(login.auth_time.unix()),
            tok: None,
        }),
        None => who,
    })
}

/// What tokens of a session say of its login.
pub(crate) fn facts_of(row: &SessionRow) -> LoginFacts {
    LoginFacts {
        identity: row.identity.clone(),
        auth_time: row.auth_time,
        acr: row.acr.clone(),
        amr: row.amr.clone(),
        assurance: row.assurance,
        name: None,
        email: None,
    }
}

/// Signed in.
pub(crate) async fn logged_in(broker: &Broker, row: &SessionRow) -> Result<(), Unrecorded> {
    let who = actor(
        broker,
        &row.person,
        Some(row.identity.iss.as_str()),
        None,
        Some(&facts_of(row)),
    )?;
    broker
        .writer()
        .append(Event::new(EventType::Login, Outcome::Success).who(who))
        .await?;
    Ok(())
}

/// Read what the log has on themself: durable before the answer.
pub(crate) async fn looked(broker: &Broker, person: &PersonId) -> Result<(), Unrecorded> {
    let who = actor(broker, person, None, None, None)?;
    broker
        .writer()
        .append(Event::new(EventType::AuditRead, Outcome::Success).who(who))
        .await?;
    Ok(())
}

/// Signed out.
pub(crate) async fn logged_out(broker: &Broker, row: &SessionRow) -> Result<(), Unrecorded> {
    let who = actor(broker, &row.person, Some(row.identity.iss.as_str()), None, None)?;
    broker
        .writer()
        .append(Event::new(EventType::Logout, Outcome::Success).who(who))
        .await?;
    Ok(())
}

/// Let a client have a code: a session of that client begins.
pub(crate) async fn released(broker: &Broker, browser: &Browser, client: &ClientRow) -> Result<(), Unrecorded> {
    let row = &browser.row;
    let who = actor(
        broker,
        &row.person,
        Some(row.identity.iss.as_str()),
        Some(&client.id),
        Some(&facts_of(row)),
    )?;
    broker
        .writer()
        .append(Event::new(EventType::SessionStart, Outcome::Success).who(who))
        .await?;
    Ok(())
}

/// Visas were issued to a client in the person's name: for which datasets, until when.
pub(crate) async fn issued(
    broker: &Broker,
    person: &PersonId,
    client: Option<&str>,
    datasets: Vec<String>,
    until: i64,
) -> Result<(), Unrecorded> {
    let who = actor(broker, person, None, client, None)?;
    let event = Event::new(EventType::VisaIssue, Outcome::Success)
        .who(who)
        .whats(datasets.into_iter().map(What::dataset))
        .why(Why::default().until(until));
    broker.writer().append(event).await?;
    Ok(())
}
